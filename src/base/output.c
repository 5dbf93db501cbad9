#include "base/output.h"

#include "base/fd.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

char *output_text(struct arena *a, const char *s, size_t max)
{
	char *text = arena_alloc(a, strlen(s) + sizeof("…")), *to = text, *last = text;
	size_t n = 0;

	while (*s && !(max && n == max)) {
		uint32_t c = 0;
		size_t len = utf8_decode(s, &c);

		last = to;
		if (len == 0 || utf8_acts_on_terminal(c))
			*to++ = '?';
		else
			to = mempcpy(to, s, len);
		s += len ? len : 1;
		n++;
	}
	strcpy(*s ? last : to, *s ? "…" : "");
	return text;
}

size_t output_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

void table_add(struct table *t, const char *const *cells)
{
	for (size_t i = 0; i < t->columns; i++) {
		const char *text = output_text(&t->arena, cells[i], 0);

		arena_push(&t->arena, t->cells, t->count, text);
	}
}

void table_print(const struct table *t, FILE *out)
{
	enum { GAP = 3 };
	size_t widths[TABLE_COLUMNS_MAX] = {0};

	for (size_t i = 0; i < t->count; i++) {
		size_t width = output_width(t->cells[i]), *widest = &widths[i % t->columns];

		*widest = width > *widest ? width : *widest;
	}
	for (size_t i = 0; i < t->count; i++) {
		size_t column = i % t->columns;
		bool last = column == t->columns - 1;
		size_t blanks = widths[column] - output_width(t->cells[i]) + GAP;

		fprintf(out, "%s%*s", t->cells[i], last ? 0 : (int)blanks, "");
		if (last)
			putc('\n', out);
	}
}

void table_free(struct table *t)
{
	arena_free(&t->arena);
	*t = (struct table){.columns = t->columns};
}

void output_print(FILE *out, const char *fmt, ...)
{
	autofree char *text = NULL;
	va_list ap;
	bool line;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0) {
		text = NULL;
		return;
	}
	line = len > 0 && text[len - 1] == '\n';
	if (line)
		text[len - 1] = '\0';
	utf8_clean(text);
	fprintf(out, "%s%s", text, line ? "\n" : "");
}

void output_document(FILE *out, const char *text)
{
	while (*text) {
		uint32_t c = (unsigned char)*text;
		size_t len = utf8_decode(text, &c);

		if (c >= 0x7f && len && utf8_acts_on_terminal(c))
			fprintf(out, "\\u%04x", (unsigned)c);
		else
			fwrite(text, 1, len ? len : 1, out);
		text += len ? len : 1;
	}
	putc('\n', out);
}

int output_json(const json_t *j, struct err *err)
{
	autofree char *text = json_text(j, JSON_INDENT(2) | JSON_ENSURE_ASCII, err);

	if (!text)
		return -1;
	output_document(stdout, text);
	return 0;
}

int output_end(struct err *err)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_sys(err, "cannot write to standard output");
	return 0;
}
