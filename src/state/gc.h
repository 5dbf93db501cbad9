/* Removing what dead commands have left behind. */
#pragma once

#include "state/namelock.h"
#include "state/store.h"

#include <stddef.h>

struct gc_report {
	size_t released; /* containers whose holder was gone */
	size_t removed;  /* half-made and half-removed directories */
};

/* Releases every container that nobody holds and that does not run, and removes what was being
 * made or removed; on the whole host, empty groups of which no state directory has a record. Never touches what is
 * alive. */
int store_gc(const struct store *store, struct gc_report *ret, struct err *err);

/* The same for one of that name: 1 if it was released, 0 if there is nothing to release, or -1: with NAMELOCK_NOWAIT
 * err->sys is EWOULDBLOCK if somebody holds it, and only then. */
int store_release_dead(const struct store *store, const char *name, enum namelock_wait wait,
	struct err *err);

/* The same for one container whose lock is already ours, by descriptor lock_fd. */
int store_gc_held(const struct store *store, const char *name, int lock_fd, struct err *err);

/* Only what was being made or removed, for who deletes containers one by one. */
int store_gc_leftovers(const struct store *store, struct err *err);

/* Calls f for the name of every container, alive or not. Stops at the first that returns not 0. One that is renamed
 * meanwhile may be met twice; the later name counts. */
int store_each(const struct store *store, int (*f)(const char *name, void *arg, struct err *err),
	void *arg, struct err *err);
