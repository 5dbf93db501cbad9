/* What a root has at the place of a tmpfs, into that tmpfs. */
#pragma once

#include "base/err.h"

enum { COPYUP_DEPTH_MAX = 64 };

/*
 * Child: copies the contents of the directory from into the directory to, which nobody else sees
 * yet, with owners, modes, times and what extended attributes to takes; from's own as well. No
 * link is followed, in no component. Devices are left out where nodes cannot be made. A
 * full tmpfs is an error, as is more than COPYUP_DEPTH_MAX levels. path names the place. Allocates
 * nothing.
 */
int copyup_fill(int from, int to, const char *path, struct err *err);
