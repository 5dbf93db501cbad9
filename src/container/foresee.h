/* For --dry-run: the reasons to refuse a container that can be found without making anything. */
#pragma once

#include "launch/plan.h"
#include "state/store.h"

/* The name, the sources of mounts, the user by name, and the controllers, CPUs and nodes of limits; named: the
 * name was given. */
int container_foresee(const struct store *store, const struct spec *spec, const struct plan *plan,
	bool named, struct err *err);
