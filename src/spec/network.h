/* The place of a container in networks, as it was asked for. Pure. */
#pragma once

#include "base/address.h"
#include "base/arena.h"
#include "base/err.h"
#include "spec/port.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct spec;

/* Networks that every host has, without a definition on disk. */
#define NETWORK_DEFAULT "nat"
#define NETWORK_ROUTED  "routed"

enum {
	NETWORK_NAME_MAX = 64,
	NETWORK_ATTACHMENTS_MAX = 16,
	NETWORK_ADDRESSES_MAX = 256, /* of one attachment */
	NETWORK_ALIASES_MAX = 64,
	NETWORK_PORTS_MAX = 1024, /* texts; each can be a range */
	NETWORK_MTU_LEAST =
		576, /* what each host of IPv4 takes; of IPv6 it is NETWORK_MTU_LEAST6 */
	NETWORK_MTU_LEAST6 = 1280,
	NETWORK_MTU_MOST = 65521,
};

/* What spec->network and spec->ns say together. */
enum network_mode {
	NETWORK_NONE, /* a loopback only, or, in an engine's document, what that engine does */
	NETWORK_HOST,
	NETWORK_PATH,      /* a namespace that has a path: in spec->ns.paths */
	NETWORK_CONTAINER, /* that of another container */
	NETWORK_ATTACHED,  /* its own, with an interface in each of some networks */
};

struct network_attachment {
	const char *network;
	struct address *addresses; /* asked for, of both families; none: chosen at the start */
	size_t address_count;
	struct mac mac;        /* zero: made of the id */
	const char *interface; /* in the container; NULL: eth0, eth1 … by the place in the list */
	const char **aliases;  /* names in the network beside the container's own */
	size_t alias_count;
};

struct network_rate {
	uint64_t bits;  /* a second; 0: no limit */
	uint64_t burst; /* bytes; 0: as much as makes sense for the rate */
};

struct network_spec {
	const char *container; /* whose network it shares, or NULL */
	struct network_attachment *attachments;
	size_t attachment_count;
	struct network_port *ports;
	size_t port_count;
	struct network_port *exposed; /* port, count and proto alone */
	size_t exposed_count;
	uint32_t mtu; /* 0: that of the network */
	struct network_rate out, in;
};

enum network_mode network_mode(const struct spec *spec);

/* As name_check(), shorter, and no word that --net has another meaning for. */
int network_name_check(const char *what, const char *name, struct err *err);
/* Of an interface, as the kernel takes it. */
int network_interface_check(const char *what, const char *name, struct err *err);
/* What we call the network of that name: docker and podman have other names for the default. */
const char *network_known(const char *name);

/* "RATE[/BURST]": "100mbit/32k". */
int network_rate_parse(const char *what, const char *s, struct network_rate *ret, struct err *err);
