/* The time limit of a container in the foreground, should its ctr be killed. */
#pragma once

#include "state/container.h"

#include <stdint.h>

/* Starts a process that does nothing as long as we live. If we are killed, it waits for the payload's end, but not
 * longer than timeout_ns from now, kills what is left then, and releases the container. -1 if there can be no more
 * processes: nothing else is lost then. */
int deadline_guard(const struct container *c, uint64_t timeout_ns, struct err *err);
