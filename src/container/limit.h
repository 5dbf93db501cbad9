/* Changes the limits of a container that exists: those of its group, and of the scope that the group is in. */
#pragma once

#include "cgroup/change.h"
#include "cgroup/scope.h"
#include "state/container.h"

/* Zeroed; free with container_limit_free(). */
struct container_limit {
	struct cgroup_change group;
	struct arena arena;
	struct scope_name scope;
	struct word_list before; /* what the scope had; none: it is in no scope */
};

/* Changes what limits ask for, all of it or nothing; the rest stays as it is. A quota or a period alone is completed
 * by what the group has; with memory_check a limit below what is used is refused once what can be has been
 * reclaimed. */
int container_limit_change(const struct container *c, const struct limits *limits,
	struct container_limit *ret, struct err *err);
/* Takes the change back; warns of what cannot be. */
void container_limit_undo(const struct container *c, const struct container_limit *done);
void container_limit_free(struct container_limit *done);
#define autolimit __attribute__((cleanup(container_limit_free)))
