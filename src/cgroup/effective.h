/* The limits that the kernel holds now, in the words of the spec. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "spec/spec.h"

/* Fills ret, with strings and arrays in the arena: UINT64_MAX where the kernel has no limit, 0 or
 * NULL where it has no such file or none is set. `asked` (may be NULL) says which conf files to
 * read back. What comes out can be planned and applied again; since 0 stands for "not asked", that
 * does not take back a first memory_low, oom_group or io_max. -1 if a file that is there cannot be
 * read; err->sys is ENOENT if the group is gone. */
int cgroup_read_limits(int group_fd, const struct limits *asked, struct arena *arena,
	struct limits *ret, struct err *err);

/* Quota and period, of which one may be asked for alone, as far as they are 0: from the group, which has
 * both. Nothing changes where it has no cpu.max. */
int cgroup_quota_complete(int group_fd, struct limits *l, struct err *err);

/* Takes the text of cpu.max, "max 100000" or "50000 100000". 0, or -1. */
int cgroup_cpu_max_parse(const char *text, uint64_t *ret_quota_us, uint64_t *ret_period_us);
/* Takes one line of io.max. 0, or -1. */
int cgroup_io_max_parse(const char *line, struct io_max *ret);
