/* A pair of network devices, one end of it in a container, and all that routes packets between the two. */
#pragma once

#include "base/address.h"
#include "base/err.h"
#include "net/netlink.h"

enum { VETH_NAME_SIZE = 16 };

struct veth {
	const char *host, *inside; /* names */
	uint32_t index;            /* of the host's end; nobody else's */
	uint32_t index_inside;
	struct mac host_mac, inside_mac;
	uint32_t mtu; /* 0: the kernel's own */
	const struct address *addresses;
	size_t count;
	struct address gateway4, gateway6; /* of the host, family 0: none */
	bool default4, default6;           /* the container reaches the rest of the world by them */
};

/* The pair, and the host's side of it: routes to each address, which are exclusive, and neighbours. err->sys is EEXIST if
 * there is one by that name or number, or the route to an address; EADDRNOTAVAIL if the gateways are no addresses of the
 * host. */
int veth_make(struct netlink *host, const struct veth *v, int netns, struct err *err);
/* The routes once more, once the gateways are there. */
int veth_route(struct netlink *host, const struct veth *v, struct err *err);
/* Takes the routes away, if they are of that device still. */
void veth_unroute(struct netlink *host, const struct veth *v);
/* The inside, over a socket of that namespace. with_loopback: brings that up too. */
int veth_set_up_inside(struct netlink *inside, const struct veth *v, bool with_loopback,
	struct err *err);
int veth_remove(struct netlink *host, const char *name, struct err *err);
/* Waits until the host's end sends. Of a pair the end that came up first does so only once a worker of the kernel has seen
 * that the other is there; until then it drops packets. Two seconds at most. */
void veth_await_up(struct netlink *route, const struct veth *v);
