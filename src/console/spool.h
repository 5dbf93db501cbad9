/* What was received from a container and not yet taken by those who read our output: pieces, in order, each for one
 * descriptor. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct spool {
	uint8_t *data;
	size_t from, to, room;
};

/* -1 with errno if there is no memory for it. */
int spool_add(struct spool *s, int fd, const void *data, size_t len);
/* Where the oldest piece goes; -1 if there is none. */
int spool_fd(const struct spool *s);
/* Writes as much of the oldest piece as possible without waiting, after poll(2) has found its descriptor writable.
 * -1 with errno. */
int spool_write(struct spool *s);
size_t spool_bytes(const struct spool *s);
/* Forgets all of it. */
void spool_drop(struct spool *s);
