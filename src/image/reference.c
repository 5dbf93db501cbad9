#include "image/reference.h"

#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return (c >= 'a' && c <= 'z') || is_digit(c);
}

static bool is_alnum(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z');
}

bool digest_hex_valid(const char *s)
{
	return strspn(s, "0123456789abcdef") == DIGEST_HEX && s[DIGEST_HEX] == '\0';
}

const char *digest_hex(const char *s)
{
	if (strncmp(s, "sha256:", 7) != 0 || !digest_hex_valid(s + 7))
		return NULL;
	return s + 7;
}

/* Between letters and digits stand ".", "_", "__" or any number of "-". */
static size_t separator_length(const char *s, const char *end)
{
	size_t n = 0;

	if (*s == '.')
		return 1;
	if (*s == '_')
		return s + 1 < end && s[1] == '_' ? 2 : 1;
	while (s + n < end && s[n] == '-')
		n++;
	return n;
}

static bool component_valid(const char *s, const char *end)
{
	if (s == end || !is_lower(*s))
		return false;
	while (s < end) {
		size_t n = is_lower(*s) ? 0 : separator_length(s, end);

		if (s + n == end || !is_lower(s[n]))
			return false;
		s += n + 1;
	}
	return true;
}

static bool port_valid(const char *s, const char *end)
{
	if (s == end || end - s > 5)
		return false;
	while (s < end)
		if (!is_digit(*s++))
			return false;
	return true;
}

static bool label_valid(const char *s, const char *end)
{
	if (s == end || !is_alnum(*s) || !is_alnum(end[-1]))
		return false;
	for (; s < end; s++)
		if (!is_alnum(*s) && *s != '-')
			return false;
	return true;
}

static bool host_valid(const char *s, const char *end)
{
	const char *colon = memchr(s, ':', (size_t)(end - s));
	const char *host_end = colon ? colon : end;

	if (colon && !port_valid(colon + 1, end))
		return false;
	for (;;) {
		const char *dot = memchr(s, '.', (size_t)(host_end - s));

		if (!label_valid(s, dot ? dot : host_end))
			return false;
		if (!dot)
			return true;
		s = dot + 1;
	}
}

static bool is_host(const char *s, const char *end)
{
	size_t len = (size_t)(end - s);

	return memchr(s, '.', len) || memchr(s, ':', len) ||
	       (len == 9 && memcmp(s, "localhost", 9) == 0);
}

static bool name_valid(const char *name)
{
	const char *s = name;

	for (bool first = true;; first = false) {
		const char *slash = strchr(s, '/');
		const char *end = slash ? slash : s + strlen(s);
		bool host = first && slash && is_host(s, end);

		if (s == end || !(host ? host_valid(s, end) : component_valid(s, end)))
			return false;
		if (!slash)
			return true;
		s = slash + 1;
	}
}

/* With a tag it would look like an image's id, and nothing would find it. */
static bool is_algorithm(const char *name)
{
	return strcmp(name, "sha256") == 0;
}

static bool tag_valid(const char *tag)
{
	if (!is_alnum(*tag) && *tag != '_')
		return false;
	for (const char *p = tag; *p; p++)
		if (!is_alnum(*p) && *p != '_' && *p != '.' && *p != '-')
			return false;
	return true;
}

static int refuse_name(const char *s, const char *name, struct err *err)
{
	err_set(err, "'%.80s' is not an image name", s);
	if (strpbrk(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
		return err_hint(err, "names are lower case");
	return err_hint(err, "a name looks like debian, debian:bookworm or host/path/name:tag");
}

/* Takes the digest off the end of text. */
static int split_digest(const char *s, char *text, struct reference *ref, struct err *err)
{
	char *at = strchr(text, '@');

	if (!at)
		return 0;
	if (!digest_hex(at + 1))
		return err_set(err,
			"'%.80s' has no valid digest after '@': sha256: and 64 hex digits", s);
	snprintf(ref->digest, sizeof(ref->digest), "%s", digest_hex(at + 1));
	*at = '\0';
	return 0;
}

static int split_tag(const char *s, char *text, struct reference *ref, struct err *err)
{
	char *slash = strrchr(text, '/');
	char *colon = strchr(slash ? slash : text, ':');

	if (!colon) {
		snprintf(ref->tag, sizeof(ref->tag), "%s", ref->digest[0] ? "" : "latest");
		return 0;
	}
	if (strlen(colon + 1) >= sizeof(ref->tag) || !tag_valid(colon + 1))
		return err_set(err, "'%.80s' has no valid tag after ':'", s);
	snprintf(ref->tag, sizeof(ref->tag), "%s", colon + 1);
	*colon = '\0';
	return 0;
}

int reference_parse(const char *s, struct reference *ret, struct err *err)
{
	struct reference ref = {0};
	char text[REFERENCE_MAX + sizeof(ref.digest) + 8];

	if (strlen(s) >= sizeof(text))
		return err_set(err, "image name '%.40s…' is too long", s);
	strcpy(text, s);
	if (split_digest(s, text, &ref, err) < 0 || split_tag(s, text, &ref, err) < 0)
		return -1;
	if (strlen(text) + 1 + strlen(ref.tag) > REFERENCE_MAX)
		return err_set(err, "image name '%.40s…' is longer than %d bytes", s,
			REFERENCE_MAX);
	if (!name_valid(text) || is_algorithm(text))
		return refuse_name(s, text, err);
	strcpy(ref.name, text);
	*ret = ref;
	return 0;
}

bool reference_has_host(const struct reference *ref)
{
	const char *slash = strchr(ref->name, '/');

	return slash && is_host(ref->name, slash);
}

char *reference_text(const struct reference *ref, char buf[REFERENCE_MAX + 2])
{
	snprintf(buf, REFERENCE_MAX + 2, "%s:%s", ref->name, ref->tag);
	return buf;
}

/* '+' is in no name and no tag, so the mapping can be undone. */
char *reference_file(const struct reference *ref, char buf[256])
{
	char text[REFERENCE_MAX + 2];

	snprintf(buf, 256, "%s.json", reference_text(ref, text));
	for (char *p = buf; *p; p++)
		if (*p == '/')
			*p = '+';
	return buf;
}
