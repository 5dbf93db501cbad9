/* Standard streams of the payload, and its controlling terminal. Child side: allocates nothing. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>

/* By the parent, who has its own streams yet: without rows and columns it is that of the terminal on our standard
 * input, or 0. */
struct winsize terminal_size(uint16_t rows, uint16_t columns);

/* Opens a pty pair from the container's own devpts: *ret_master stays with us, the slave becomes
 * the controlling terminal and standard streams. Call after setsid(). ptmx: an open /dev/pts/ptmx. A size of
 * 0 is the kernel's to choose; with plain_lines, lines end in a newline alone. */
int terminal_become(int ptmx, const struct winsize *size, bool plain_lines, struct err *err);

/* Gives fds to uid, as open(2) of /dev/stdout and its like asks for a right to what is behind it. Not devices,
 * which are the host's and outlive the container, but for the container's own terminal. What is not
 * ours to give stays as it is. */
int streams_give(const int fds[3], uint32_t uid, bool own_terminal, struct err *err);
/* The same of one, if it is a pipe or a socket, with the group. */
int pipe_give(int fd, uint32_t uid, uint32_t gid, struct err *err);
