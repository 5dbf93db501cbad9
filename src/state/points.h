/*
 * CTR_ROOT/points: empty files that /etc/hosts and /etc/hostname are mounted on where an image has none. As
 * the lowest layer of a root they are there for every container; else each start would copy /etc up and make
 * them on disk, and each end remove them.
 */
#pragma once

#include "state/container.h"

#include <stdbool.h>

/* Whether an overlay of c can have it below the root `dir`, or with NULL below layers of the store. Not
 * where it lies inside that root, which overlayfs refuses, or where that cannot be known; nor on another
 * mount than the writable layer, as files would have the number of a device each. */
bool points_usable(const struct container *c, const char *dir);

/* Makes it, in the directory `spare` of which the caller has the lock. */
void points_make(const struct store *store, int spare);
