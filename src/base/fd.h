/* File descriptors and heap pointers that are released at the end of their block. */
#pragma once

#include "base/err.h"

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static inline void fd_cleanup(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}
static inline void dir_cleanup(DIR **d)
{
	if (*d)
		closedir(*d);
}
static inline void free_cleanup(void *p)
{
	free(*(void **)p);
}
#define autofd   __attribute__((cleanup(fd_cleanup)))
#define autodir  __attribute__((cleanup(dir_cleanup)))
#define autofree __attribute__((cleanup(free_cleanup)))

/* Moves a descriptor out of an autofd variable. */
static inline int take_fd(int *fd)
{
	int r = *fd;
	*fd = -1;
	return r;
}
static inline void *take_ptr_(void **p)
{
	void *r = *p;
	*p = NULL;
	return r;
}
#define take_ptr(p) ((__typeof__(*(p)))take_ptr_((void **)(p)))

/* Opens a directory for walking by path below dirfd, never through a link. */
DIR *dir_open_at(int dirfd, const char *name);

/* Closes what is not -1, and that is -1 before: nobody who goes on in the same memory after a kill finds the number of
 * what is closed. */
void fd_forget(int *fd);

/* Writes all of it, over EINTR and short writes. 0 or -1 with errno. */
int fd_write_all(int fd, const void *data, size_t len);
/* Reads up to size bytes until end of file; returns the count or -1 with errno. */
ssize_t fd_read_all(int fd, void *buf, size_t size);
/* Closes every descriptor from first on but those in keep (any order; negative ones do not count). Those from 3 to
 * first - 1 are the payload's; of these, what closes on exec is ours, and is closed too. close_range(2), kernel 5.9;
 * allocates nothing. -1 with errno. */
int fd_close_others(unsigned first, const int *keep, size_t n);
