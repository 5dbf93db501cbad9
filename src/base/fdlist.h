/* The descriptors that a process keeps when it goes where others can reach it. */
#pragma once

#include "base/err.h"

#include <stddef.h>

/* The descriptors that a process needs. It closes all others before somebody else can reach it. */
enum { FD_LIST_MAX = 32 };
struct fd_list {
	unsigned first; /* those below stay too */
	int streams[3]; /* what is on 0 to 2 from then on: streams.h */
	size_t count;
	int fds[FD_LIST_MAX];
};
/* More than fit are dropped from the end; negative ones do not count. */
void fd_list_add(struct fd_list *list, const int *fds, size_t n);
/* Puts the streams in their places first. Can be done again by a child. -1 with err. */
int fd_list_close_others(const struct fd_list *list, struct err *err);
