/* What in the store is still wanted, and the removal of what is not. */
#pragma once

#include "base/err.h"
#include "base/json.h"

#include <stdbool.h>
#include <stdint.h>

/* Sets of hex digits, as the keys of JSON objects. */
struct gc_wanted {
	json_t *blobs, *layers;
	json_t *tops; /* topmost layer of each container → the container's name */
	/* Some record could not be understood: what it needs is anybody's guess, so that everything of the
	 * kind stays. */
	bool keep_blobs, keep_layers;
	bool quiet;
};

/* By all images, all containers and all living stages. The caller holds the store's exclusive
 * lock. A record that makes no sense is warned of, and keeps what it could be about. */
int gc_survey(int root_fd, struct gc_wanted *ret, struct err *err);
/* The same again, without a word about what it has warned of. */
int gc_survey_again(int root_fd, struct gc_wanted *ret, struct err *err);
void gc_wanted_free(struct gc_wanted *w);

struct gc_result {
	uint64_t layers, blobs, stages;
};

/* Takes away from the store all that is unwanted (short, with the lock held), lets the lock at *lock_fd go and
 * removes what of it are trees. Needs no room on the disk. */
int gc_run(int root_fd, const struct gc_wanted *w, int *lock_fd, struct gc_result *ret,
	struct err *err);
