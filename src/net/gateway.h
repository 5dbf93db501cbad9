/* What the containers of a network have in common on the host: a bridge without ports, which has the gateway's addresses, and
 * the forwarding of packets. Made by the first that needs it, and not removed. */
#pragma once

#include "base/address.h"
#include "base/err.h"
#include "net/netlink.h"

/* Twice is once. family 0: none. */
int gateway_make(struct netlink *route, const char *device, const struct address *v4,
	const struct address *v6, struct err *err);

/* Switches forwarding on where it is off. Each device that it was off for is noted in the alias of ctr0, and added to the sets
 * of the table between whose members nothing is forwarded but what is ours: so the host does not become a router. */
int gateway_forward(struct netlink *route, struct netlink *filter, bool v4, bool v6,
	struct err *err);
/* Those sets once more, by the alias: of a table that was made anew. */
int gateway_guard(struct netlink *route, struct netlink *filter, struct err *err);
