#include "spec/walk.h"

#include "base/jsonplace.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WARNINGS_MAX = 64 };

static int fail(struct walk *w, const char *fmt, va_list ap)
{
	char reason[384];

	vsnprintf(reason, sizeof(reason), fmt, ap);
	return err_set(w->err, "%s: %s%s%s", w->what, w->path, w->len ? ": " : "", reason);
}

int walk_fail(struct walk *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fail(w, fmt, ap);
	va_end(ap);
	return -1;
}

int walk_fail_in(struct walk *w, const char *name, const char *fmt, ...)
{
	va_list ap;

	walk_enter(w, name, 0);
	va_start(ap, fmt);
	fail(w, fmt, ap);
	va_end(ap);
	return -1;
}

void walk_warn(struct walk *w, const char *fmt, ...)
{
	char text[384], at[32] = "";
	unsigned line, column;
	va_list ap;

	if (w->warning_count >= WARNINGS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (w->text) {
		json_locate(w->text, w->text_len, w->path, &line, &column);
		snprintf(at, sizeof(at), ":%u:%u", line, column);
	}
	arena_push(w->arena, w->warnings, w->warning_count,
		arena_printf(w->arena, "%s%s: %s: %s", w->what, at, w->path, text));
}

static void path_add(struct walk *w, const char *text)
{
	size_t n = strnlen(text, sizeof(w->path) - 1 - w->len);

	memcpy(w->path + w->len, text, n);
	w->len += n;
	w->path[w->len] = '\0';
}

/* Without printf(3): a start comes here some five hundred times. */
size_t walk_enter(struct walk *w, const char *name, size_t index)
{
	char digits[24], *at = digits + sizeof(digits);
	size_t old = w->len;

	if (name) {
		path_add(w, old ? "." : "");
		path_add(w, name);
		return old;
	}
	*--at = '\0';
	*--at = ']';
	do
		*--at = (char)('0' + index % 10);
	while (index /= 10);
	*--at = '[';
	path_add(w, at);
	return old;
}

void walk_leave(struct walk *w, size_t len)
{
	w->len = len;
	w->path[len] = '\0';
}
