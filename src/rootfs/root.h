/* A directory as the root of a container, without an overlay; and how a root becomes "/". */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

/* Child: attaches the detached tree of the directory, with the mounts below it, in our own mount
 * namespace, which no longer shares with the host. Mounts of the host arrive in it later only if
 * root->propagation says so; ours never leave it. tree is then the root. */
int direct_mount(int tree, const struct root_spec *root, struct err *err);

/* Child: makes rootfd the root of the mount namespace, read-only if root says so, and drops the old
 * one. The working directory becomes the new root. caps: what the payload can ever have. root->no_pivot
 * leaves the host's root below the new one, as an initramfs demands: refused where users of a
 * container's own could take the new one away. */
int root_enter(int rootfd, const struct root_spec *root, bool own_users, uint64_t caps,
	struct err *err);

/* Child: makes rootfd the root of this process alone, as chroot(2) does. */
int root_change(int rootfd, struct err *err);
