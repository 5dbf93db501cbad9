/* Limits as a list of writes to the files of a cgroup: planned without I/O, then applied. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "spec/spec.h"

#include <stddef.h>

/* Groups that a payload may make, unless conf says otherwise. */
enum { CGROUP_DESCENDANTS_MAX = 1000 };

struct cgroup_write {
	const char *file, *value;
	const char *action; /* "limit memory to 512M": what goes wrong if it fails */
	const char *flag;   /* "--memory", or the member of config.json; NULL if nobody asked */
	bool optional;      /* skipped where the host has no such controller */
	bool skipped;       /* it was */
};

struct cgroup_plan {
	struct arena arena;
	struct cgroup_write *writes; /* in this order; a later one may overrule an earlier one */
	size_t count;
};

/* Checks and translates all limits. No I/O. Free with cgroup_plan_free. */
int cgroup_plan(const struct limits *limits, struct cgroup_plan *ret, struct err *err);
void cgroup_plan_free(struct cgroup_plan *plan);
#define autocgroupplan __attribute__((cleanup(cgroup_plan_free)))

/* One open and one write for each limit. Only when a file is missing, its controller is enabled
 * from the top of the tree down to the parent of the group, and the write repeated. A limit that
 * the host cannot hold is an error with the reason; what was applied before it stays. A weight that
 * waits for a disk to be told of weights is a warning. */
int cgroup_apply(int hierarchy_fd, int group_fd, const struct cgroup_plan *plan, struct err *err);

/* What of that would be refused wherever the group is: a controller that the tree has not, or CPUs or nodes. Makes
 * nothing. */
int cgroup_foresee(int hierarchy_fd, const struct cgroup_plan *plan, struct err *err);

/* Whether the last cgroup_apply() left this file alone, as the host has no such controller. */
bool cgroup_plan_skipped(const struct cgroup_plan *plan, const char *file);

/* The same of one of its writes; that a cpuset has what it asks for is not looked at. */
int cgroup_write_apply(struct cgroup_write *w, int hierarchy_fd, int group_fd, struct err *err);
/* One value to a file of the group. "\n", for a cpuset of none of its own, is not taken by all kernels while there are
 * processes: then all that the group above has. 0, or -1 with errno. */
int cgroup_value_write(int group_fd, const char *file, const char *value);
/* That each CPU and node that was asked for can be had: the kernel takes those that are offline or not
 * the parent's, and then falls back on all of the parent's. */
int cgroup_cpusets_check(int group_fd, const struct cgroup_plan *plan, struct err *err);
/* For a group that has limits already. The kernel refuses a quota below the burst that is there, and a
 * burst above the quota: what is lowered is lowered in the order that it takes. */
void cgroup_order(int group_fd, struct cgroup_plan *plan);
