/*
 * Those who are attached (console/attach.h has what is said to them and by them, and how long they are waited
 * for). One message at a time is on its way to all; until each has taken it, or was let go of, nothing more of the
 * container is read. A socket keeps ATTACH_BACKLOG_BYTES for who reads late. Moments are nanoseconds of
 * CLOCK_MONOTONIC.
 */
#pragma once

#include "supervisor/input.h"

#include <poll.h>
#include <stdint.h>

struct clients {
	int listen; /* non-blocking */
	struct input
		*input; /* what they type goes there; while it is pending nobody is read from */
	uint64_t
		drain_until; /* NEVER, or the container has ended and they have so long for the rest */
	struct client {
		int fd;      /* -1: a free place */
		bool behind; /* has yet to take the message in out */
		bool sized;
		uint64_t waits; /* what it asked for, 0: what is usual */
		uint64_t patience;
	} of[ATTACH_CLIENTS_MAX];
	unsigned out_len, replay_len;
	bool replay_cut;
	char out[ATTACH_MESSAGE_MAX], replay[ATTACH_REPLAY];
};

void clients_start(struct clients *c, int listener, struct input *input);
void clients_accept(struct clients *c);
/* Tells all of them the len bytes behind the first of out. */
void clients_send(struct clients *c, enum attach_kind kind, unsigned len, uint64_t now);
bool clients_behind(const struct clients *c);
bool clients_any(const struct clients *c);
/* What who attaches later is to see first. len: at most ATTACH_DATA_MAX. */
void clients_replay(struct clients *c, const char *data, unsigned len);
/* The container has ended: nobody has longer than what is usual of pipes. */
void clients_hurry(struct clients *c, uint64_t now);
/* After the first supervisor was killed, perhaps while it sent or wrote. */
void clients_recover(struct clients *c);

/* p: one for each place. */
void clients_poll(const struct clients *c, struct pollfd p[ATTACH_CLIENTS_MAX]);
/* When one that is behind is let go of, or NEVER. */
uint64_t clients_deadline(const struct clients *c);
void clients_serve(struct clients *c, const struct pollfd p[ATTACH_CLIENTS_MAX], uint64_t now);
