/* What is done to a container that runs: signalled, stopped, frozen. c is as container_is_up() leaves it. */
#pragma once

#include "state/container.h"

#include <stdint.h>

/* To its first process; 0 only tries. err->sys is ESRCH if that has ended. */
int container_signal(struct container *c, int sig, struct err *err);

/* Sends sig, waits up to timeout_ns for the end of the payload, then kills. */
int container_stop(struct container *c, int sig, uint64_t timeout_ns, struct err *err);

/* Freezes or thaws all of it. */
int container_freeze(struct container *c, bool on, struct err *err);
