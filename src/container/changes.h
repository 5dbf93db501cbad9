/* What a container has changed in its root, by the upper layer of its overlay. */
#pragma once

#include "base/err.h"
#include "state/store.h"

#include <stddef.h>

enum change { CHANGE_CHANGED = 'C', CHANGE_ADDED = 'A', CHANGE_DELETED = 'D' };

/* path: absolute, as long as it is. A result other than 0 ends the walk and is returned. */
typedef int change_fn(enum change change, const char *path, void *arg, struct err *err);

/* Calls f for each path, a directory before what is in it. What is deleted with a directory is told by that
 * alone. Left out: what was made for mounts to be at. A container may run meanwhile. */
int changes_each(const struct store *store, const char *name, change_fn *f, void *arg,
	struct err *err);
