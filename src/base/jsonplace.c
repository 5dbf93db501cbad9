#include "base/jsonplace.h"

#include "base/json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct cursor {
	const char *p, *end;
};

static void skip_space(struct cursor *c)
{
	while (c->p < c->end && memchr(" \t\r\n", *c->p, 4))
		c->p++;
}

static bool take(struct cursor *c, char expected)
{
	skip_space(c);
	if (c->p == c->end || *c->p != expected)
		return false;
	c->p++;
	return true;
}

/* From behind its first quote to behind its last. */
static void skip_string(struct cursor *c)
{
	while (c->p < c->end && *c->p != '"')
		c->p += *c->p == '\\' && c->end - c->p > 1 ? 2 : 1;
	if (c->p < c->end)
		c->p++;
}

static void skip_value(struct cursor *c)
{
	int depth = 0;

	for (skip_space(c); c->p < c->end;) {
		char ch = *c->p;

		if (depth == 0 && memchr(",]}", ch, 3))
			return;
		c->p++;
		if (ch == '"')
			skip_string(c);
		else if (ch == '{' || ch == '[')
			depth++;
		else if (ch == ']' || ch == '}')
			depth--;
		if (depth == 0 && memchr("\"]}", ch, 3))
			return;
	}
}

/* What is left of the place behind a name of `len` bytes, without the dot; NULL if it is another. */
static const char *place_behind(const char *place, const char *name, size_t len)
{
	if (strncmp(place, name, len) || strlen(place) < len)
		return NULL;
	place += len;
	if (*place == '.')
		return place + 1;
	return *place == '[' || !*place ? place : NULL;
}

/* Escapes in names are rare and are not undone: the place found is then the one around it. */
static bool member_next(struct cursor *c, const char **ret_name, size_t *ret_len)
{
	if (!take(c, '"'))
		return false;
	*ret_name = c->p;
	skip_string(c);
	*ret_len = (size_t)(c->p - *ret_name) - (c->p > *ret_name);
	return take(c, ':');
}

static bool locate(struct cursor c, const char *place, int depth, const char **ret);

static bool locate_member(struct cursor c, const char *place, int depth, const char **ret)
{
	const char *name, *rest, *best = NULL;
	size_t len;

	do {
		if (!member_next(&c, &name, &len))
			break;
		rest = place_behind(place, name, len);
		skip_space(&c);
		if (rest && locate(c, rest, depth + 1, ret))
			return true;
		if (rest)
			best = *ret;
		skip_value(&c);
	} while (take(&c, ','));
	if (best)
		*ret = best;
	return false;
}

static bool locate_element(struct cursor c, const char *place, int depth, const char **ret)
{
	char *rest;
	unsigned long n = strtoul(place + 1, &rest, 10);

	if (*rest != ']')
		return false;
	rest += 1 + (rest[1] == '.');
	for (; n > 0; n--) {
		skip_value(&c);
		if (!take(&c, ','))
			return false;
	}
	skip_space(&c);
	return c.p < c.end && *c.p != ']' && locate(c, rest, depth + 1, ret);
}

/* The value at c, or what is at the place below it. False, and the nearest, if that is not there. */
static bool locate(struct cursor c, const char *place, int depth, const char **ret)
{
	*ret = c.p;
	if (!*place)
		return true;
	if (depth > JSON_MAX_DEPTH)
		return false;
	if (take(&c, '{'))
		return locate_member(c, place, depth, ret);
	if (*place == '[' && take(&c, '['))
		return locate_element(c, place, depth, ret);
	return false;
}

void json_locate(const char *text, size_t len, const char *place, unsigned *ret_line,
	unsigned *ret_column)
{
	struct cursor c = {text, text + len};
	const char *at;

	skip_space(&c);
	locate(c, place, 0, &at);
	*ret_line = *ret_column = 1;
	for (const char *p = text; p < at; p++) {
		if (*p == '\n') {
			++*ret_line;
			*ret_column = 1;
		} else if ((*p & 0xc0) != 0x80) {
			++*ret_column;
		}
	}
}
