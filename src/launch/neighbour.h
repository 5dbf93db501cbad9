/* The network of another container, for one that shares it. */
#pragma once

#include "launch/plan.h"
#include "net/plan.h"
#include "ns/join.h"
#include "state/store.h"

struct neighbour {
	struct spec
		spec; /* of the one that is started, with the other's network namespace among those it joins */
	struct ns_path paths[NS_KINDS];
	char path[32];
	int fd;
	struct etc_network etc; /* of the other: its addresses */
	bool connected;         /* it is in networks of ours */
};

/* Finds the container that spec->network.container names, which must run. */
int neighbour_open(const struct store *store, const struct spec *spec, struct neighbour *ret,
	struct err *err);
void neighbour_close(struct neighbour *n);
/* What a plan says of a container's addresses. */
struct etc_network neighbour_addresses(const struct network_plan *plan);
