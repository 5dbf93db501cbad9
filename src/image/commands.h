/* The commands of ctr-image. Each takes its words after the name. */
#pragma once

#include "base/err.h"

#include <stdbool.h>

struct command {
	const char *name;
	const char *synopsis; /* what follows the name */
	const char *summary;
	const char *examples; /* lines for --help */
	/* root_fd: CTR_ROOT. Returns the exit status, or -1 with err. */
	int (*run)(const struct command *self, int root_fd, int argc, char **argv, struct err *err);
	bool reads; /* and makes no CTR_ROOT: root_fd is -1 if there is none */
};

extern const struct command image_build, image_import, image_list, image_inspect, image_remove,
	image_save, image_gc, image_check;

struct option_def;
/* Parses the flags in front of a command's work, --help included. Operands must number between min
 * and max. Returns 1 if help was given and there is nothing more to do. */
int command_begin(const struct command *self, const struct option_def *defs, unsigned count,
	int *argc, char **argv, int min, int max, struct err *err);
