#include "base/output.h"

#include "base/fd.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

bool output_is_screen(int fd)
{
	const char *name = getenv("TERM");

	return isatty(fd) && name && *name && strcmp(name, "dumb") != 0;
}

int output_end(struct err *err)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_sys(err, "cannot write to standard output");
	return 0;
}
