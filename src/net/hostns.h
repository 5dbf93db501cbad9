/* The network namespace that is "the host's" for a container: the one that ctr was in when it started it. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* The cookie is never used again until the machine is booted (SO_NETNS_COOKIE, Linux 5.14); the inode is, but is found in
 * procfs. */
struct hostns {
	uint64_t cookie, inode;
};

int hostns_own(struct hostns *ret, struct err *err);

/* A descriptor of that namespace, wherever the caller is now: *ret is -1 if the caller is in it, or if no process and no mount
 * has it any more, with *ret_gone. */
int hostns_find(const struct hostns *ns, int *ret, bool *ret_gone, struct err *err);
