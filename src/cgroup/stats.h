/* What a cgroup uses, as the kernel counts it, the groups below included. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Not known if the controller, or the kernel's part of it, is not there. */
struct cgroup_count {
	uint64_t value; /* of a limit: UINT64_MAX is none */
	bool known;
};

/* Share of the last ten seconds in which some, or all, processes were kept waiting, in
 * hundredths of a percent. */
struct cgroup_pressure {
	struct cgroup_count some_avg10, full_avg10;
};

struct cgroup_stats {
	struct cgroup_count memory_current, memory_peak, memory_max; /* bytes; peak: 5.19 */
	struct cgroup_count
		memory_used; /* current, less the cache of files that nobody has used lately */
	struct cgroup_count swap_current, swap_max; /* bytes */
	struct cgroup_count oom_kills;
	struct cgroup_count cpu_usage_us, cpu_user_us, cpu_system_us, cpu_throttled_us;
	struct cgroup_count cpu_periods, cpu_throttled_periods;
	struct cgroup_count pids_current, pids_max;
	struct cgroup_count io_read_bytes, io_write_bytes, io_reads, io_writes; /* of all devices */
	struct cgroup_pressure cpu_pressure, memory_pressure, io_pressure;
};

/* Reads each file once. -1 if the group is gone (err->sys is ENOENT), or a file that is there cannot be read. */
int cgroup_stats(int group_fd, struct cgroup_stats *ret, struct err *err);

/* Whether the kernel has killed a process of the group, or below it, for want of memory. */
bool cgroup_oom_killed(int group_fd);

/* The parsers take the text of one file and fill what they find in it. */
void cgroup_cpu_stat_parse(const char *text, struct cgroup_stats *ret);
/* memory.stat, once memory_current is there. */
void cgroup_memory_stat_parse(const char *text, struct cgroup_stats *ret);
void cgroup_io_stat_parse(const char *text, struct cgroup_stats *ret);
void cgroup_pressure_parse(const char *text, struct cgroup_pressure *ret);
