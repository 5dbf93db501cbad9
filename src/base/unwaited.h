/*
 * Reading and writing what is somebody else's, of any kind, and open in other hands too: that may wait although
 * poll(2) has just seen it ready, and O_NONBLOCK would be theirs as well. These take what there is now, or give
 * what there is room for: if that is nothing, -1 with EAGAIN or EINTR, perhaps a moment later. SIGALRM is
 * used for it. Nobody gets SIGPIPE of a socket.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

ssize_t unwaited_read(int fd, void *buf, size_t n);
ssize_t unwaited_write(int fd, const void *data, size_t n);
