/*
 * /dev of a container. A user namespace cannot make device nodes, and binding the host's would
 * show inodes that the container cannot own: so the parent makes a small tmpfs with nodes that
 * belong to the container's root, and the child adds what needs no privilege.
 */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

/* Parent: a detached tmpfs with the nodes of devices below /dev; uid_base and gid_base are what
 * the container's ids start at on the host. */
int dev_new(const struct device *devices, size_t n, uint32_t uid_base, uint32_t gid_base,
	struct err *err);

/* Child: the links and directories that programs expect in /dev. */
int dev_fill(int devfd, struct err *err);
