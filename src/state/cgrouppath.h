/*
 * The cgroup of a container that is not at the usual path, ctr/RANGE: at a path that was asked for, or in a scope of
 * systemd. A container with an id range has the usual one all the same, empty: it reserves the range, and an attribute
 * of it tells where the real one is if the record is lost.
 */
#pragma once

#include "cgroup/scope.h"
#include "spec/spec.h"
#include "state/container.h"

/* Attribute of the empty cgroup: the path of the real one. */
#define CONTAINER_CGROUP_XATTR "trusted.ctr.cgroup"

/* Where it will be, as far as we can tell, for the record before it exists; "" for the usual path. Pure. */
int container_cgroup_path_plan(const struct spec *spec, char *ret, size_t size, struct err *err);

/* The path that the attribute tells; -1 if it is the usual one. */
int container_cgroup_path_of(int range_fd, char ret[CGROUP_PATH_SIZE]);

/* Makes it, as c->group_fd instead of the usual one. ret_scope holds the scope, if it is one, until there
 * is a process in it. Does nothing for a container at the usual path. */
int container_make_cgroup_at_path(struct container *c, const struct spec *spec,
	struct scope *ret_scope, struct err *err);

/* The path of the scope that the group is in, or false. */
bool container_cgroup_scope(const struct record *r, char ret[CGROUP_PATH_SIZE]);

/* Gets systemd to let go of a scope that holds nothing any more, and waits a moment for that. */
void container_cgroup_settle(struct container *c);
/* Removes the group once no process is in it, and the above. */
int container_remove_cgroup_at_path(struct container *c, struct err *err);
