/*
 * The log of a container as it is written (console/logfile.h has its form): records gathered in memory, written
 * whole or not at all, into "log" and "log.1", together at most 2 * max bytes. What cannot be written is dropped
 * and counted, and the count is written once that is possible again. Moments are nanoseconds of CLOCK_MONOTONIC.
 */
#pragma once

#include "console/logfile.h"

#include <time.h>

enum {
	LOG_BYTES = 8192, /* records written at once */
	LOG_HEADER = 48,  /* in front of the text of a record, at most */
};

#define LOG_QUIET_NS UINT64_C(1000000000) /* nothing is logged, once the log grew too fast */

struct log {
	int dirfd; /* -1: there is no log */
	int fd;
	uint64_t size, max; /* bytes of "log" */
	uint64_t before;    /* bytes of all files before it */
	uint64_t lost;      /* records dropped since the last one written */
	uint64_t skipped;   /* bytes that came too fast, since then */
	uint64_t rate;      /* bytes a second, on average; 0: any */
	uint64_t burst_ns;
	uint64_t paid_until; /* by what was written, at its rate */
	uint64_t quiet_until;
	uint64_t tell_at; /* when what is missing is due to be told, or NEVER */
	unsigned records, used;
	time_t second; /* the one in date */
	char date[20]; /* YYYY-MM-DDTHH:MM:SS. */
	char buf[LOG_BYTES];
};

/* Makes "log" even if nothing will be written: a log that is there says that there is one. max: at least
 * LOG_MAX_LEAST bytes; as much again may come at once where there is a rate. */
void log_start(struct log *l, int dirfd, uint64_t max, uint64_t rate);
/* len: at most LOG_BYTES - LOG_HEADER - 1, without a newline. full: a line ends with it. */
void log_record(struct log *l, struct timespec time, enum logfile_stream stream, bool full,
	const char *text, unsigned len, uint64_t now);
void log_flush(struct log *l, uint64_t now);
/* Writes how much is missing, if anything is. */
void log_tell_loss(struct log *l, uint64_t now);
/* Too much came: what comes until LOG_QUIET_NS after paid_until is not to be logged. Nothing without a rate. */
void log_pause(struct log *l, uint64_t paid_until, uint64_t now);
bool log_is_quiet(const struct log *l, uint64_t now);
/* After who wrote was killed, perhaps in the middle: what was not written is forgotten, half a record removed. */
void log_recover(struct log *l);
/* After the last flush. A log that could never be made is, if it can be now. */
void log_finish(struct log *l, uint64_t now);
