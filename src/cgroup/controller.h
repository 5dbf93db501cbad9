/* Controllers of cgroup v2: handing them down the tree, and saying why one is not there. */
#pragma once

#include "base/err.h"

#include <stdbool.h>

enum controller_state {
	CONTROLLER_ENABLED,
	CONTROLLER_ABSENT, /* not in the v2 tree, as far as we see it */
	CONTROLLER_FAILED, /* errno says why it cannot be handed down */
};

/* Enables the controller of `file` (the part before the first dot) for the group, from the top
 * of the tree down to its parent. */
enum controller_state cgroup_controller_enable(int hierarchy_fd, int group_fd, const char *file);

/* Whether the tree has the controller of `file` at all. */
bool cgroup_controller_there(int hierarchy_fd, const char *file);

/* For a new group, without being asked: those that count what it uses, share out what there is, and that
 * a payload may want to hand on. What the host does not have, or keeps, is left out. */
void cgroup_controller_enable_usual(int hierarchy_fd, int group_fd);

/* Whether the text of cgroup.controllers or cgroup.subtree_control has it. Pure. */
bool cgroup_controller_listed(const char *list, const char *name);

/* "cannot ACTION: …" with a hint, after the above did not end with CONTROLLER_ENABLED; looks at
 * /proc for the reason. flag: what to leave out, or NULL. Returns -1. */
int cgroup_controller_explain(const char *file, enum controller_state state, const char *action,
	const char *flag, struct err *err);

enum controller_place {
	CONTROLLER_ON_V1,
	CONTROLLER_DISABLED, /* by cgroup_disable= on the kernel's command line */
	CONTROLLER_NOT_BUILT,
	CONTROLLER_NOT_DELEGATED, /* on v2, but a group above ours keeps it */
};
/* Takes the texts of /proc/self/cgroup and /proc/cgroups (may be "": unknown), and the name of
 * the controller on v2. */
enum controller_place cgroup_controller_place(const char *controller, const char *self_cgroup,
	const char *proc_cgroups);
