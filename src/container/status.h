/* How a container is at this moment, by its record, its first process and its group. */
#pragma once

#include "state/container.h"
#include "state/status.h"

/* Of one with a first process it opens c->pidfd, and its group if it has one; of one without, neither. It is
 * CONTAINER_CREATED while that process waits for its start. -1 only if it cannot be told. */
int container_status(struct container *c, enum container_status *ret, struct err *err);
