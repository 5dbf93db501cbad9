/*
 * A file, or a tree, that somebody else may be changing → a tar. Every name is looked up in the directory that is
 * at hand, and never followed; only what is known to be a regular file or a directory is opened. Kept: owners, modes,
 * times, holes, hard links, user.* attributes and file capabilities. Left out: devices, sockets, and what
 * file systems of the kernel show.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct pack_job {
	int out;          /* where the tar goes */
	int proc_fd;      /* this process's /proc/self/fd */
	int top;          /* O_PATH */
	const char *name; /* of top in the tar */
};

struct pack_totals {
	size_t left_out; /* devices, sockets */
	size_t changed; /* files that were shorter than they had been a moment before; zeros stand for the rest */
};

/* The error names the file; err->sys is EPIPE if nobody reads on. */
int pack_tree(const struct pack_job *job, struct pack_totals *ret, struct err *err);
