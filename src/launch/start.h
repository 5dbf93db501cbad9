/*
 * One start, in order: lock the name, acquire, clone, wait for the exec. If a step fails, everything before it is
 * undone before the call returns.
 */
#pragma once

#include "base/program.h"
#include "launch/bundle.h"
#include "launch/plan.h"
#include "state/container.h"

struct start_io {
	int streams[3];   /* for the payload, as streams_apply() takes them */
	int *ret_console; /* where to put the master of the terminal, if the spec asks for one */
	bool logged;      /* somebody will keep what the payload writes */
	bool tend_pool;   /* whoever waits for the end has time for pool.h while the child starts */
	int image_lock;   /* held since the image was looked up; let go of once it is recorded as
			       in use; or -1 */
	const struct bundle *bundle; /* NULL: a container of our own */
	bool waits;                  /* for its start: startsocket.h */
	int64_t again_ns; /* one of our own that exists: the moment of its start; 0: a new one */
	struct container *held; /* the same, and the caller holds it; or NULL. Taken over */
};

/* The caller is the parent of the payload. On success c holds the lock and a pidfd. */
int container_start(const struct store *store, const struct spec *spec, struct plan *plan,
	const struct start_io *io, struct container *ret, struct err *err);

/* Applies the limits and the device rules to its group, if it has one. */
int container_limit(struct container *c, const struct spec *spec, const struct plan *plan,
	struct err *err);

/* Gives the group to the container, if it is to manage the groups below its own. */
int container_delegate(struct container *c, const struct spec *spec, const struct id_maps *ids,
	struct err *err);
