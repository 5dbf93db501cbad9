/*
 * Bytes from one descriptor to another, for a poll loop that may wait at neither. One of the two is ours
 * alone, a pipe with O_NONBLOCK or the master side of a terminal; the other is somebody else's, of any kind and shared with others, so that
 * its flags stay as they are.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pump {
	int from, to;
	bool over;
	bool outwards;   /* the bytes come out of our pipe */
	bool wants_room; /* what is waited for is room in `to`, not bytes in `from` */
	bool grown;
	bool no_more; /* of what was to be taken */
	bool bounded;
	int error;     /* errno of what ended it, or 0: an end, or a reader that has gone */
	uint64_t left; /* so much may be taken yet */
	char *buf;
	size_t at, len;
};

#define PUMP_NONE ((struct pump){.from = -1, .to = -1, .over = true})

/* Out of our pipe `from`, which is closed in the end, to somebody else's `to`. -1 with errno if ours cannot be
 * what it has to be; pump_close() closes it then as well. */
int pump_out(struct pump *p, int from, int to);
/* From somebody else's `from` into our pipe `to`, which is closed in the end. Of files it takes copies: their
 * pages in a pipe of the container would be the host's own (CVE-2022-0847). */
int pump_in(struct pump *p, int from, int to);

/* What to poll for, and, with its answer, what is done about it. */
void pump_poll(const struct pump *p, struct pollfd ret[2]);
void pump_serve(struct pump *p, const struct pollfd polled[2]);

/* Takes from now on only what our pipe holds at this moment, even if others go on writing to it. */
void pump_bound(struct pump *p);
/* Whether it is closed, or all that pump_bound() allowed has been taken. */
bool pump_is_over(struct pump *p);

/* Closes our end: writers to it get EPIPE. Can be called twice. */
void pump_close(struct pump *p);
