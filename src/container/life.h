/* What is done to containers that exist, by their names: found, waited for, removed. */
#pragma once

#include "state/container.h"
#include "state/want.h"

/* The container a user means by a name, or by the beginning of an id that fits only one; its name
 * is written to ret_name. Unknown: -1 and a hint. */
int container_find(const struct store *store, const char *word, char ret_name[SPEC_NAME_MAX + 1],
	struct err *err);

/* Opens a container that runs, with its pidfd and its group; -1 if it does not run: err->sys
 * is ESRCH. verb is for the message. */
int container_open_running(const struct store *store, const char *name, const char *verb,
	struct container *ret, struct err *err);

/* Waits for whoever holds the container to let go, and releases what is then dead. Of one that is being started, or
 * started again by itself, nobody may let go: then only until it runs. */
int container_settle(const struct store *store, const char *name, struct err *err);

/* Whether one that does not run is being started, or about to be by itself. 1, 0 or -1. */
int container_is_coming(const struct store *store, const char *name, struct err *err);

/* One that is about to be started by itself stays as it is. 1; 0 if it is not about to be; or -1. */
int container_call_off(const struct store *store, const char *name, struct err *err);

/* Writes that it is to be down. EBUSY, and nothing is written, if it is another CTR_STATE's, which cannot be ended from
 * here; lost: but for one that is nobody's. */
int container_want_down(const struct store *store, const char *name, want_down *want, bool lost,
	struct err *err);

/* Waits for the end; the status it ended with, or -1 if nobody saw it. */
int container_wait(const struct store *store, const char *name, int *ret_status, struct err *err);

enum remove_flags {
	REMOVE_FORCE = 1,   /* kill a running one first */
	REMOVE_VOLUMES = 2, /* those that were made for it alone, too */
};
int container_remove(const struct store *store, const char *name, enum remove_flags flags,
	struct err *err);
