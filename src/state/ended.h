/* How a container ended that was to be removed at its end (--rm), and is gone: from the events, as long as they have it. */
#pragma once

#include "state/store.h"

/* Of the one with that id, or, if id is NULL, of the one that word means: the last one of that name, if it ended within the
 * last minute, or the beginning of its id. 1 and *ret_status, -1 if nobody saw it; 0 if nothing is known; or -1. Waits a
 * moment for the event of one that has been started. */
int container_ended(const struct store *store, const char *id, const char *word, int *ret_status,
	struct err *err);
