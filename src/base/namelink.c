#include "base/namelink.h"

#include <string.h>

enum { LABEL_MAX = 63 };

static char host_char(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c | 0x20);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ? c : 0;
}

bool namelink_host(const char *name, char ret[NAMELINK_HOST_SIZE])
{
	size_t label = 0, len = strlen(name);
	struct address is_one;

	if (len == 0 || len >= NAMELINK_HOST_SIZE || address_parse(name, &is_one) == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		ret[i] = name[i] == '.' ? '.' : host_char(name[i]);
		label = name[i] == '.' ? 0 : label + 1;
		if (!ret[i] || label > LABEL_MAX ||
			(name[i] == '.' && (i == 0 || name[i - 1] == '.')))
			return false;
	}
	ret[len] = '\0';
	return label != 0;
}

void namelink_file(const char *host, unsigned nth, char ret[NAMELINK_FILE_SIZE])
{
	char *p = stpcpy(ret, host);

	if (nth == 0)
		return;
	*p++ = '~';
	if (nth >= 10)
		*p++ = (char)('0' + nth / 10);
	*p++ = (char)('0' + nth % 10);
	*p = '\0';
}

void namelink_address_file(const struct address *a, char ret[NAMELINK_FILE_SIZE])
{
	ret[0] = '@';
	address_format(a, ret + 1);
}

static bool add_word(char **p, const char *end, const char *word)
{
	size_t len = strlen(word);

	if (*p + len + 2 > end)
		return false;
	memcpy(*p, word, len);
	*p += len;
	*(*p)++ = ' ';
	**p = '\0';
	return true;
}

static bool add_owner(char *p, const char *end, const char *owner)
{
	if (!add_word(&p, end, owner))
		return false;
	p[-1] = '\0';
	return true;
}

bool namelink_format(const struct addresses *a, const char *owner, char ret[NAMELINK_TEXT_SIZE])
{
	char *p = ret, *end = ret + NAMELINK_TEXT_SIZE, text[ADDRESS_SIZE];

	for (size_t i = 0; i < a->count; i++)
		if (!add_word(&p, end, address_format(&a->of[i], text)))
			return false;
	return add_owner(p, end, owner);
}

bool namelink_address_format(const char *host, const char *owner, char ret[NAMELINK_TEXT_SIZE])
{
	char *p = ret, *end = ret + NAMELINK_TEXT_SIZE;

	return add_word(&p, end, host) && add_owner(p, end, owner);
}

/* The next word, of at most size - 1 bytes; the one with a '/' is the owner, and the last. */
static const char *take_word(const char *text, char *ret, size_t size)
{
	size_t len = strcspn(text, " ");

	if (len == 0 || len >= size || text[len] != ' ')
		return NULL;
	memcpy(ret, text, len);
	ret[len] = '\0';
	return text + len + 1;
}

const char *namelink_owner(const char *text)
{
	const char *space = strrchr(text, ' '), *owner = space ? space + 1 : text;
	const char *slash = strchr(owner, '/');

	return slash && slash > owner && slash[1] && !strchr(slash + 1, '/') ? owner : NULL;
}

int namelink_parse(const char *text, struct addresses *ret)
{
	const char *owner = namelink_owner(text);
	struct addresses a = {.count = 0};
	char word[ADDRESS_SIZE];

	if (!owner)
		return -1;
	while (text < owner) {
		text = take_word(text, word, sizeof(word));
		if (!text || a.count == NAMELINK_ADDRESSES ||
			address_parse(word, &a.of[a.count++]) < 0)
			return -1;
	}
	*ret = a;
	return 0;
}

int namelink_address_parse(const char *text, char ret_host[NAMELINK_HOST_SIZE])
{
	const char *owner = namelink_owner(text);
	char word[NAMELINK_HOST_SIZE], host[NAMELINK_HOST_SIZE];

	if (!owner || take_word(text, word, sizeof(word)) != owner || !namelink_host(word, host))
		return -1;
	strcpy(ret_host, host);
	return 0;
}
