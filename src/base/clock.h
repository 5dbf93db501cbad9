/* What time it is, in nanoseconds. */
#pragma once

#include <stdint.h>

#define SECOND_NS UINT64_C(1000000000)
#define MS_NS     UINT64_C(1000000)

int64_t now_ns(void); /* since 1970, as the host's clock is set */

uint64_t monotonic_ns(void); /* CLOCK_MONOTONIC, for intervals and deadlines */
uint64_t deadline_in(unsigned seconds);
/* The deadline of a limit from now on. 0, no limit, stays 0; one that is too long is the last moment that there is. */
uint64_t deadline_after(uint64_t limit_ns);
/* How long poll(2) is to wait for such a moment, rounded up: 0 if it is past, -1 for 0. */
int deadline_poll_ms(uint64_t deadline_ns);
