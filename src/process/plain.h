/* Plain files inside a root that somebody else fills. Child side: allocates nothing. */
#pragma once

#include "base/err.h"

#include <sys/types.h>

/* Opens a regular file for reading. What it is is asked before it is opened, so that no device
 * notices; should it become a FIFO in between, reading does not wait. The descriptor, or -1 with
 * err and in err->sys ENOENT, ENOTDIR …, or 0 if it is something else than a file. */
int plain_open(int rootfd, const char *path, off_t *ret_size, struct err *err);
