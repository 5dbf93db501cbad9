/* The text of one file of a group. */
#pragma once

#include "base/err.h"

#include <stddef.h>

/* What a group has in its longest files; longer ones are cut at a line. */
enum { CGROUP_TEXT_SIZE = 32768 };

/* 1, without the newline at the end, or as many whole lines as there is room for; 0 and "" where the host has
 * no such file, or one that is only written to; -1, with err->sys ENOENT if the group went meanwhile. */
int cgroup_text(int group_fd, const char *file, char *ret, size_t size, struct err *err);
