/* What is to be stopped before the machine goes down. */
#pragma once

#include "base/arena.h"
#include "state/store.h"

#include <stddef.h>

/* The names of those that run, or are about to, in the background: nobody else would end them. Others have a ctr in
 * the foreground, which is ended with its session or unit. In the arena. */
int container_supervised(const struct store *store, struct arena *arena, char ***ret_names,
	size_t *ret_count, struct err *err);
