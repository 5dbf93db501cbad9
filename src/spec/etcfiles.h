/* Text of the files in /etc that belong to the container's place in the network, not to its image. */
#pragma once

#include "spec/spec.h"

char *etc_hosts(struct arena *a, const struct spec *spec);
char *etc_hostname(struct arena *a, const struct spec *spec);
/* From --dns…; what is not given there is taken from host, the text of the host's file (or NULL). */
char *etc_resolv(struct arena *a, const struct spec *spec, const char *host);
