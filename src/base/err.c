#include "base/err.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What is quoted came from outside: it stays one line that can be shown. */
static void format(char *buf, size_t size, const char *fmt, va_list ap)
{
	if (vsnprintf(buf, size, fmt, ap) < 0)
		buf[0] = '\0';
	utf8_clean(buf);
}

/* Adds ": MORE", as much as there is room for. */
static void append(struct err *err, const char *more)
{
	size_t len = strlen(err->text);

	snprintf(err->text + len, sizeof(err->text) - len, ": %s", more);
	utf8_clean(err->text);
}

int err_set(struct err *err, const char *fmt, ...)
{
	va_list ap;

	err->sys = 0;
	err->hint[0] = '\0';
	va_start(ap, fmt);
	format(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return -1;
}

int err_sys(struct err *err, const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	err->sys = saved;
	err->hint[0] = '\0';
	va_start(ap, fmt);
	format(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	append(err, strerror(saved));
	errno = saved;
	return -1;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char old[sizeof(err->text)];
	va_list ap;

	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	format(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	append(err, old);
	return -1;
}

int err_value(struct err *err, const char *what, const char *value, const char *fmt, ...)
{
	enum { SHOWN = 120 };
	char reason[sizeof(err->text) / 2];
	va_list ap;

	va_start(ap, fmt);
	format(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	return err_set(err, "%.200s: '%.*s%s' %s", what, SHOWN, value,
		strnlen(value, SHOWN + 1) > SHOWN ? "..." : "", reason);
}

int err_hint(struct err *err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	format(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return -1;
}

void err_hint_rights(struct err *err, const char *cure)
{
	if (!err->hint[0] && (err->sys == EPERM || err->sys == EACCES) && geteuid() != 0)
		err_hint(err, "%s", cure);
}

int err_status(struct err *err, int status)
{
	err->status = status;
	return -1;
}

/* One write per message, so that lines of several processes do not mix. */
static void print_line(const char *prefix, const char *text, char *buf, size_t size)
{
	size_t n;

	snprintf(buf, size - 1, "%s: %s", prefix, text);
	utf8_clean(buf);
	n = strlen(buf);
	buf[n] = '\n';
	if (write(STDERR_FILENO, buf, n + 1) < 0)
		return;
}

int err_print(const struct err *err, const char *program)
{
	char line[sizeof(err->text) + 64];

	print_line(program, err->text, line, sizeof(line));
	if (err->hint[0])
		print_line("hint", err->hint, line, sizeof(line));
	return err->status ? err->status : ERR_STATUS_OURS;
}

static void (*warned)(const char *text);

void warn_to(void (*f)(const char *text))
{
	warned = f;
}

void warn(const char *fmt, ...)
{
	char text[512], line[600];
	va_list ap;

	va_start(ap, fmt);
	format(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (warned)
		warned(text);
	else
		print_line("ctr: warning", text, line, sizeof(line));
}
