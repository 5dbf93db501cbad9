/*
 * One cgroup: made, opened, frozen, killed, waited for. A group is a directory
 * descriptor; a payload may have made any number of groups below it. Deadlines are absolute
 * CLOCK_MONOTONIC nanoseconds, UINT64_MAX for none; one that passes sets err->sys to ETIMEDOUT.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Makes the group and returns its directory. Of any number of callers exactly one wins; the
 * others find EEXIST in err->sys. */
int cgroup_create(int parent_fd, const char *name, struct err *err);
/* err->sys is ENOENT if there is no such group. */
int cgroup_open(int parent_fd, const char *name, struct err *err);

/* SIGKILL for everything in the group and below, forks in flight included (cgroup.kill, 5.14).
 * A group that is gone is success. Does not wait. */
int cgroup_kill(int group_fd, struct err *err);

/* Freezes or thaws the group and all below it, and waits until the kernel says so. A freeze
 * that misses its deadline is undone. */
int cgroup_freeze(int group_fd, bool on, uint64_t deadline_ns, struct err *err);

/* Waits until no process is left in the group or below it; gone is success. */
int cgroup_wait_empty(int group_fd, uint64_t deadline_ns, struct err *err);
/* 1 if a process is in the group or below it, 0 if none or if the group is gone, -1 with errno. */
int cgroup_populated(int group_fd);
/* The same for whether the group is frozen. */
int cgroup_frozen(int group_fd);
int cgroup_child_frozen(int parent_fd, const char *name);

/* Moves a process into the group. */
int cgroup_join(int group_fd, pid_t pid, struct err *err);
/* A group for one more process of the container, as a new descriptor: the group itself, or, if
 * the payload turned it into an inner node, which may hold no process, ".ctr" below it. */
int cgroup_open_for_exec(int group_fd, struct err *err);

/* Gives a user the right to make groups below, and to move its processes among them: the group itself
 * and the files that the kernel names in /sys/kernel/cgroup/delegate (4.16). Its limits stay ours. */
int cgroup_delegate(int group_fd, uid_t uid, struct err *err);

struct cgroup_events {
	bool populated, frozen;
};
/* Both at once. A group that is gone is neither. -1 with errno. */
int cgroup_events_get(int group_fd, struct cgroup_events *ret);
/* Takes the text of cgroup.events. -1 if a key is missing or malformed. */
int cgroup_events_parse(const char *text, struct cgroup_events *ret);
