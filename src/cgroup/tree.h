/* A cgroup with all the groups that a payload may have made below it. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CGROUP_REMOVE_SECONDS = 5 };

/* Removes the group and all below it in constant memory. Absent is success. Processes on their
 * way out are waited for, CGROUP_REMOVE_SECONDS at most; then err->sys is EBUSY. */
int cgroup_remove(int parent_fd, const char *name, struct err *err);

/* Every process in the group and below, ascending, each once; free *ret. Processes that the
 * caller's pid namespace cannot name are left out. */
int cgroup_procs(int group_fd, pid_t **ret, size_t *ret_count, struct err *err);
bool cgroup_procs_have(const pid_t *pids, size_t count, pid_t pid);

/* Sends a signal to each of them, and to no process of that number outside. Who is born meanwhile may be left out, but
 * not by SIGKILL. Does not wait. */
int cgroup_signal(int group_fd, int sig, struct err *err);
