/*
 * Mounts as descriptors: detached trees that are attached to nothing until the child places them in
 * its own mount namespace. Nothing here ever enters the host's mount table (open_tree, fsopen,
 * move_mount: 5.2; mount_setattr: 5.12).
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* A detached copy of what is at path below dirfd. */
int tree_clone(int dirfd, const char *path, bool recursive, struct err *err);

/* A detached new mount of a file system that needs no source. options: "a=b,c" or NULL. */
int tree_new(const char *type, const char *options, uint64_t attr, struct err *err);
/* The same of a file system that needs a source. */
int tree_new_from(const char *type, const char *source, const char *options, uint64_t attr,
	struct err *err);
/* Whether options are short enough, each, for fsconfig(2). */
bool tree_options_fit(const char *options);

/* Maps the ids of a detached tree by a user namespace. what names the tree in the error. */
int tree_idmap(int fd, int userns_fd, const char *what, bool recursive, struct err *err);

/* Sets and clears MOUNT_ATTR_* flags; propagation is MS_PRIVATE … or 0. */
int tree_set_attr(int fd, const char *what, uint64_t set, uint64_t clear, uint64_t propagation,
	bool recursive, struct err *err);

/* Attaches a detached tree on the place behind target_fd. */
int tree_attach(int fd, int target_fd, const char *what, struct err *err);
