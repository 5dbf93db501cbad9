/*
 * Reads and writes descriptors of others, of any kind, that other processes may share. A plain call could block
 * although poll(2) has just found the descriptor ready, and O_NONBLOCK would be set for the others as well. These
 * transfer as much as is possible now. If that is nothing, they return -1 with EAGAIN or EINTR, perhaps a moment
 * later. They use SIGALRM. A socket gives no SIGPIPE.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

ssize_t unwaited_read(int fd, void *buf, size_t n);
ssize_t unwaited_write(int fd, const void *data, size_t n);
