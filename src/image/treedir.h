/* Directories of a tree that is being unpacked: opened without following anything, made where a tar leaves
 * them out. */
#pragma once

#include "base/err.h"
#include "image/below.h"

#include <stdint.h>

/* path below top, "" for top itself; a link anywhere in it is an error. -1 with errno. */
int treedir_open(int top, const char *path, int flags);
/* The reason of that, for people. */
int treedir_refuse(const char *path, struct err *err);

/* Called for a directory that was made as one below is: its time is set at the end. */
typedef int treedir_made(void *arg, const char *path, struct timespec mtime, struct err *err);

/* Opens path (O_PATH), making what is missing of it: as the layers below have it, else root's and 0755. A
 * whiteout in its way becomes a directory that hides what is below. *count goes up by one for each. */
int treedir_open_or_make(int top, const char *path, struct below *below, treedir_made *made,
	void *arg, uint64_t *count, struct err *err);
