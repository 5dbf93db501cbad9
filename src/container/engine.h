/*
 * What an engine does to the containers that it has created from bundles. Messages carry the words
 * that engines look for.
 */
#pragma once

#include "launch/bundle.h"
#include "spec/spec.h"
#include "spec/state.h"
#include "state/container.h"
#include "state/namelock.h"

enum bundle_status {
	BUNDLE_CREATING,
	BUNDLE_CREATED, /* waits for its start */
	BUNDLE_RUNNING,
	BUNDLE_PAUSED,
	BUNDLE_STOPPED,
};
const char *bundle_status_name(enum bundle_status s);

/* [A-Za-z0-9_+-][A-Za-z0-9_+.-]*, RECORD_NAME_MAX bytes at most. */
int bundle_id_check(const char *id, struct err *err);

/* err->sys is ENOENT, and the text says so, if there is none. A wait other than NAMELOCK_NONE holds the
 * lock until container_close(). */
int bundle_open(const struct store *store, const char *id, enum namelock_wait wait,
	struct container *ret, struct err *err);

/* Opens c->pidfd of one that has not stopped, and its group. -1 only if that cannot be told. */
int bundle_status(struct container *c, enum bundle_status *ret, struct err *err);

/* The state as the specification words it, new (free it). */
char *bundle_state(const struct container *c, enum bundle_status status, enum oci_state_form form,
	struct err *err);

/* Lets a created container run its payload. If a startContainer or a poststart hook fails, the container is ended
 * and deleted, as by bundle_delete(). The caller holds the lock. */
int bundle_start(struct container *c, struct err *err);

/* To be called once the payload runs: runs the poststart hooks. If one fails, the container is ended and
 * deleted: -1. */
int bundle_started(struct container *c, struct err *err);

/* Sends a signal (0: only tries) to the first process; with all, and always for SIGKILL, to each process of the group.
 * For a stopped container this fails, unless it has left processes behind or all is given. */
int bundle_kill(struct container *c, int sig, bool all, struct err *err);

enum { BUNDLE_KILL_SECONDS = 10 };
/* Removes a container that has stopped or was never started; with force, any. Runs the poststop hooks. The caller
 * holds the lock. */
int bundle_delete(struct container *c, bool force, struct err *err);

/* Calls f with the id of each container; a result other than 0 ends the walk and is returned. */
int bundle_each(const struct store *store, int (*f)(const char *id, void *arg, struct err *err),
	void *arg, struct err *err);
