/* How much room a tree takes on its disk, which others may change meanwhile. */
#pragma once

#include "base/err.h"

#include <stdint.h>

/* Bytes in blocks of what is below the directory name, which is not followed, and of itself, on the same file system.
 * What has several names there counts once. Nothing but directories is opened, and one at a time, however deep they are. */
int tree_size(int dirfd, const char *name, uint64_t *ret_bytes, struct err *err);
