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

struct connection {
	struct handover handover;
	struct network_plan plan; /* while it is made */
	int holders;              /* keeps the published ports of the host; or -1 */
	int resolver
		[2]; /* UDP and TCP sockets inside, for who answers questions for names; or -1 */
	struct network_answer why; /* of a start that failed: what ctr-net said, if it did */
};

/* The socket for the process of the container, or -1: it is in a network that is not made for it. */
int connection_child_sock(const struct container *c);
/* It has been cloned. */
void connection_cloned(struct container *c);
/* While nothing else is to be done: its names, for others and itself. */
int connection_add_names(struct container *c, struct err *err);
/* The payload runs. keep: ctr-net stays, until its container is released, so that this is done at once. */
int connection_finish(struct container *c, bool keep, struct err *err);
/* Of a start that failed, before it is undone: lets go of ctr-net. */
void connection_fail(struct container *c);
/* And then: whether another try makes sense, as what it claimed was of a container that is dead, and is free now, or is an
 * address that nobody asked for; c->address_try is for the next one. *err may tell more than before. */
bool connection_way_is_clear(struct container *c, struct err *err);
/* The name of the container of this store that publishes a port, or false. */
bool connection_publisher(const struct container *c, const struct network_port *port,
	char ret[RECORD_NAME_MAX + 1]);
void connection_free(struct connection *n);
