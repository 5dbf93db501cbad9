/*
 * What an engine does to the containers that it has created from bundles. Messages carry the words
 * that engines look for.
 */
#pragma once

#include "launch/bundle.h"
#include "spec/spec.h"
#include "spec/state.h"
#include "state/claim.h"
#include "state/container.h"

enum bundle_status {
	BUNDLE_CREATING,
	BUNDLE_CREATED, /* waits at its gate */
	BUNDLE_RUNNING,
	BUNDLE_PAUSED,
	BUNDLE_STOPPED,
};
const char *bundle_status_name(enum bundle_status s);

/* [A-Za-z0-9_+-][A-Za-z0-9_+.-]*, RECORD_NAME_MAX bytes at most. */
int bundle_id_check(const char *id, struct err *err);

/* err->sys is ENOENT, and the text says so, if there is none. A wait other than CLAIM_NONE holds the
 * claim until container_close(). */
int bundle_open(const struct store *store, const char *id, enum claim_wait wait,
	struct container *ret, struct err *err);

/* Opens c->pidfd of one that has not stopped, and its group. -1 only if that cannot be told. */
int bundle_status(struct container *c, enum bundle_status *ret, struct err *err);

/* The state as the specification words it, new (free it). */
char *bundle_state(const struct container *c, enum bundle_status status, enum oci_state_form form,
	struct err *err);

/* Lets a created one go on to its payload. If a startContainer or a poststart hook fails, it is ended and
 * deleted, as bundle_delete() does it. The caller holds the claim. */
int bundle_start(struct container *c, struct err *err);

/* What there is to do once it runs: poststart hooks. If one fails, the container is ended and
 * deleted: -1. */
int bundle_started(struct container *c, struct err *err);

/* A signal (0: none, but it is tried) to the first process, or to each in the group: where all is said, and
 * SIGKILL always. Who has stopped gets none, unless it has left others behind; of all, none is no failure. */
int bundle_kill(struct container *c, int sig, bool all, struct err *err);

enum { BUNDLE_KILL_SECONDS = 10 };
/* Removes it: one that has stopped or was never started, or, forced, any. The caller holds the
 * claim; poststop hooks are run. */
int bundle_delete(struct container *c, bool force, struct err *err);

/* Calls f with the id of each; a result other than 0 ends it and is returned. */
int bundle_each(const struct store *store, int (*f)(const char *id, void *arg, struct err *err),
	void *arg, struct err *err);
