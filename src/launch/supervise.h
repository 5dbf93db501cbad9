/* Containers that outlive the command that started them: held by a ctr-supervisor each. */
#pragma once

#include "launch/plan.h"
#include "state/container.h"

/* Restarts one that the caller holds: becomes its supervisor. Returns on failure only, with nothing held. */
int container_supervise_held(struct container *held, const struct spec *spec, struct plan *plan,
	struct err *err);

struct supervision {
	int image_lock;         /* as in struct start_io */
	bool again;             /* one that exists, not a new one */
	struct container *held; /* as in struct start_io */
	int *ret_attach; /* a connection to its console, made before the payload starts, so that nothing it
	                    prints is missed; NULL: none */
};

/* Starts a container under a supervisor, and returns once its payload has been executed. */
int container_supervise(const struct store *store, const struct spec *spec, struct plan *plan,
	const struct supervision *how, struct err *err);

/* As fork(2), in the group of the supervisors where that can be: for who outlives the caller. */
pid_t supervisor_fork(void);
