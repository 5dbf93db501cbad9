/* What time it is, in nanoseconds. */
#pragma once

#include <stdint.h>

int64_t now_ns(void); /* since 1970, as the host's clock is set */

uint64_t monotonic_ns(void); /* CLOCK_MONOTONIC, for intervals and deadlines */
uint64_t deadline_in(unsigned seconds);
