/* What the containers of a network have in common on the host: a bridge without ports, which has the gateway's addresses, and
 * the forwarding of packets. Made by the first that needs it, and not removed. */
#pragma once

#include "base/address.h"
#include "base/err.h"
#include "net/netlink.h"

/* Twice is once. family 0: none. */
int gateway_make(struct netlink *route, const char *device, const struct address *v4,
	const struct address *v6, struct err *err);

/* Switches forwarding on where it is off, and adds each device that it was off for to the sets of the table between whose
 * members nothing is forwarded but what is ours: so the host does not become a router. */
int gateway_forward(struct netlink *filter, bool v4, bool v6, struct err *err);
