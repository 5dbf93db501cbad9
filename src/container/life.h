/* What is done to containers that exist: found, signalled, stopped, entered, removed. */
#pragma once

#include "container/container.h"
#include "container/plan.h"

#include <stdint.h>

enum container_status {
	CONTAINER_CREATING,
	CONTAINER_RUNNING,
	CONTAINER_PAUSED,
	CONTAINER_EXITED,
};
const char *container_status_name(enum container_status s);

/* The container a user means by a name, or by the beginning of an id that fits only one; its name
 * is written to ret_name. Unknown: -1 and a hint. */
int container_find(const struct store *store, const char *word, char ret_name[SPEC_NAME_MAX + 1],
	struct err *err);

/* Opens a container that runs, with its pidfd and its group; -1 if it does not run. verb is for
 * the message. */
int container_open_running(const struct store *store, const char *name, const char *verb,
	struct container *ret, struct err *err);

/* Waits for whoever holds the container to let go, and releases what is then dead. */
int container_settle(const struct store *store, const char *name, struct err *err);

int container_signal(struct container *c, int sig, struct err *err);

/* Sends sig, waits up to timeout_ns for the end of the payload, then kills. */
int container_stop(struct container *c, int sig, uint64_t timeout_ns, struct err *err);

/* Waits for the end; the status it ended with, or -1 if nobody saw it. */
int container_wait(const struct store *store, const char *name, int *ret_status, struct err *err);

enum remove_flags {
	REMOVE_FORCE = 1, /* kill a running one first */
};
int container_remove(const struct store *store, const char *name, enum remove_flags flags,
	struct err *err);

struct exec_io {
	int streams[3];    /* as streams_apply() takes them */
	unsigned keep_fds; /* so many, from 3 on, reach the process */
	int *ret_console;  /* where to put the master of the terminal, if the spec asks for one */
	const char
		*subgroup; /* the process's group, below that of the container; NULL: that itself */
	const char *state; /* of the container, for who listens to a filter of it; or NULL */
};

/* One more process in a running container. Returns when it has been executed; the caller is its
 * parent. The spec is the container's own (from config.json) with the new process in it. */
int container_exec(struct container *c, const struct spec *spec, struct plan *plan,
	const struct exec_io *io, pid_t *ret_pid, int *ret_pidfd, struct err *err);

/* The spec of a container, from its config.json. */
int container_spec(const struct store *store, const char *name, struct spec *ret, struct err *err);
