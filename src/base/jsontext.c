#include "base/jsontext.h"

#include "base/fd.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 1 << 10 };

static bool make_room(struct jsontext *t, size_t more)
{
	size_t room = t->room ? t->room : FIRST_ROOM;
	char *text;

	if (t->failed || more < t->room - t->len)
		return !t->failed;
	while (room - t->len <= more)
		room *= 2;
	text = realloc(t->text, room);
	if (!text) {
		t->failed = true;
		return false;
	}
	t->text = text;
	t->room = room;
	return true;
}

static void add(struct jsontext *t, const char *bytes, size_t len)
{
	if (!make_room(t, len))
		return;
	memcpy(t->text + t->len, bytes, len);
	t->len += len;
}

static void line_break(struct jsontext *t)
{
	size_t len = 1 + 2 * (size_t)t->depth;

	if (!t->indented || !make_room(t, len))
		return;
	memset(t->text + t->len, ' ', len);
	t->text[t->len] = '\n';
	t->len += len;
}

/* Bytes that stand for themselves between quotes. */
static size_t plain_length(const char *s)
{
	size_t n = 0;

	while ((unsigned char)s[n] >= ' ' && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

static void add_escape(struct jsontext *t, unsigned char c)
{
	static const char letters[] = "\b\f\n\r\t\"\\", escapes[] = "bfnrt\"\\";
	static const char hex[] = "0123456789ABCDEF";
	const char *letter = memchr(letters, c, sizeof(letters) - 1);

	if (letter)
		add(t, (char[]){'\\', escapes[letter - letters]}, 2);
	else
		add(t, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
}

static void add_quoted(struct jsontext *t, const char *s)
{
	add(t, "\"", 1);
	for (;; s++) {
		size_t n = plain_length(s);

		add(t, s, n);
		s += n;
		if (!*s)
			break;
		add_escape(t, (unsigned char)*s);
	}
	add(t, "\"", 1);
}

static void begin(struct jsontext *t, const char *name)
{
	if (t->filled)
		add(t, ",", 1);
	if (t->depth)
		line_break(t);
	t->filled = true;
	if (!name)
		return;
	add_quoted(t, name);
	add(t, ": ", t->indented ? 2 : 1);
}

void jsontext_open(struct jsontext *t, const char *name, char bracket)
{
	begin(t, name);
	add(t, &bracket, 1);
	t->depth++;
	t->filled = false;
}

void jsontext_close(struct jsontext *t, char bracket)
{
	t->depth--;
	if (t->filled)
		line_break(t);
	add(t, &bracket, 1);
	t->filled = true;
}

void jsontext_string(struct jsontext *t, const char *name, const char *s)
{
	begin(t, name);
	add_quoted(t, s);
}

void jsontext_integer(struct jsontext *t, const char *name, int64_t n)
{
	char digits[20], *end = digits + sizeof(digits), *at = end;
	uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;

	begin(t, name);
	do
		*--at = (char)('0' + left % 10);
	while (left /= 10);
	if (n < 0)
		*--at = '-';
	add(t, at, (size_t)(end - at));
}

void jsontext_boolean(struct jsontext *t, const char *name, bool b)
{
	jsontext_raw(t, name, b ? "true" : "false");
}

void jsontext_raw(struct jsontext *t, const char *name, const char *json)
{
	begin(t, name);
	add(t, json, strlen(json));
}

void jsontext_return(struct jsontext *t, const struct jsontext *before)
{
	t->len = before->len;
	t->depth = before->depth;
	t->filled = before->filled;
}

char *jsontext_take(struct jsontext *t, struct err *err)
{
	char *text;

	add(t, "", 1);
	if (t->failed) {
		err_set(err, "cannot write JSON: out of memory");
		return NULL;
	}
	text = t->text;
	*t = (struct jsontext){.indented = t->indented};
	return text;
}

void jsontext_free(struct jsontext *t)
{
	free(t->text);
	t->text = NULL;
}
