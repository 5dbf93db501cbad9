#include "state/life.h"

struct life_end life_end_of(const struct record *r)
{
	static const struct life_end ends[][2][2] = {
		/* by stage, whether it was there before, --rm */
		[STAGE_CREATING] = {{{false, true}, {false, true}},
			{{false, false}, {false, false}}},
		[STAGE_RUNNING] = {{{true, false}, {false, true}}, {{true, false}, {false, true}}},
		[STAGE_RESTARTING] = {{{false, false}, {false, false}},
			{{false, false}, {false, false}}},
	};

	return ends[r->stage][r->kept][r->remove];
}

enum container_status life_at_rest(const struct metadata *s)
{
	return s->unstarted ? CONTAINER_CREATED : CONTAINER_EXITED;
}

bool life_is_over(const struct metadata *s)
{
	return s->remove && !s->unstarted;
}
