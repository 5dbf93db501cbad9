#include "base/json.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_ROOM = 16 << 10 }; /* twice what a container's config.json takes */

/* Whether jansson has gone without memory since the last document was written. */
static bool was_short;

/* A document is made of hundreds of small things that go together. They lie one behind the other in
 * here, which is empty again when the last of them has gone; what does not fit is malloc(3)'s. */
static struct {
	_Alignas(max_align_t) char room[64 << 10];
	size_t used;
	unsigned live;
} pool;

static void *pool_allocate(size_t n)
{
	void *p = pool.room + pool.used;

	if (n > sizeof(pool.room) - pool.used)
		return NULL;
	n = (n + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	pool.used = n > sizeof(pool.room) - pool.used ? sizeof(pool.room) : pool.used + n;
	pool.live++;
	return p;
}

static void *allocate(size_t n)
{
	void *p = pool_allocate(n);

	if (!p)
		p = malloc(n);
	was_short |= !p;
	return p;
}

static void release(void *p)
{
	uintptr_t begin = (uintptr_t)pool.room;

	if ((uintptr_t)p < begin || (uintptr_t)p >= begin + sizeof(pool.room))
		free(p);
	else if (--pool.live == 0)
		pool.used = 0;
}

__attribute__((constructor)) static void use_pool(void)
{
	json_set_alloc_funcs(allocate, release);
}

/* Brackets outside strings: jansson's own limit is 2048 levels, ours is what any format needs. */
static bool too_deep(const char *data, size_t len)
{
	bool quoted = false;
	int depth = 0;

	for (size_t i = 0; i < len; i++) {
		char c = data[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '{' || c == '['))
			depth++;
		else if (!quoted && (c == '}' || c == ']'))
			depth--;
		if (depth > JSON_MAX_DEPTH)
			return true;
	}
	return false;
}

/* jansson does not always say that there was no memory, malloc(3) does: with errno 0 before. */
static int mistake(struct err *err, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static int mistake(struct err *err, const char *what, const char *fmt, ...)
{
	char text[JSON_ERROR_TEXT_LENGTH + 64];
	va_list ap;

	if (errno == ENOMEM)
		return err_sys(err, "parse %s", what);
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(err, "%s:%s", what, text);
}

json_t *json_parse(const char *what, const char *data, size_t len, struct err *err)
{
	if (len <= JSON_MAX_BYTES)
		return json_parse_any(what, data, len, err);
	err_set(err, "%s: larger than %d bytes", what, JSON_MAX_BYTES);
	return NULL;
}

json_t *json_parse_any(const char *what, const char *data, size_t len, struct err *err)
{
	json_error_t e;
	json_t *j;

	if (too_deep(data, len)) {
		err_set(err, "%s: nested more than %d deep", what, JSON_MAX_DEPTH);
		return NULL;
	}
	errno = 0;
	j = json_loadb(data, len, JSON_REJECT_DUPLICATES, &e);
	if (!j)
		mistake(err, what, "%d:%d: %s", e.line, e.column, e.text);
	return j;
}

int json_take(json_t *j, const char *what, struct err *err, const char *format, ...)
{
	json_error_t e;
	va_list ap;
	int r;

	errno = 0;
	va_start(ap, format);
	r = json_vunpack_ex(j, &e, JSON_STRICT, format, ap);
	va_end(ap);
	return r < 0 ? mistake(err, what, " %s", e.text) : 0;
}

json_t *json_read(int dirfd, const char *name, struct err *err)
{
	autofree char *data = NULL;
	size_t len;

	if (file_read(dirfd, name, JSON_MAX_BYTES, &data, &len, err) < 0)
		return NULL;
	return json_parse(name, data, len, err);
}

json_t *json_shown(const char *s)
{
	autofree char *clean = NULL;

	if (utf8_valid(s))
		return json_string(s);
	clean = strdup(s);
	if (!clean)
		return NULL;
	utf8_clean(clean);
	return json_string(clean);
}

char *json_text(const json_t *j, size_t flags, struct err *err)
{
	/* Into a buffer that is large enough, which the first one is as a rule: jansson 2.14's own takes no
	 * notice when the name of a member cannot be written for want of memory. */
	static char first[TEXT_ROOM];
	size_t len = json_dumpb(j, first, sizeof(first), flags);
	char *s = malloc(len + 1);

	if (s && len <= sizeof(first))
		memcpy(s, first, len);
	else if (s)
		len = json_dumpb(j, s, len, flags);
	if (!s || !len || was_short) {
		was_short = false;
		free(s);
		err_set(err, "cannot write JSON: out of memory");
		return NULL;
	}
	s[len] = '\0';
	return s;
}
