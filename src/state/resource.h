/*
 * What a container has beside its namespaces and its cgroup, and what the kernel keeps until somebody removes it. All
 * have one shape, and all of a start goes through the functions below, in this order. Before anything of it exists the
 * record says which kinds there will be; so it is removed whoever is killed when.
 */
#pragma once

#include "state/container.h"

struct resource {
	bool (*is_wanted)(const struct spec *spec);
	/* The name is locked, config.json is kept. What fails has removed its own, or is removed with the
	 * rest. */
	int (*make)(struct container *c, const struct spec *spec, struct err *err);
	/* The id range is known; there is no process yet. Or NULL. */
	int (*claim)(struct container *c, const struct spec *spec, struct err *err);
	/* Takes the first process in, which has started no other yet. Or NULL. */
	int (*join)(const struct container *c, const struct spec *spec, struct err *err);
	/* Nothing of the container runs any more. What is gone is success. */
	int (*remove)(const struct container *c, struct err *err);
};

/* As record.resources has them. Pure. */
unsigned resources_wanted(const struct spec *spec);

/* For the resources that the record names; if it names none, there is no system call. */
int resources_make(struct container *c, const struct spec *spec, struct err *err);
int resources_claim(struct container *c, const struct spec *spec, struct err *err);
int resources_join(const struct container *c, const struct spec *spec, struct err *err);
int resources_remove(const struct container *c, struct err *err);
