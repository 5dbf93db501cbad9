/* The root of a container that runs. */
#pragma once

#include "state/container.h"

/* As its first process sees it, with all that is mounted below: an O_PATH descriptor. c->pidfd is that process. */
int container_root_open(const struct container *c, struct err *err);
