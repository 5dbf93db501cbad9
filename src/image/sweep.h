/* What in the store is still wanted, and the removal of what is not. */
#pragma once

#include "base/err.h"
#include "base/json.h"

#include <stdint.h>

/* Sets of hex digits, as the keys of JSON objects. */
struct sweep_wanted {
	json_t *blobs, *layers;
	json_t *tops; /* topmost layer of each container → the container's name */
};

/* By all images, all containers and all living stages. The caller holds the store's exclusive
 * lock. A record that cannot be read is an error: nothing may be removed on a guess. */
int sweep_survey(int root_fd, struct sweep_wanted *ret, struct err *err);
void sweep_wanted_free(struct sweep_wanted *w);

struct sweep_result {
	uint64_t layers, blobs, stages;
};

/* Moves all that is unwanted into a stage of its own (short, with the lock held), lets the lock at
 * *lock_fd go and removes it. */
int sweep_run(int root_fd, const struct sweep_wanted *w, int *lock_fd, struct sweep_result *ret,
	struct err *err);
