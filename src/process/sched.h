/* When and where the kernel runs a process, and from which memory. */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

#include <sys/types.h>

/* pid 0: the caller. Real-time classes, and more weight than usual, need rights on the host, so these two must be
 * called by a process that still has them. They do nothing if the spec asks for nothing. */
int scheduler_apply(pid_t pid, const struct scheduler *s, struct err *err);
int io_priority_apply(pid_t pid, int io_class, int priority, struct err *err);

/* Policy, nice value and I/O priority as they usually are, whatever the caller's. More than that may take a right; then
 * they stay less. */
void priorities_usual(pid_t pid);

/* "0-3,5", or NULL: as it is. Of these, those that the cgroup allows. what names the list. */
int cpus_apply(pid_t pid, const char *what, const char *list, struct err *err);

/* Allows all CPUs of the cgroup: those that somebody chose for our caller are not meant for the container, and since
 * Linux 6.2 such a choice is kept in another cpuset. */
void cpus_free(void);

/* The caller's own, to be given back. */
struct cpus {
	unsigned long words[8192 / 8 / sizeof(unsigned long)]; /* the kernel's NR_CPUS at most */
};
int cpus_get(struct cpus *ret, struct err *err);
void cpus_restore(const struct cpus *before);

/* For the caller, and what it executes. keep: if none is asked for, the caller's stays, else the usual one is set. */
int memory_policy_apply(const struct memory_policy *m, bool keep, struct err *err);
