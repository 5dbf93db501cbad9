/* Where the host's packets go: what addresses of a new network must not be. */
#pragma once

#include "base/address.h"
#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct host_route {
	struct prefix to;
	bool connected; /* without a gateway: the host is there itself */
	const char *device;
};

struct host_routes {
	struct arena arena;
	struct host_route *items;
	size_t count;
};

/* Of our network namespace, of both families, without the ways to everywhere. */
int host_routes_read(struct host_routes *ret, struct err *err);
void host_routes_free(struct host_routes *routes);
/* Pure: adds those of a text of /proc/net/route, or of /proc/net/ipv6_route. */
void host_routes_parse4(struct host_routes *routes, const char *text);
void host_routes_parse6(struct host_routes *routes, const char *text);
