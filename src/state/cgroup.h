/* The cgroup of a container: at the usual path, which is named after its id range, or at the path that an engine has
 * chosen. The caller holds the lock of the name. */
#pragma once

#include "state/container.h"

/* The name of its group, below the parent of all. */
void container_cgroup_name(const struct record *r, char ret[16]);

/* Opens the group of the container if it exists and is its own; 0 with c->group_fd -1 if not. */
int container_open_cgroup(struct container *c, struct err *err);

/* Finds the id range of a container whose record was lost, by the mark of the group; IDMAP_RANGES if there is
 * none. */
int container_find_range(struct container *c, struct err *err);

/* Kills all in it, if it has resources (resource.h): they are removed before the id range is free again. */
int container_empty_cgroup(struct container *c, struct err *err);

/* Kills all in it and removes it, if there is one. */
int container_remove_cgroup(struct container *c, struct err *err);
