#include "cgroup/keyed.h"

#include <stdio.h>
#include <string.h>

static bool ends(char c)
{
	return c == '\0' || c == '\n' || c == ' ';
}

/* A number or "max", up to a blank, a newline or the end. */
static int token_parse(const char *s, uint64_t *ret)
{
	const char *start = s;
	uint64_t v = 0;

	if (strncmp(s, "max", 3) == 0 && ends(s[3])) {
		*ret = UINT64_MAX;
		return 0;
	}
	for (; *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(v, 10, &v) ||
			__builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return -1;
	if (s == start || !ends(*s))
		return -1;
	*ret = v;
	return 0;
}

int cgroup_value_parse(const char *text, uint64_t *ret)
{
	size_t len = strcspn(text, "\n ");

	if (text[len] == ' ' || (text[len] == '\n' && text[len + 1] != '\0'))
		return -1;
	return token_parse(text, ret);
}

int cgroup_keyed_parse(const char *text, const char *key, uint64_t *ret)
{
	size_t n = strlen(key);

	for (const char *p = text; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, key, n) == 0 && p[n] == ' ')
			return p[n + 1 + strcspn(p + n + 1, " \n")] == ' '
				       ? -1
				       : token_parse(p + n + 1, ret);
	}
	return -1;
}

int cgroup_nested_parse(const char *line, size_t len, const char *key, uint64_t *ret)
{
	size_t n = strlen(key);

	for (size_t i = 0; i + n + 2 <= len; i++)
		if (line[i] == ' ' && strncmp(line + i + 1, key, n) == 0 && line[i + 1 + n] == '=')
			return token_parse(line + i + n + 2, ret);
	return -1;
}

bool cgroup_keyed_next(const char **text, char ret_key[CGROUP_KEY_SIZE], uint64_t *ret)
{
	const char *line = *text;
	size_t len = strcspn(line, "\n"), key = strcspn(line, " \n");

	if (!*line)
		return false;
	*text = line + len + (line[len] == '\n');
	ret_key[0] = '\0';
	if (key < CGROUP_KEY_SIZE && key < len && !memchr(line + key + 1, ' ', len - key - 1) &&
		token_parse(line + key + 1, ret) == 0)
		snprintf(ret_key, CGROUP_KEY_SIZE, "%.*s", (int)key, line);
	return true;
}
