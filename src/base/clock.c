#include "base/clock.h"

#include <time.h>

int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

uint64_t deadline_in(unsigned seconds)
{
	return monotonic_ns() + seconds * 1000000000ULL;
}

uint64_t deadline_after(uint64_t limit_ns)
{
	uint64_t now = limit_ns ? monotonic_ns() : 0;

	return limit_ns > UINT64_MAX - now ? UINT64_MAX : now + limit_ns;
}

int deadline_poll_ms(uint64_t deadline_ns)
{
	enum { MS_MAX = 1000000000 }; /* then it is asked again */
	uint64_t now, left;

	if (!deadline_ns)
		return -1;
	now = monotonic_ns();
	if (now >= deadline_ns)
		return 0;
	left = (deadline_ns - now + 999999) / 1000000;
	return left > MS_MAX ? MS_MAX : (int)left;
}
