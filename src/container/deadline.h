/* The time limit of a container in the foreground, should its ctr be killed. */
#pragma once

#include "state/container.h"

#include <stdint.h>

/* Leaves a process behind that does nothing as long as we live. If we are killed, it waits for the payload's
 * end, timeout_ns from now at most, kills what is left then, and releases the container. Without it, where
 * there can be no process more, all else is as it was. */
int deadline_guard(const struct container *c, uint64_t timeout_ns, struct err *err);
