/*
 * Questions that go on to a server: each from a socket of its own, so that port and id are as good as chance, and who
 * is to lie about the answer has to guess both. The servers are asked in turn, beginning with the one that
 * answered last.
 */
#pragma once

#include "resolver/config.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

enum {
	EXCHANGES_MAX = 256,       /* at once */
	EXCHANGES_PER_CLIENT = 64, /* of one port */
};

/* One server's turn. */
struct turn {
	int fd; /* or -1 */
	uint16_t id;
	uint8_t server, rcode; /* rcode: of the failure that was heard of last */
	int8_t left;           /* a server that says nothing is asked twice, one that fails once */
	uint64_t until;        /* CLOCK_MONOTONIC in nanoseconds */
};

struct exchange {
	struct turn turn;
	unsigned lies; /* under a wrong id, or about something else */
	struct sockaddr_in from;
	struct question q;
};

struct upstream {
	struct servers servers;
	unsigned first; /* the one that answered last */
	unsigned high;  /* all beyond are free */
	int client;     /* the socket that questions come from, and answers go to */
	struct exchange of[EXCHANGES_MAX];
};

void upstream_start(struct upstream *u, const struct servers *servers, int client);

/* For both kinds of sockets: a first turn, or the next one, at a server that can be reached; false if none is left. The
 * socket is connected, or about to be. */
bool turn_first(struct upstream *u, struct turn *t, int type, uint64_t now);
bool turn_next(struct upstream *u, struct turn *t, int type, bool failed, uint64_t now);
/* Its server has answered. */
void turn_end(struct upstream *u, struct turn *t);

/* False: there are too many, or there is no server. One that is being asked already is not asked again. */
bool upstream_ask(struct upstream *u, const struct question *q, const struct sockaddr_in *from,
	uint64_t now);
/* Returns how many it has filled in, of EXCHANGES_MAX. */
unsigned upstream_poll(const struct upstream *u, struct pollfd *ret);
void upstream_serve(struct upstream *u, const struct pollfd *p, unsigned n, uint64_t now);
uint64_t upstream_deadline(const struct upstream *u);

/* Says so to who asked over UDP. */
void client_fail(int client, const struct question *q, enum dns_rcode rcode,
	const struct sockaddr_in *to);
