/* How much may be done in a time. Moments and durations are nanoseconds, of CLOCK_MONOTONIC. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define NEVER UINT64_MAX

static inline uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* What costs so much at *until is paid for when that has gone by; up to `saved` of a time without costs pays for
 * later ones. */
void pace_pay(uint64_t *until, uint64_t cost, uint64_t saved, uint64_t now);

/* The CPU time of this process. */
struct work {
	uint64_t paid_until; /* by rest */
	uint64_t cpu_ns;     /* used up to the last look */
};

/* Pays for what was done since the last look: this process may have one part of so many of a CPU. */
void work_pay(struct work *w, unsigned parts, uint64_t now);
/* When it may go on: in the past, unless more rest is owed than can be had later. */
uint64_t work_rest_until(const struct work *w);
