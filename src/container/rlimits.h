/* Resource limits (prlimit(2)) of all processes of a container that runs. */
#pragma once

#include "state/container.h"

#include <stddef.h>

struct rlimits_change {
	pid_t worker; /* 0: nothing was to be changed */
	int sock;
};
#define RLIMITS_NONE ((struct rlimits_change){0, -1})

/* Changes them in each process in its cgroup, those that are being forked too, or in none. c has its pidfd and its
 * group. What is changed waits to be kept or undone; if we are killed it is undone. */
int rlimits_change(const struct container *c, const struct rlimit_spec *limits, size_t count,
	struct rlimits_change *ret, struct err *err);
void rlimits_keep(struct rlimits_change *change);
void rlimits_undo(struct rlimits_change *change);
