/* Clients that come by TCP: few at once, one question of each at a time. A new one takes the place of who has been
 * there longest. */
#pragma once

#include "resolver/upstream.h"

enum { CONNS_MAX = 8 };

struct conn {
	int fd; /* or -1 */
	enum { CONN_READS, CONN_CONNECTS, CONN_HEARS, CONN_WRITES } state;
	uint64_t since, until;
	struct turn turn;
	struct question q;
	size_t at, len;                     /* of what is read or written */
	uint8_t bytes[2 + DNS_MESSAGE_MAX]; /* the length of a message goes before it */
};

struct conns {
	int listener;
	const struct names *names;
	struct upstream *upstream;
	bool forwards;
	struct conn of[CONNS_MAX];
};

void conns_start(struct conns *c, int listener, const struct names *names,
	struct upstream *upstream, bool forwards);
void conns_accept(struct conns *c, uint64_t now);
void conns_poll(const struct conns *c, struct pollfd ret[CONNS_MAX]);
void conns_serve(struct conns *c, const struct pollfd p[CONNS_MAX], uint64_t now);
uint64_t conns_deadline(const struct conns *c); /* NEVER: there is no client */
