/*
 * /dev of a container. A user namespace cannot make device nodes, and binding the host's would
 * show inodes that the container cannot own: so the parent makes a small tmpfs with nodes that
 * belong to the container's root, and the child adds what needs no privilege.
 */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

/* Parent: a detached tmpfs with the nodes of devices below /dev. */
int dev_new(const struct device *devices, size_t n, const struct id_maps *ids, struct err *err);

/* Parent: one device that is elsewhere, as a detached tree to be bound over a file. */
int dev_node_new(const struct device *device, const struct id_maps *ids, struct err *err);

/* The host's own node of that kind and number, as a detached tree, for who may make none: at the device's
 * path, or where udev has links to all, /dev/char and /dev/block. */
int dev_node_of_host(const struct device *device, struct err *err);

/* Child: a device of dev_node_new() or dev_node_of_host() over an empty file at its path,
 * made if missing, or over the same device; over nothing else. */
int dev_node_place(int rootfd, const struct device *device, int tree, struct err *err);

/* Child: the links and directories that programs expect in /dev. */
int dev_fill(int devfd, struct err *err);

/* Child: the links to standard streams in a /dev that is none of ours, where /proc has what they lead to;
 * one that cannot be written stays as it is. */
int dev_link(int rootfd, struct err *err);
