/* Waits for one descriptor. */
#pragma once

#include <stdint.h>

/* Until fd can be read (a pidfd: its process has ended), or a moment of base/clock.h, 0: for ever. 1; 0 if that has
 * come first; -1 with errno, which is not EINTR. */
#define AWAIT_NOT 1 /* a moment of the past */
int await_readable(int fd, uint64_t deadline_ns);
