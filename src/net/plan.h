/*
 * What a start will make of networks, all of it and nothing else: CTR_STATE/NAME/network.json, written before any of it
 * exists, and what ctr-net is told. Who undoes it needs no more than this. Pure.
 */
#pragma once

#include "net/network.h"
#include "spec/spec.h"

struct plan_attachment {
	const char *network;
	enum network_driver driver;
	bool internal;
	const char *device; /* on the host: the other end of the pair */
	const char *master; /* network_device() */
	const char *inside;
	struct mac host_mac, mac; /* of the two ends */
	/* With the length of the subnet. Those asked for come first, then at most one of each family that was chosen
	 * and can be another: network_plan_move(). The first of a family is the one that names and ports lead to. */
	struct prefix *addresses;
	size_t address_count;
	uint32_t asked;           /* how many of them were asked for */
	struct address *gateways; /* at most one of each family, on the way to the subnet */
	size_t gateway_count;
	bool default4, default6; /* and to everywhere else */
	uint32_t mtu;            /* 0: as the way out has it */
	const char **names;      /* in the network's names, in lower case */
	size_t name_count;
};

struct network_plan {
	struct arena arena;
	const char *name, *id; /* of the container */
	uint32_t slot;         /* of its id range */
	struct plan_attachment *attachments;
	size_t attachment_count;
	/* host.family is the family of the address in the container, host may be "any" of it. Of a port that is not
	 * chosen yet host_port is 0, or host_count more than count; it is one and no range. */
	struct network_port *ports;
	size_t port_count;
	struct network_rate out, in;
	struct address *dns; /* servers to be asked for names of the outside; none: the host's */
	size_t dns_count;
	/* Filled in by who starts: the boot, and the network namespace that is the host's (hostns.h). */
	const char *host_boot;
	uint64_t host_cookie, host_inode;
};

/* networks: one for each attachment of the spec. */
int network_plan_make(const struct spec *spec, uint32_t slot, const struct network *networks,
	struct network_plan *ret, struct err *err);
/* Takes another address for one of the attachment's that was chosen: the first of its family. */
void network_plan_move(struct plan_attachment *a, const struct address *to);
/* Whether ports[i] is still to be chosen; and what was chosen for it, and for the same port of the other family, which
 * follows it. */
bool network_plan_is_open(const struct network_plan *plan, size_t i);
void network_plan_choose(struct network_plan *plan, size_t i, uint16_t host_port);
/* The first address of that family, on any attachment; NULL: there is none. */
const struct address *network_plan_address(const struct network_plan *plan, int family);

/* One line of JSON, new (free it), or NULL with err. */
char *network_plan_format(const struct network_plan *plan, struct err *err);
int network_plan_parse(const char *text, size_t len, struct network_plan *ret, struct err *err);
void network_plan_free(struct network_plan *plan);
