/* A command that is a group of others: ctr volume ls. */
#pragma once

#include "cli/command.h"

struct group {
	const char *name, *summary;
	const struct command *const *commands; /* "NAME WORD" each; ends with NULL */
	const char *const (*meant)[2]; /* words of other tools, and ours; ends with NULL, or NULL */
};

/* Executes the one that argv[0] names. The exit status, or -1. */
int group_run(const struct group *g, struct cli *cli, int argc, char **argv, struct err *err);
