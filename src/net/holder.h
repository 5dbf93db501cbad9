/*
 * Published ports of the host are held by bound sockets that nobody listens on: a program of the host that has one already
 * is noticed, and none can take one later, which the table of nf_tables would hide from its clients. The sockets wait, never
 * received, in one socket more, so that who keeps them keeps one descriptor, however many ports there are.
 */
#pragma once

#include "base/address.h"
#include "base/err.h"

#include <stdint.h>

enum { HOLDER_TOGETHER = 250 };

struct holder {
	int in, out; /* the end that is kept, and the one they go in by */
	int waiting[HOLDER_TOGETHER];
	unsigned count;
};
#define HOLDER_NONE ((struct holder){.in = -1, .out = -1})

/* host: family 0 for all addresses that the host has. *port 0: any that is free, which is written there. err->sys is EADDRINUSE
 * if somebody has it. */
int holder_add(struct holder *h, const struct address *host, uint8_t proto, uint16_t *port,
	struct err *err);
/* The descriptor that holds them all, or -1 without an error if there are none. */
int holder_finish(struct holder *h, int *ret, struct err *err);
void holder_drop(struct holder *h);

/* "PROGRAM (pid N)" of the host's process that has the port, or false. */
bool port_owner(const struct address *host, uint8_t proto, uint16_t port, char ret[64]);
