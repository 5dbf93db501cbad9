/* Which directory a path leads to, and on which mount of the caller's namespace. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct node {
	uint64_t mount, ino;
	uint32_t dev_major, dev_minor;
};

/* With flags as of statx(2). False if it is not known. */
bool node_find(int dirfd, const char *path, int flags, struct node *ret);
bool node_same(const struct node *a, const struct node *b);
/* Whether dir is the directory fd or one above it, on the mount of fd. */
bool node_is_above(const struct node *dir, int fd);
