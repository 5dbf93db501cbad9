/* Limits of a group that is there already, changed all or not at all. */
#pragma once

#include "cgroup/limits.h"

/* What the files had before, newest last. Zeroed; free with cgroup_change_free(). */
struct cgroup_change {
	struct arena arena;
	struct key_value *before;
	size_t count;
};

/* Writes what was asked for, or, if that fails, changes nothing. */
int cgroup_change(int hierarchy_fd, int group_fd, struct cgroup_plan *plan,
	struct cgroup_change *ret, struct err *err);
/* Takes it back; what cannot be is warned of. */
void cgroup_change_undo(int group_fd, const struct cgroup_change *change);
void cgroup_change_free(struct cgroup_change *change);
#define autocgroupchange __attribute__((cleanup(cgroup_change_free)))

/* The value to write to file for what it says now, before `value` is written to it. NULL: there is none. */
const char *cgroup_change_back(struct arena *a, const char *file, const char *text,
	const char *value);
