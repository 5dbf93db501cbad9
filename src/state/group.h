/* The cgroup of a container, at its slot or where the engine wants it. The caller holds the claim. */
#pragma once

#include "state/container.h"

/* Of its group, below the parent of all. */
void container_group_name(const struct record *r, char ret[16]);

/* Opens the group of the container if it exists and is its own; 0 with c->group_fd -1 if not. */
int container_open_group(struct container *c, struct err *err);

/* Sets the slot of a record that was lost, by the mark of the group; IDMAP_SLOTS if there is none. */
int container_find_slot(struct container *c, struct err *err);

/* Kills all in it and removes it, if there is one. */
int container_remove_group(struct container *c, struct err *err);
