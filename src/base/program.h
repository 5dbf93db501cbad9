/* The programs that belong together, by path. */
#pragma once

#include "base/err.h"

#include <stddef.h>

/* In the environment of a copy of ours that runs from a mount without a path: where it came from. */
#define PROGRAM_ORIGIN "CTR_ORIGIN"

/* What a program is started with is not what containers are made with: first thing in main(), the file
 * mode mask and the signals that a shell, an engine or a service manager has set are as usual again,
 * but for SIGPIPE, which is ignored. */
void program_inherit_nothing(void);

/* Every signal does what it does by default and none is blocked: for a child, before it executes a program
 * that is not ours. */
void program_reset_signals(void);

/* The path of the running program. 0, or -1 with errno. */
int program_self(char *ret, size_t size);

/* The path of the program NAME: beside the running one, or in CTR_LIBEXEC. */
int program_path(const char *name, char *ret, size_t size, struct err *err);
