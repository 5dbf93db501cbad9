/*
 * The networks of a container that runs: a resource (resource.h). What will be made is a plan, network.json in its state directory,
 * written before any of it is there; ctr-net makes it beside the start.
 */
#pragma once

#include "net/handover.h"
#include "net/plan.h"
#include "state/container.h"
#include "state/resource.h"

extern const struct resource resource_network;

/* Below CTR_STATE: a directory for each network, with the names in it. */
#define NETWORK_NAMES_DIR ".networks"

struct connection {
	struct handover handover;
	struct network_plan plan; /* while it is made */
	int holders;              /* keeps the published ports of the host; or -1 */
	int resolver
		[2]; /* UDP and TCP sockets inside, for who answers questions for names; or -1 */
	char owner[OWNER_SIZE]; /* of a start that failed: who had what it claims; or "" */
};

/* The socket for the process of the container, or -1: it is in a network that is not made for it. */
int connection_child_sock(const struct container *c);
/* It has been cloned. */
void connection_cloned(struct container *c);
/* The payload runs. keep: ctr-net stays, until its container is released, so that this is done at once. */
int connection_finish(struct container *c, bool keep, struct err *err);
/* Of a start that failed, before it is undone. */
void connection_fail(struct container *c);
void connection_free(struct connection *n);
