/* Standard streams of the payload, and its controlling terminal. Child side: allocates nothing. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* In place of a descriptor for a stream of the payload: what the process has; the container's /dev/null. */
enum { STREAM_INHERITED = -1, STREAM_NULL = -2 };

/* Opens a pty pair from the container's own devpts: *ret_master stays with us, the slave becomes
 * the controlling terminal and standard streams. Call after setsid(). ptmx: an open /dev/pts/ptmx.
 * Without rows and columns it has the size of the terminal we were started from; with plain_lines, lines end in
 * a newline alone. */
int terminal_become(int ptmx, uint16_t rows, uint16_t columns, bool plain_lines, struct err *err);

/* Gives fds to uid, as open(2) of /dev/stdout and its like asks for a right to what is behind it. Not devices,
 * which are the host's and outlive the container, but for the container's own terminal. What is not
 * ours to give stays as it is. */
int streams_give(const int fds[3], uint32_t uid, bool own_terminal, struct err *err);
/* The same of one, if it is a pipe or a socket, with the group. */
int pipe_give(int fd, uint32_t uid, uint32_t gid, struct err *err);

/* Puts fds on 0, 1, 2; STREAM_INHERITED leaves that stream as it is. Any of them may be 0, 1 or 2 itself. */
int streams_apply(const int fds[3], struct err *err);
