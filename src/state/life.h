/*
 * The states of a container of ours, and what becomes of its parts when one ends: a pure table. What a start
 * has made is undone at its end, whichever it is; what belongs to the container stays until it is removed.
 */
#pragma once

#include "state/record.h"
#include "state/status.h"

/* What is undone with a start, beside what it made in the kernel. */
struct life_end {
	bool tell;        /* how it ended goes into container.json */
	bool remove_data; /* the container ends with it */
};
struct life_end life_end_of(const struct record *r);

/* The status of a container that does not run and that nobody holds. */
enum container_status life_at_rest(const struct metadata *s);

/* Whether what is kept belongs to nobody: to a --rm container that went down with the machine. */
bool life_is_over(const struct metadata *s);
