/* One network that containers can be in: what CTR_ROOT/networks/NAME.json says. Pure. */
#pragma once

#include "base/address.h"
#include "base/arena.h"
#include "base/err.h"
#include "spec/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum network_driver {
	DRIVER_NAT,    /* a pair of interfaces each, routed; outside it is the host that speaks */
	DRIVER_ROUTED, /* the same, with addresses that the outside knows */
	DRIVER_BRIDGE, /* a bridge with a port each, for who needs broadcast */
	DRIVER_MACVLAN,
	DRIVER_IPVLAN,
};

/* Of one family. */
struct subnet {
	struct prefix prefix; /* family 0: there is none */
	struct prefix range;  /* a part of it that addresses are chosen from; family 0: all of it */
	struct address gateway; /* family 0: none */
};

struct text_type;

struct network {
	struct arena arena; /* of a network that was read: owns the strings */
	const char *name;
	enum network_driver driver;
	uint32_t number; /* in the name of its bridge; no other network's */
	struct subnet v4, v6;
	bool internal; /* nothing of it reaches the outside */
	uint32_t mtu;  /* 0: as the way out has it */
	struct address *dns;
	size_t dns_count;
	const char *parent; /* the host's interface that a macvlan or an ipvlan is on, or NULL */
	struct key_value *labels;
	size_t label_count;
	uint64_t created_ns; /* since 1970; 0: it was always there */
};

/* "nat"; NULL for a number that is none. */
const char *network_driver_name(enum network_driver driver);
/* 0 or -1. */
int network_driver_parse(const char *s, enum network_driver *ret);

/* The networks that need no definition. */
bool network_builtin(const char *name, struct network *ret);

/* Fills in what follows, a gateway, and refuses what cannot be. what is put before the name of an option. */
int network_complete(struct network *net, struct err *err);

/* For FIELD_TEXT. */
extern const struct text_type text_driver;

char *network_format(const struct network *net, struct err *err); /* new (free it), or NULL */
int network_parse(const char *what, const char *text, size_t len, struct network *ret,
	struct err *err);
void network_free(struct network *net);

/* The subnet of that family; its prefix may have family 0. */
const struct subnet *network_subnet(const struct network *net, int family);
/* The n-th address to try for the container of that slot, of as many as there are; false: there are no more. With
 * n 0 and a subnet as large as the default one, no two slots try the same. */
bool subnet_candidate(const struct subnet *s, uint32_t slot, uint64_t n, struct address *ret);
/* How many addresses containers can have there. */
uint64_t subnet_capacity(const struct subnet *s);
/* The device of the host that has the gateway's addresses, or that the containers' own are on. */
enum { NETWORK_DEVICE_SIZE = 16 };
char *network_device(const struct network *net, char buf[NETWORK_DEVICE_SIZE]);

/* A subnet for a new network, which meets none of those taken: false if all are. */
bool network_choose_subnet(int family, const struct prefix *taken, size_t n, struct prefix *ret);
