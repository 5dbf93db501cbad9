/* A directory as the root of a container, without an overlay; and how a root becomes "/". */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

/* Child: attaches the detached tree of the directory, with the mounts below it, in our own mount
 * namespace, which no longer shares with the host. Mounts of the host arrive in it later only if
 * root->propagation says so; ours never leave it. tree is then the root. */
int direct_mount(int tree, const struct root_spec *root, struct err *err);

struct root_way {
	bool own_users;
	bool chrooted; /* the root directory is not the namespace's, which has to be replaced: nsroot_isolate() */
	uint64_t caps; /* what the payload can ever have */
};

/* Child: makes rootfd the root of the mount namespace, read-only if root says so, and drops the old
 * one. The working directory becomes the new root. root->no_pivot, or an initramfs around a chroot,
 * leaves the host's root below the new one: refused where users of a container's own could take the new
 * one away. */
int root_enter(int rootfd, const struct root_spec *root, const struct root_way *way,
	struct err *err);

/* Child: makes rootfd the root of this process alone, as chroot(2) does. */
int root_change(int rootfd, struct err *err);
