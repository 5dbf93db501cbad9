#include "oci/log.h"

#include "base/fd.h"
#include "base/json.h"
#include "base/utf8.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int log_format_parse(const char *value, enum log_format *ret, struct err *err)
{
	if (strcmp(value, "text") == 0)
		*ret = LOG_TEXT;
	else if (strcmp(value, "json") == 0)
		*ret = LOG_JSON;
	else
		return err_value(err, "--log-format", value, "is neither text nor json");
	return 0;
}

int log_open(struct log *log, const char *path, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_sys(err, "--log: open %s", path);
	log->fd = fd;
	log->path = path;
	return 0;
}

/* podman takes any message with these in it for that of a command that is not there, or may not be
 * executed, and makes 127 and 126 of it. */
static const struct {
	const char *said, *instead;
} reserved[] = {
	{"No such file or directory", "it does not exist (ENOENT)"},
	{"Permission denied", "the kernel refuses it (EACCES)"},
	{"Operation not permitted", "the kernel does not permit it (EPERM)"},
};

static void append(char *buf, size_t size, const char *text, size_t len)
{
	size_t at = strlen(buf);

	if (len > size - at - 1)
		len = size - at - 1;
	memcpy(buf + at, text, len);
	buf[at + len] = '\0';
}

static void append_text(char *buf, size_t size, const char *text)
{
	append(buf, size, text, strlen(text));
}

static void append_unreserved(char *buf, size_t size, const char *text)
{
	while (*text) {
		const char *at = NULL;
		size_t which = 0;

		for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
			const char *found = strcasestr(text, reserved[i].said);

			if (found && (!at || found < at)) {
				at = found;
				which = i;
			}
		}
		if (!at)
			break;
		append(buf, size, text, (size_t)(at - text));
		append_text(buf, size, reserved[which].instead);
		text = at + strlen(reserved[which].said);
	}
	append_text(buf, size, text);
}

/* A command that is not there or cannot be executed: with the words for that, once. Some look for "exec"
 * before them. */
static void append_command(char *buf, size_t size, const struct err *err)
{
	const bool there = err->status == ERR_STATUS_NOT_EXECUTABLE;
	const char *word = there ? "permission denied" : "no such file or directory";

	append_text(buf, size, "exec: ");
	append_text(buf, size, err->text);
	if (strcasestr(err->text, word) ||
		(!there && strstr(err->text, "executable file not found in $PATH")))
		return;
	append_text(buf, size, ": ");
	append_text(buf, size, word);
}

char *log_message(const struct err *err, char *buf, size_t size)
{
	buf[0] = '\0';
	if (err->status == ERR_STATUS_NOT_FOUND || err->status == ERR_STATUS_NOT_EXECUTABLE)
		append_command(buf, size, err);
	else
		append_unreserved(buf, size, err->text);
	if (err->hint[0]) {
		append_text(buf, size, " (");
		append_unreserved(buf, size, err->hint);
		append_text(buf, size, ")");
	}
	return buf;
}

static void time_now(char buf[40])
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(buf, 40, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* A JSON string, which is what quotes are in the text form too. */
static char *quote(char *message)
{
	autojson json_t *j = NULL;
	struct err ignored;

	/* Errors are clean; where one was cut short, half a character may be left of it. */
	utf8_clean(message);
	j = json_string(message);
	return j ? json_text(j, JSON_ENCODE_ANY, &ignored) : NULL;
}

static int write_file(const struct log *log, const char *level, char *message)
{
	autofree char *quoted = quote(message);
	char when[40], line[8192];

	time_now(when);
	if (log->format == LOG_JSON)
		snprintf(line, sizeof(line), "{\"time\":\"%s\",\"level\":\"%s\",\"msg\":%s}\n",
			when, level, quoted ? quoted : "\"\"");
	else
		snprintf(line, sizeof(line), "time=\"%s\" level=%s msg=%s\n", when, level,
			quoted ? quoted : "\"\"");
	return fd_write_all(log->fd, line, strlen(line));
}

static struct {
	char text[4096]; /* lines */
	size_t len;
} kept;

static void keep(const char *text)
{
	int n = snprintf(kept.text + kept.len, sizeof(kept.text) - kept.len, "%s\n", text);

	/* A line that does not fit is dropped. */
	if (n > 0 && kept.len + (size_t)n < sizeof(kept.text))
		kept.len += (size_t)n;
	kept.text[kept.len] = '\0';
}

static void show(const char *text)
{
	struct err e = {0};

	snprintf(e.text, sizeof(e.text), "%s", text);
	err_print(&e, "ctr-oci: warning");
}

void log_keep_warnings(const struct log *log)
{
	warn_to(log->path ? keep : show);
}

void log_warnings(const struct log *log)
{
	char *rest = kept.text, *line;

	while (log->path && (line = strsep(&rest, "\n")) && *line)
		if (write_file(log, "warning", line) < 0)
			return;
}

void log_failure(const struct log *log, const char *command, const struct err *err)
{
	struct err shown = *err;
	char name[64], message[2048];

	log_message(err, message, sizeof(message));
	/* err_print() makes what came from outside safe for a terminal. */
	snprintf(shown.text, sizeof(shown.text), "%s", message);
	shown.hint[0] = '\0';
	snprintf(name, sizeof(name), "ctr-oci%s%s", command ? ": " : "", command ? command : "");
	err_print(&shown, name);
	if (log->path && write_file(log, "error", message) < 0)
		fprintf(stderr, "ctr-oci: cannot write %s\n", log->path);
}
