/* What is done to each container that a command is given. */
#pragma once

#include "cli/command.h"

#include <stdint.h>

typedef int each_fn(struct cli *cli, const char *name, void *options, struct err *err);

/* One after the other: prints the words as they were given. One that fails is reported, and the others get their
 * turn. The exit status, or -1. */
int for_each(struct cli *cli, const char *verb, int argc, char **argv, void *options, each_fn *f,
	struct err *err);
/* In a process for each: what takes long for one takes no longer for all. */
int side_by_side(struct cli *cli, const char *verb, int argc, char **argv, void *options,
	each_fn *f, struct err *err);

/* Of stop and restart. */
struct stop_flags {
	uint64_t timeout_ns;
	bool timeout_given;
	int sig; /* 0: the container's own */
};
int stop_set_time(void *to, const char *what, const char *value, struct err *err);
int stop_set_signal(void *to, const char *what, const char *value, struct err *err);
/* Stops it, if it runs. options: struct stop_flags. */
each_fn stop_one;
