/*
 * The log of a container as its supervisor writes it: "log" and, older, "log.1" in one directory,
 * each line "TIME stdout|stderr F|P TEXT" (TIME: RFC 3339, UTC, up to nanoseconds; P: a piece of a line
 * whose rest follows), the form that Kubernetes and podman's k8s-file use.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/xattr.h>

enum { LOG_MAX_LEAST = 16384 /* bytes before "log" becomes "log.1" */ };

/* Of a file of the log: how many bytes were in all those before it, in decimal digits. None: 0. */
#define LOGFILE_BEFORE_XATTR "user.ctr.before"
static inline uint64_t logfile_before(int fd)
{
	char text[24] = "";

	return fgetxattr(fd, LOGFILE_BEFORE_XATTR, text, sizeof(text) - 1) > 0
		       ? strtoull(text, NULL, 10)
		       : 0;
}

enum logfile_stream { LOGFILE_STDOUT, LOGFILE_STDERR };

struct logfile_record {
	uint64_t time_ns; /* since 1970 */
	enum logfile_stream stream;
	bool full;        /* a newline follows the text */
	const char *time; /* as written, time_len bytes */
	size_t time_len;
	const char *text; /* any bytes but a newline */
	size_t text_len;
};

/* Pure; line is without its newline, and what *ret points to lies in it. -1 if it is no record. */
int logfile_parse(const char *line, size_t len, struct logfile_record *ret);
/* RFC 3339 with Z or ±HH:MM, the fraction optional; years 1970 to 2261. Pure. 0 or -1. */
int logfile_parse_time(const char *s, size_t len, uint64_t *ret_ns);

#define LOGFILE_ALL UINT64_MAX
enum { LOGFILE_LOOK_MS = 2000 };

struct logfile_options {
	uint64_t tail;               /* the last so many lines, LOGFILE_ALL for all */
	uint64_t since_ns, until_ns; /* both included; 0: no bound */
	bool timestamps;             /* in front of each line */
	bool follow;
	int end_fd; /* with follow: readable once the container has ended (a pidfd); -1 if it has already */
	void (*look)(
		void *arg); /* or NULL; called after every LOGFILE_LOOK_MS of silence until then */
	/* Or NULL; called when all is quiet after that: false if nobody writes any more. To be called again if the
	 * container may be started again; if it is, the end of that life is *ret_end_fd. */
	bool (*next)(void *arg, int *ret_end_fd);
	/* Or NULL; called where so many bytes of the log, as it is on disk, were replaced before they could be read. */
	void (*lost)(void *arg, uint64_t bytes);
	void *arg;                       /* of all three */
	int stdout_fd, stderr_fd;        /* -1: leave that stream out */
	bool clean_stdout, clean_stderr; /* as for a terminal: base/escapes.h */
};

/* Prints the log, across rotations while it follows. The text goes out as the container wrote it,
 * escape sequences included, unless it is to be cleaned. Damaged lines are left out and counted in
 * *ret_damaged. A log that does not exist yet is empty. */
int logfile_print(int dirfd, const struct logfile_options *options, uint64_t *ret_damaged,
	struct err *err);
