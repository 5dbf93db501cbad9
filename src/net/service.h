/*
 * What is said between ctr and ctr-net, over the sequenced packets of the latter's standard input, and, for a start, over a
 * socket that the process of the container has. ctr-net finds the plan (planfile.h) in the state directory that it is given.
 */
#pragma once

#include "base/err.h"
#include "net/elements.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	NETWORK_CHILD_FD = 3, /* of ctr-net: the container's process; gets its network namespace */
	NETWORK_STATE_FD =
		4, /* the state directory of the container; its lock is held by this, too */
};

/* Requests of ctr: one byte. */
enum network_verb {
	NETWORK_UP =
		'u', /* answered once the network is there; the container's process is told before that, and waits */
	NETWORK_DOWN = 'd', /* all of it goes, if it is of this boot */
	NETWORK_EVICT =
		'x', /* elements in our way go, whose owner is no container any more: its name follows */
	NETWORK_RESTORE = 'r', /* what the host has for it is put back, where it is missing */
};

enum { OBSTACLE_SIZE = 96 };

struct network_counts {
	uint64_t packets_in[2], bytes_in[2], packets_out[2], bytes_out[2]; /* of IPv4 and IPv6 */
};

/* Answers. With descriptors: of an "up", the sockets of the resolver, UDP and TCP. */
struct network_answer {
	int failed;
	struct err err;               /* if it failed */
	char owner[OWNER_SIZE];       /* whose elements are in the way, or "" */
	char taken[OBSTACLE_SIZE];    /* and what they are: "port 80 of the host" */
	bool chosen;                  /* an address that nobody asked for: another will do */
	struct network_counts counts; /* of a "down" */
};
