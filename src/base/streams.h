/* Standard streams of a process on its way to a payload. Allocates nothing. */
#pragma once

#include "base/err.h"

/* In place of a descriptor. STREAM_INHERITED: the stream that the process has. STREAM_NULL: the container's /dev/null,
 * which is opened later. */
enum { STREAM_INHERITED = -1, STREAM_NULL = -2 };

/* Puts fds on 0, 1, 2. Any of them may be 0, 1 or 2 itself. Until /dev/null can be opened, STREAM_NULL is a pipe
 * that nobody else has. */
int streams_apply(const int fds[3], struct err *err);
