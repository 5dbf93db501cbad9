/* The mounts of a container below its root, and what of them is hidden or read-only. */
#pragma once

#include "base/err.h"
#include "rootfs/layout.h"
#include "spec/spec.h"

/* Parent: the detached source of a MOUNT_BIND, with its options and id map still to come. A missing
 * source directory is made if the mount says so. */
int mount_source_open(const struct mount *m, struct err *err);

/* The attributes of a detached tree: those for it and all below it, then those for itself. */
int mount_set_attrs(int tree, const struct mount *m, struct err *err);

/* Whether a kernel file system shows a namespace that the container shares with the host, own being
 * the CLONE_NEW* of which it has others. With users of its own it cannot mount that anew, and the host's mounts of it are
 * shown, which the parent opens: to the child they are hidden. */
bool mount_shows_host(const struct mount *m, uint64_t own);
int mount_host_open(const struct mount *m, struct err *err);
/* The path at which the host has it. */
const char *mount_host_path(const struct mount *m);

/* Child: places one mount in the layout. *fd: its detached tree, from the parent; -1 for a file system of
 * the container's own, which is mounted anew with the rights of the caller. It is then its descriptor. A
 * mount that was not asked to share with the host does not. Nothing may lie over a part of a procfs but the
 * few files that are known to be replaced by what reads the same. own: namespaces that show the container
 * their file systems for certain; of others it has the host's where the kernel refuses. */
int mount_place(const struct layout *l, const struct mount *m, uint64_t own, int *fd,
	struct err *err);

/* A tmpfs becomes read-only last, once there is in it what is mounted or made there: with mounts_end(). */
bool mount_ends_readonly(const struct mount *m);
uint64_t mount_attrs_to_begin(const struct mount *m);
int mounts_end(const struct layout *l, struct err *err);

/* What is mounted over paths that are to be hidden. */
struct mask {
	int null;  /* from null_open() */
	int empty; /* an empty read-only directory of ours; -1 until one is needed. Close it */
};

/* Child: hides path: a directory behind mask->empty, anything else behind mask->null. Absent paths are no
 * error. */
int mask_path(const struct layout *l, const char *path, struct mask *mask, struct err *err);

/* The null device, proven to be character device 1:3 (CVE-2025-31133): of the container's /dev, or,
 * where it has none of its own (-1), of the host's. */
int null_open(int devfd, struct err *err);

/* Child: remounts path read-only on itself. Absent paths are no error. */
int readonly_path(const struct layout *l, const char *path, struct err *err);

/* Child: makes rootfd the root of the mount namespace and drops the old one, with the scratch
 * tmpfs and every mount of the host. The working directory becomes the new root. */
int root_pivot(int rootfd, bool readonly, struct err *err);
