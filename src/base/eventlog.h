/*
 * The events of a store: "events" in its directory, and "events.1", which it was before it had grown to
 * EVENTLOG_MAX. Written without a lock, each time in one write(2) at the end.
 */
#pragma once

#include "base/event.h"

#include <stdbool.h>

#define EVENTLOG_FILE "events"
enum { EVENTLOG_MAX = 1 << 20 };

/* Adds events in the order given. What cannot be written is lost, and nobody is told: what happened has happened. dirfd
 * may be -1: nothing is done. */
void eventlog_add(int dirfd, const struct event *events, size_t n);

struct eventlog_part {
	int fd;     /* or -1 */
	char *held; /* a line of which the end is yet to come */
	size_t held_len;
};

/* Both files, from their beginning on. */
struct eventlog {
	int dirfd;
	struct eventlog_part old, now;
};

/* dirfd stays the caller's. A file that is not there is empty. */
int eventlog_open(struct eventlog *l, int dirfd, struct err *err);
void eventlog_close(struct eventlog *l);

/* Calls f for each event that has not been read yet, oldest first; a value of f that is not 0 ends that, and is
 * returned. Else 0, or -1 with err. */
int eventlog_read(struct eventlog *l, int (*f)(const struct event *e, void *arg, struct err *err),
	void *arg, struct err *err);

/* A descriptor that can be read, in poll(2)'s sense, when there may be more. -1 with err. */
int eventlog_watch(int dirfd, struct err *err);
