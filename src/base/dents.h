/* The names in a directory, read through its own descriptor, without memory of their own. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct dents {
	int fd;
	ssize_t at, len;
	_Alignas(8) char buf[4096];
};

/* Starts where fd stands: a directory that was just opened, and not O_PATH. */
void dents_init(struct dents *d, int fd);

/* The next name, never "." or "..", good until the next call; *ret_type is its DT_*, which some file
 * systems leave DT_UNKNOWN. NULL at the end, with errno 0, or on failure. */
const char *dents_next(struct dents *d, unsigned char *ret_type);
