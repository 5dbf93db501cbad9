/* The flags of ctr run that say which networks a container is in, and what leads to it. Pure. */
#pragma once

#include "spec/network.h"
#include "spec/spec.h"

/* What has been said so far, and cannot be put into the spec before all is said. */
struct network_flags {
	const char
		*mode; /* of --net: "none", "host", "container", "ns" or "network"; NULL: nothing */
	struct network_attachment of; /* --ip, --ip6, --mac and --network-alias */
	bool publish_all;
};

/* Each takes one value of a flag; what is its name in messages. */
typedef int networkflag_fn(struct spec *spec, struct network_flags *f, const char *what,
	const char *value, struct err *err);
/* none, host, container:NAME, ns:PATH, or a network: "NAME", podman's "NAME:KEY=VALUE,…", docker's
 * "name=NAME,KEY=VALUE,…" with the keys ip, ip6, mac, alias and interface. */
networkflag_fn networkflag_net;
networkflag_fn networkflag_publish, networkflag_expose;
networkflag_fn networkflag_ip, networkflag_ip6; /* one, or several with ',' between */
networkflag_fn networkflag_mac, networkflag_mtu, networkflag_alias;
networkflag_fn networkflag_rate;     /* "RATE[/BURST][:in|:out]" */
networkflag_fn networkflag_add_host; /* "NAME:ADDRESS" or "NAME:host-gateway" */

#define HOST_GATEWAY "host-gateway"

/* Once all flags are known: puts them into spec->network, with EXPOSE of the image, and refuses what does not go
 * together. A container that needs a network, and was not told which, is in the default one. */
int networkflag_finish(struct spec *spec, struct network_flags *f, const char *const *image_ports,
	size_t image_port_count, struct err *err);
