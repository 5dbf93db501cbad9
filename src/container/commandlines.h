/*
 * What processes say that they were started with. The kernel reads that in their memory, which may be of a
 * file system that a process serves itself, and never answers: so it is asked by a process that can be left
 * behind.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

enum { COMMANDLINE_MAX = 4095 };

/* For each pid its words with blanks between them; "" where it has none, is gone, or does not answer. Waits a
 * few seconds at most for all that do not. */
int commandlines_read(const pid_t *pids, size_t count, struct arena *a, const char **ret,
	struct err *err);
