/* Flags of the image commands: one table feeds both the parser and --help. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct option_def {
	const char *name;  /* without "--" */
	char letter;       /* 0: none */
	const char *value; /* what --help calls its value; NULL: a switch */
	const char *help;
	bool *on;          /* where a switch goes */
	const char **text; /* where a value goes */
};

/* Moves the operands to the front of argv (argv[0] is the first argument) and writes their number.
 * "--" ends the flags; "-" is an operand. Unknown flags and missing values are refused. */
int option_parse(const struct option_def *defs, size_t count, int argc, char **argv,
	int *ret_operands, struct err *err);
void option_help(const struct option_def *defs, size_t count);
