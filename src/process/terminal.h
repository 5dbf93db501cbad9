/* Standard streams of the payload, and its controlling terminal. Child side: allocates nothing. */
#pragma once

#include "base/err.h"

#include <stdint.h>

/* In place of a descriptor for a stream of the payload: what the process has; the container's /dev/null. */
enum { STREAM_INHERITED = -1, STREAM_NULL = -2 };

/* Opens a pty pair from the container's own devpts: *ret_master stays with us, the slave becomes
 * the controlling terminal and standard streams. Call after setsid(). ptmx: an open /dev/pts/ptmx.
 * Without rows and columns it has the size of the terminal we were started from. */
int terminal_become(int ptmx, uint16_t rows, uint16_t columns, struct err *err);

/* Puts fds on 0, 1, 2; STREAM_INHERITED leaves that stream as it is. Any of them may be 0, 1 or 2 itself. */
int streams_apply(const int fds[3], struct err *err);
