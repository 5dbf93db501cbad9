/* The spec of ctr run, of its flags and the image. */
#pragma once

#include "cli/runflags.h"
#include "image/store.h"

/* Words after the flags: [IMAGE] [COMMAND…]. Reads the image, if there is one, and completes the
 * spec. ret_image_lock: held until the image's layers are recorded as in use, or -1. */
int run_options_finish(struct run_options *o, const struct store *store, int argc, char **argv,
	struct image *ret_image, int *ret_image_lock, struct err *err);

/* Another made-up name; false if the name was given. */
bool run_options_rename(struct run_options *o, const struct store *store, struct err *err);
