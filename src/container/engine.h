/*
 * What an engine does to the containers that it has created from bundles. Messages carry the words
 * that engines look for.
 */
#pragma once

#include "container/status.h"
#include "launch/bundle.h"
#include "spec/spec.h"
#include "spec/state.h"
#include "state/namelock.h"

const char *bundle_status_name(enum container_status s);

/* [A-Za-z0-9_+-][A-Za-z0-9_+.-]*, RECORD_NAME_MAX bytes at most. */
int bundle_id_check(const char *id, struct err *err);

/* err->sys is ENOENT, and the text says so, if there is none. A wait other than NAMELOCK_NONE holds the
 * lock until container_close(). */
int bundle_open(const struct store *store, const char *id, enum namelock_wait wait,
	struct container *ret, struct err *err);

/* Opens it as said, and does f to it, which is told how it is. */
typedef int bundle_fn(struct container *c, enum container_status status, void *arg,
	struct err *err);
int bundle_do(const struct store *store, const char *id, enum namelock_wait wait, bundle_fn *f,
	void *arg, struct err *err);

/* The state as the specification words it, new (free it). */
char *bundle_state(const struct container *c, enum container_status status,
	enum oci_state_form form, struct err *err);

/* Lets a created container run its payload. If a startContainer or a poststart hook fails, the container is ended
 * and deleted, as by bundle_delete(). The caller holds the lock. */
int bundle_start(struct container *c, struct err *err);

/* Ends and deletes one that cannot go on, as by bundle_delete(). A failure is a warning. -1. */
int bundle_destroy(struct container *c);

/* To be called once the payload runs: runs the poststart hooks. If one fails, the container is ended and
 * deleted: -1. */
int bundle_started(struct container *c, struct err *err);

/* Sends a signal (0: only tries) to the first process; with all, and always for SIGKILL, to each process of the group.
 * For a stopped container this fails, unless it has left processes behind or all is given. */
int bundle_kill(struct container *c, enum container_status status, int sig, bool all,
	struct err *err);

/* Removes a container that has stopped or was never started; with force, any. Runs the poststop hooks. The caller
 * holds the lock. */
int bundle_delete(struct container *c, bool force, struct err *err);
