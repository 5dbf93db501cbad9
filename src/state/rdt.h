/* What a container has of the kernel's resctrl, by linux.intelRdt of its config.json. */
#pragma once

#include "cgroup/resctrl.h"
#include "state/resource.h"

extern const struct resource resource_rdt;

/* Where one more process puts itself; RESCTRL_NO_TASKS if there is no such place. */
int container_rdt_open(const struct container *c, struct resctrl_tasks *ret, struct err *err);
