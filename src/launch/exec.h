/* One more process in a container that runs. */
#pragma once

#include "launch/plan.h"
#include "state/container.h"

struct exec_io {
	int streams[3];    /* as streams_apply() takes them */
	unsigned keep_fds; /* so many, from 3 on, reach the process */
	int *ret_console;  /* gets the master of the terminal, if the spec asks for one */
	const char
		*subgroup; /* the process's group, below that of the container; NULL: that itself */
	const char *state; /* of the container, for who listens to a filter of it; or NULL */
};

/* One more process in a running container. Returns when it has been executed; the caller is its
 * parent. The spec is the container's own (from config.json) with the new process in it. */
int container_exec(struct container *c, const struct spec *spec, struct plan *plan,
	const struct exec_io *io, pid_t *ret_pid, int *ret_pidfd, struct err *err);
