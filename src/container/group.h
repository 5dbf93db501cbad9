/* The cgroup of a container, at its slot or where the engine wants it, and the mark on what is a container's,
 * by which it is found when the record is lost. The caller holds the claim. */
#pragma once

#include "container/container.h"

/* Of its group, below the parent of all. */
void container_group_name(const struct record *r, char ret[16]);

/* Marks the group c->group_fd as the container's. */
int container_mark_group(struct container *c, struct err *err);

/* The slot or the name of a record may by now belong to somebody else: the mark on what is there says whose
 * it is. */
enum owner { OWNER_OTHER, OWNER_OURS, OWNER_NONE };
/* Whose a group or a data directory is. An enum owner, or -1. */
int container_owner_of(const struct container *c, int fd, struct err *err);

/* The id that the mark of a group names; -1 if it names none. */
int container_group_id(int group_fd, char ret[CONTAINER_OWNER_XATTR_MAX]);

/* The state directory that the mark of a group names; -1 if it names none. */
int container_group_state(int group_fd, char *ret_path, size_t size);

/* Opens the group of the container if it exists and is its own; 0 with c->group_fd -1 if not. */
int container_open_group(struct container *c, struct err *err);

/* Sets the slot of a record that was lost, by the mark of the group; IDMAP_SLOTS if there is none. */
int container_find_slot(struct container *c, struct err *err);

/* Kills all in it and removes it, if there is one. */
int container_remove_group(struct container *c, struct err *err);
