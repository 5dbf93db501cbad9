/* What a root has at some place, into a directory that is to be mounted there. */
#pragma once

#include "base/err.h"

#include <stdbool.h>

enum { COPYUP_DEPTH_MAX = 64 }; /* of a tmpfs */

struct copyup {
	const char *kind, *path; /* what is filled, for messages: "tmpfs", "/data" */
	int depth_max;           /* levels below; each takes two descriptors and 2 KiB of stack */
	bool no_devices;
	int links_fd; /* an empty directory on the same file system, for names of files that have several; -1:
			 each name is a file of its own */
};

/*
 * Copies the contents of the directory from into the directory to, which nobody else sees yet, with
 * owners, modes, times, holes and what extended attributes to takes; from's own as well. No link is followed,
 * in no component, and nothing is opened but directories and regular files. Devices are left out where nodes
 * cannot be made. Allocates nothing.
 */
int copyup_fill(int from, int to, const struct copyup *c, struct err *err);

/* Makes the directory to like from: attributes, owner, mode and times, without what is in it. 0, or -1 with errno. */
int copyup_like(int from, int to);
