/*
 * Directories on disk are made and removed while a start waits for something else. CTR_ROOT/spare holds
 * at most one data directory that the next container can have, and at most one that an ended --rm
 * container has left, next to empty; nothing where space is short. What is in neither is made and removed
 * where it is needed: so nothing here can fail. Nothing that a container could have had is used again.
 */
#pragma once

#include "state/store.h"

#include <stdbool.h>

/* Makes the spare directory, if there is one, containers/NAME; it bears no mark yet, and may or may
 * not hold an empty upper and work. Fails if that name exists. */
bool pool_take(const struct store *store, const char *name);

/* Puts containers/NAME away to be removed later, if that is free and it holds next to nothing. The
 * caller has made sure whose it is. */
bool pool_leave(const struct store *store, const char *name);

/* Removes what was put away, and makes the next spare directory. */
void pool_tend(const struct store *store);

/* Removes all that is in CTR_ROOT/spare, unless somebody is tending it. */
void pool_empty(const struct store *store);
