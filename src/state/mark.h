/* The mark on a group and on a data directory: whose it is. The id range or the name of a record may by now belong to
 * somebody else, and by the mark what is left is found when a record is lost. */
#pragma once

#include "state/container.h"

enum {
	CONTAINER_OWNER_XATTR_MAX = 65,
};
/* Of the cgroup and of the data directory: the id of the container they belong to; of the cgroup, a
 * blank and the path of the state directory may follow. */
#define CONTAINER_OWNER_XATTR "trusted.ctr.id"
/* Of the cgroup, where we may make no mark that a payload cannot: it then counts in place of the other
 * for nobody but us. */
#define CONTAINER_OWNER_XATTR_OF_USER "user.ctr.id"

/* Marks the group c->group_fd as the container's. */
int container_mark_cgroup(struct container *c, struct err *err);

enum owner { OWNER_OTHER, OWNER_OURS, OWNER_NONE };
/* Whether a group or a data directory is the container's: an enum owner, or -1. */
int container_owner_of(const struct container *c, int fd, struct err *err);

/* The id that the mark of a group or a data directory names; -1 if it names none. */
int container_marked_id(int group_fd, char ret[CONTAINER_OWNER_XATTR_MAX]);

/* The state directory that the mark of a group names; -1 if it names none. */
int container_cgroup_state(int group_fd, char *ret_path, size_t size);
