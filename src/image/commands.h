/* The commands of ctr-image. */
#pragma once

#include "base/err.h"
#include "base/flag.h"

#include <limits.h>
#include <stdbool.h>

struct command {
	const char *name;
	const char *synopsis; /* what follows the name */
	const char *summary;
	const char *examples; /* lines for --help */
	const struct flag *flags;
	size_t options_size; /* of the struct that they fill; zeroed */
	int words_min, words_max;
	/* Words after the flags; root_fd: CTR_ROOT. Returns the exit status, or -1 with err. */
	int (*run)(int root_fd, void *options, int argc, char **argv, struct err *err);
	void (*more_help)(void); /* or NULL */
	bool reads;              /* and makes no CTR_ROOT: root_fd is -1 if there is none */
};

extern const struct command image_build, image_import, image_list, image_inspect, image_remove,
	image_save, image_gc, image_check;
