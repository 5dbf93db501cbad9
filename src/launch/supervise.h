/* Containers that outlive the command that started them: held by a ctr-supervisor each. */
#pragma once

#include "launch/plan.h"
#include "state/container.h"

/*
 * Starts a container under a supervisor, and returns once its payload has been executed. With
 * ret_attach, a connection to its console is made before the payload starts, so that nothing it
 * prints is missed.
 */
int container_supervise(const struct store *store, const struct spec *spec, struct plan *plan,
	int image_lock, int *ret_attach, struct err *err);

/* As fork(2), in the group of the supervisors where that can be: for who outlives the caller. */
pid_t supervisor_fork(void);
