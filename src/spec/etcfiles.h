/* Text of the files in /etc that belong to the container's place in the network, not to its image. */
#pragma once

#include "spec/spec.h"

/* Texts of the host's files, for who is in the host's network; NULL: none of the container's business. */
struct host_etc {
	const char *hosts, *resolv;
};

/* Of a container that is in networks of ours: known once its addresses are. */
struct etc_network {
	struct address own[2];  /* what it is called by, one of each family; family 0: none */
	struct address gateway; /* of the host, as the container sees it */
	const char *name;       /* of the container whose network it is */
};
/* Where names of such a network are asked for. */
#define ETC_RESOLVER "127.0.0.11"

/* Behind --add-host and the container's own name: the host's names, if given. */
char *etc_hosts(struct arena *a, const struct spec *spec, const char *host,
	const struct etc_network *net);
char *etc_hostname(struct arena *a, const struct spec *spec);
/* From --dns…; what is not given there is taken from host. A search domain "." stands for none. With a resolver, that is the only
 * server: it knows those of --dns. */
char *etc_resolv(struct arena *a, const struct spec *spec, const char *host, bool resolver);
