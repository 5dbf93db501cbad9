/* A path in a container, as a user says it. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* An absolute path in a container without "//", "." and final "/"; "..", "/" itself, and what is
 * longer than PATH_MAX are refused. */
int target_parse(struct arena *a, const char *what, const char *s, const char **ret_target,
	struct err *err);
