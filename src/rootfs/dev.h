/*
 * /dev of a container. A user namespace cannot make device nodes, and binding the host's would
 * show inodes that the container cannot own: so the parent makes a small tmpfs with nodes that
 * belong to the container's root, and the child adds what needs no privilege.
 */
#pragma once

#include "base/err.h"
#include "rootfs/layout.h"
#include "spec/spec.h"

/* A detached tmpfs for m with the nodes of devices below /dev: with what m says of its size and ids, or just
 * large enough. err->sys is EPERM if no nodes may be made, and only then. */
int dev_new(const struct mount *m, const struct device *devices, size_t n,
	const struct id_maps *ids, struct err *err);

/* Parent: one device that is elsewhere, as a detached tree to be bound over a file. */
int dev_node_new(const struct device *device, const struct id_maps *ids, struct err *err);

/* The host's own node of that kind and number, as a detached tree, for who may make none: at the device's
 * path, or where udev has links to all, /dev/char and /dev/block. */
int dev_node_of_host(const struct device *device, struct err *err);

/* Child: a device of dev_node_new() or dev_node_of_host() over an empty file at its path,
 * made if missing, or over the same device; over nothing else. */
int dev_node_place(const struct layout *l, const struct device *device, int tree, struct err *err);

/* Child: the links that programs expect in /dev. */
int dev_fill(int devfd, struct err *err);

/* Child: the links to standard streams in a /dev that is none of ours, where /proc has what they lead to;
 * one that cannot be written stays as it is. */
int dev_link(const struct layout *l, struct err *err);

/* Child: a file at /dev/console as long as /dev can be written, if it can, and then the container's terminal
 * over it, if nothing else is there. */
int console_prepare(const struct layout *l, struct err *err);
int console_place(const struct layout *l, int terminal, struct err *err);

/* The multiplexer of the devpts at /dev/pts: what is proven to be one, as who gets the master of a terminal
 * trusts it to be that. */
int ptmx_open(const struct layout *l, struct err *err);
