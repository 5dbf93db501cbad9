/*
 * Files between a container, running or not, and the host, another container, or a stream: a tar through a pipe,
 * from one process to another. Each reaches its own side only.
 */
#pragma once

#include "base/err.h"
#include "state/store.h"

#include <stdbool.h>

struct copy_end {
	const char *label;     /* as the user named it */
	const char *container; /* NULL: the host, or the stream */
	const char *path;      /* NULL: the standard stream */
};

struct copy {
	struct copy_end from, to;
	const char *name; /* of what is copied, in a directory or in the stream */
	bool contents;    /* what is in a directory, without itself */
	bool keep_owners, follow_link, quiet;
};

/* 0, -1 with err, or the exit status of ctr where what failed has said why. */
int container_copy(const struct store *store, const struct copy *copy, struct err *err);
