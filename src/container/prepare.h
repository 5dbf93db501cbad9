/* What comes between a spec and its start: the plan, with what it takes from the host. */
#pragma once

#include "launch/plan.h"
#include "state/configlock.h"
#include "state/store.h"

int container_plan(struct spec *spec, struct plan *ret, struct err *err);
/* Adds the seccomp filter, compiled or from the cache; warns of what it cannot do as asked.
 * container_plan_free() frees it with the plan. */
int container_plan_filter(const struct store *store, struct spec *spec, struct plan *plan,
	struct err *err);
void container_plan_free(struct plan *plan);

/* The spec of one that exists, as it was created: what an earlier start chose (the id range) is left out. Free
 * with spec_free(). Nobody changes it until the lock is let go of, once it is started. */
int container_spec_again(const struct store *store, const char *name, struct spec *ret,
	struct config_lock *ret_lock, struct err *err);

/* Starts it with such a spec, under a supervisor. ret_attach: as in struct supervision. The caller is protected
 * already, if the spec asks for that: launch/program.h. */
int container_start_again(const struct store *store, struct spec *spec, int *ret_attach,
	struct err *err);

/* Makes a container that is not started: name, directory and documents, on disk before this returns. err->sys is
 * NAMELOCK_TAKEN if the name is in use. image_lock: as in struct start_io. */
int container_create(const struct store *store, const struct spec *spec, struct plan *plan,
	int image_lock, struct err *err);
