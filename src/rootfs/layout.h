/*
 * The root of a container with the mounts that were made in it, each by its descriptor. Whoever can write
 * beside a root may have put something else in the place of a mount since it was made: so no name leads
 * to one of ours a second time. A path that lies below a mount is resolved from that mount.
 */
#pragma once

#include "base/err.h"
#include "base/inside.h"
#include "spec/spec.h"

struct layout {
	int rootfd;
	const struct mount *mounts; /* targets are clean */
	const int *fds;             /* of those, once they are made; -1: reached by name */
	size_t count;               /* so many are made: a later one covers what is below it */
};

/* Opens path with openat(2) flags, but makes nothing. Links lead where they would if the container were the
 * whole system, mounts included, but for those of procfs to something else than a path. */
int layout_open(const struct layout *l, const char *path, int flags, struct err *err);

/* As layout_open(O_PATH), but makes what is missing, as inside_ensure() does. */
int layout_ensure(const struct layout *l, const char *path, enum inside_kind kind, struct err *err);

/* The descriptor of what is at "/" now. */
int layout_root(const struct layout *l);
