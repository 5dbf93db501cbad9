/*
 * The groups of the kernel's resctrl (Linux 4.10; Documentation/filesystems/resctrl.rst). A class of
 * service is a directory at its root, whose schemata file says which part of the caches and of the
 * memory bandwidth its tasks have; a group below mon_groups of a class is only measured. Who makes,
 * compares and fills one holds a flock of the root meanwhile, as the kernel's documentation asks.
 */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

#include <stdbool.h>
#include <sys/types.h>

/* The root of the one that is mounted. err->sys is ENOENT if none is. */
int resctrl_open(struct err *err);

/* Makes what a container of that id is to be in, or finds that its class is there and is as asked for.
 * *ret_made: the class was made. A failure leaves nothing. */
int resctrl_make(int root_fd, const struct intel_rdt *rdt, const char *id, bool *ret_made,
	struct err *err);

/* Where a process is put: files of the class and, if the container is measured, of its own group. */
struct resctrl_tasks {
	int class_fd, monitor_fd; /* or -1 */
};
#define RESCTRL_NO_TASKS ((struct resctrl_tasks){-1, -1})

int resctrl_tasks_open(int root_fd, const struct intel_rdt *rdt, const char *id,
	struct resctrl_tasks *ret, struct err *err);
void resctrl_tasks_close(struct resctrl_tasks *t);
/* One thread, and whatever it will start; pid 0: the caller. */
int resctrl_tasks_add(const struct resctrl_tasks *t, pid_t pid, struct err *err);

/* The group of measurement, and the class if it is the container's own. What is gone is success. */
int resctrl_remove(int root_fd, const struct intel_rdt *rdt, const char *id, struct err *err);

/* Removes a class with a name that was made for a container whose creation failed; but not if other containers have
 * joined it since. dead: a process of ours that may still be in it. */
int resctrl_remove_class(int root_fd, const struct intel_rdt *rdt, pid_t dead, struct err *err);
