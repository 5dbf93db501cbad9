/* How a container is at this moment, by its record, its first process and its group. */
#pragma once

#include "state/container.h"
#include "state/status.h"

/* Whether it has a first process: 1, 0, or -1 if it cannot be told. Then c->pidfd is open, and its group if it has one;
 * else neither. */
int container_is_up(struct container *c, struct err *err);

/* The same, and how it is: CONTAINER_CREATED while that process waits for its start. */
int container_status(struct container *c, enum container_status *ret, struct err *err);
