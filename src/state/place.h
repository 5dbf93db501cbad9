/*
 * The group of a container that is not at its slot in our own corner of the tree: at a path that was
 * asked for, or in a scope of systemd. What has an id range has the group of its slot all the same,
 * empty: it is the claim of the range, and tells where the other one is if the record is lost.
 */
#pragma once

#include "cgroup/scope.h"
#include "spec/spec.h"
#include "state/container.h"

/* Attribute of the slot's group: the path of the container's own group. */
#define CONTAINER_PLACE_XATTR "trusted.ctr.cgroup"

/* Where it will be, as far as we can tell, for the record before it exists; "" for the slot. Pure. */
int container_place_plan(const struct spec *spec, char *ret, size_t size, struct err *err);

/* The path that the group of a slot tells; -1 if the container is at the slot. */
int container_place_of(int slot_fd, char ret[CGROUP_PATH_SIZE]);

/* Makes it, instead of the slot's as c->group_fd. ret_scope holds the scope, if it is one, until there
 * is a process in it. Does nothing for a container at its slot. */
int container_place(struct container *c, const struct spec *spec, struct scope *ret_scope,
	struct err *err);

/* The path of the scope that the group is in, or false. */
bool container_place_scope(const struct record *r, char ret[CGROUP_PATH_SIZE]);

/* Gets systemd to let go of a scope that holds nothing any more, and waits a moment for that. */
void container_place_settle(struct container *c);
/* Removes the group once no process is in it, and the above. */
int container_place_remove(struct container *c, struct err *err);
