/* Text of the files in /etc that belong to the container's place in the network, not to its image. */
#pragma once

#include "spec/spec.h"

/* Texts of the host's files, for who is in the host's network; NULL: none of the container's business. */
struct host_etc {
	const char *hosts, *resolv;
};

/* Behind --add-host and the container's own name: the host's names, if given. */
char *etc_hosts(struct arena *a, const struct spec *spec, const char *host);
char *etc_hostname(struct arena *a, const struct spec *spec);
/* From --dns…; what is not given there is taken from host. A search domain "." stands for none. */
char *etc_resolv(struct arena *a, const struct spec *spec, const char *host);
