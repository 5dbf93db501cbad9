/* How an engine is told that something went wrong: one line on standard error, and the same in the
 * file that it named, in the form that it chose. */
#pragma once

#include "base/err.h"

#include <stddef.h>

enum log_format { LOG_TEXT, LOG_JSON };

struct log {
	const char *path; /* NULL: no file */
	int fd;           /* of that file */
	enum log_format format;
};

/* Opens the file. A failure ends the command: the engine reads that file, and would not hear of anything else. */
int log_open(struct log *log, const char *path, struct err *err);

/* "text" or "json". */
int log_format_parse(const char *value, enum log_format *ret, struct err *err);

/* Warnings go to the file; without one, to standard error, which the container has too, so that engines would take
 * them for its output. They are kept until log_warnings(), which is called only if the command has not failed:
 * podman wants nothing in the file but the failure. */
void log_keep_warnings(const struct log *log);
void log_warnings(const struct log *log);

/* Reports a failure of a command once. In the words that engines look for: a missing or
 * unusable command says so, and nothing else reads like it. */
void log_failure(const struct log *log, const char *command, const struct err *err);

/* The message of a failure as engines get it, into buf; for tests. Returns buf. Pure. */
char *log_message(const struct err *err, char *buf, size_t size);
