/* Which sysctls belong to a container: those of the namespaces that it has for itself. */
#pragma once

#include "spec/spec.h"

enum { SYSCTL_PATH_SIZE = 256 };

/* The file below /proc/sys of a name in either of the forms of sysctl(8): if a '.' comes before any
 * '/', the two change places ("net.ipv4.conf.eth0/1.forwarding"). No empty, "." or ".." component. */
int sysctl_path(const char *what, const char *name, char ret[SYSCTL_PATH_SIZE], struct err *err);
/* Refuses, with the reason, a name that would reach beyond the namespaces in fresh (CLONE_NEW*). */
int sysctl_check(const char *what, const char *name, uint64_t fresh, struct err *err);
/* "NAME=VALUE" into spec->sysctls, its key in the form with dots; a later one wins. Whether the
 * container may set it is for sysctl_check, when its namespaces are known. */
int sysctl_flag(struct spec *spec, const char *what, const char *value, struct err *err);
