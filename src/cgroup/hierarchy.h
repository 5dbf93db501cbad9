/* The one cgroup v2 tree of this host, and our corner of it: MOUNT/ctr/NAME for each container. */
#pragma once

#include "base/err.h"

#include <stddef.h>

/* Finds the cgroup2 mount wherever it is; an O_PATH directory descriptor of its top. Inside a
 * cgroup namespace that is what we see as the top. -1 with a hint if there is none, or if what
 * there is cannot be written. */
int cgroup_hierarchy_open(char *ret_path, size_t size, struct err *err);

/* The group "ctr" at the top, made if it is missing: the parent of all containers' groups. */
int cgroup_parent_open(int hierarchy_fd, struct err *err);

/* Beside them, the group of all that we leave behind to look after containers: not the caller's, which may be
 * ended with its session or service, and with a share and a bound of the CPUs where v2 has that controller. A
 * descriptor of it, or -1 where there can be none. */
int cgroup_supervisors_open(void);

/* Takes one line of /proc/PID/mountinfo: 1 and the mount point, unescaped, if a file system of the
 * type is mounted there and the path fits into size; else 0. */
int mountinfo_parse(const char *line, const char *type, char *ret_path, size_t size);
