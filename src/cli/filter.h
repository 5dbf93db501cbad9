/* Containers chosen by what they are: --filter KEY=VALUE. */
#pragma once

#include "state/view.h"

#include <stddef.h>

enum { FILTERS_MAX = 32 };

enum filter_key {
	FILTER_NAME,
	FILTER_ID,
	FILTER_IMAGE,
	FILTER_LABEL,
	FILTER_STATUS,
	FILTER_EXITED,
	FILTER_HEALTH,
	FILTER_VOLUME,
	FILTER_BEFORE,
	FILTER_SINCE,
	FILTER_UNTIL,
	FILTER_KEYS,
};

struct filter {
	enum filter_key key;
	bool not ; /* of a label */
	const char *value;
	int64_t number; /* a status, or a moment */
};

struct filters {
	struct filter list[FILTERS_MAX];
	size_t count;
	bool any; /* what was asked for may have ended */
};

/* Setter of base/flag.h, of a struct filters: one more. */
int filters_flag(void *to, const char *what, const char *value, struct err *err);
/* Once, then: looks up the containers that before= and since= name. */
int filters_settle(struct filters *f, struct viewer *v, struct err *err);
/* One of each key that was given; of labels, all. */
bool filters_match(const struct filters *f, const struct view *view);
