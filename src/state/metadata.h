/* The files that tell of a container when it no longer runs: container.json, config.json, exit. */
#pragma once

#include "base/file.h"
#include "state/container.h"

/* Reads container.json or config.json of a container: they are in root/containers/NAME, or, of a --rm
 * container, in state/NAME, which is in memory on most hosts. One that is blank is none. */
int container_read(const struct store *store, const char *name, const char *file, char **ret_text,
	size_t *ret_len, struct err *err);

/* err tells of a file that is not there. If the container is not there either, as it has been removed or renamed since
 * its name was found, that is what it tells from now on; err->sys stays. -1. */
int container_missing(const struct store *store, const char *name, struct err *err);

/* container.json of a container. err->sys is ENOENT if it has none. */
int container_metadata(const struct store *store, const char *name, struct metadata *ret,
	struct err *err);
int container_write_metadata(int data_fd, const struct metadata *s, enum file_sync sync,
	struct err *err);
/* How it ended: to disk before this returns, and without a byte of new space where there is none. */
int container_end_metadata(int data_fd, const struct metadata *s, struct err *err);

/* Whether the data of a container without a state directory is nobody's: its name was locked but it never came to
 * write what it is, or is of a --rm that was cut short; its maker died between two steps, or with the
 * machine. What is damaged tells nothing; nor
 * does a container.json that is lost, where there is a config.json. 1, 0 or -1. */
int container_is_orphan(const struct store *store, const char *name, struct err *err);

/* Status and time that the exit file holds; 0 if it is empty or absent, 1 if read, -1 with errno. */
int exit_file_read(int state_fd, int *ret_status, int64_t *ret_finished_ns);
int exit_file_write(int state_fd, int status, struct err *err);
