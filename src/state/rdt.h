/* What a container has of the kernel's resctrl, by linux.intelRdt of its config.json. Without that, none of
 * these does a system call. */
#pragma once

#include "cgroup/resctrl.h"
#include "state/container.h"

/* Makes the groups of one whose name is locked, and whose config.json is kept. */
int container_rdt_make(struct container *c, const struct spec *spec, struct err *err);

/* Puts its first process there, which has started no other yet. */
int container_rdt_join(const struct container *c, const struct spec *spec, struct err *err);

/* Where one more process puts itself; RESCTRL_NO_TASKS if there is no such place. */
int container_rdt_open(const struct container *c, struct resctrl_tasks *ret, struct err *err);

/* Nothing of it runs any more. What is gone is success. */
int container_rdt_remove(const struct container *c, struct err *err);
