#include "base/pace.h"

#include "base/clock.h"

#include <time.h>

static const uint64_t saved_ns = 5 * SECOND_NS; /* of rest that work can make use of later */
static const uint64_t owed_ns = 2 * SECOND_NS;  /* of rest that can be had later */

void pace_pay(uint64_t *until, uint64_t cost, uint64_t saved, uint64_t now)
{
	uint64_t earliest = now > saved ? now - saved : 0;

	*until = (*until > earliest ? *until : earliest) + cost;
}

void work_pay(struct work *w, unsigned parts, uint64_t now)
{
	struct timespec t;
	uint64_t cpu;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	cpu = (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
	pace_pay(&w->paid_until, (cpu - w->cpu_ns) * parts, saved_ns, now);
	w->cpu_ns = cpu;
}

uint64_t work_rest_until(const struct work *w)
{
	return w->paid_until > owed_ns ? w->paid_until - owed_ns : 0;
}
