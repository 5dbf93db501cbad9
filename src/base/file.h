/* Whole files of our own store and state: trusted directories, never inside a container's root. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum file_sync {
	FILE_NOSYNC, /* survives a crash of ours, not of the machine */
	FILE_SOON,   /* on its way to disk; after a crash of the machine it may be blank for now */
	FILE_SYNC,   /* on disk before the new name is visible */
};

/* Nothing but zeros, if anything: what a crash of the machine leaves of a file whose name was on disk
 * before its data, as with ext4. What is written there is never that. */
bool file_is_blank(const char *data, size_t len);

/* Writes to a temporary name beside it, then renames: readers see the old or the new, whole. Who writes
 * a name excludes others from it by a lock; what one that was killed left, the next one overwrites. */
int file_write(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
	enum file_sync sync, struct err *err);
/* The same in two steps, of which the second takes no space. */
int file_prepare(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
	enum file_sync sync, struct err *err);
int file_publish(int dirfd, const char *name, enum file_sync sync, struct err *err);
/* Removes what one that was killed left beside it. */
int file_drop(int dirfd, const char *name, struct err *err);

/* Reads a regular file of at most max bytes into a new, NUL-terminated buffer (free it).
 * Anything else than a regular file is refused without blocking. err->sys is ENOENT if absent. */
int file_read(int dirfd, const char *name, size_t max, char **ret_data, size_t *ret_len,
	struct err *err);

/* The same of whatever a user names, a pipe or a terminal too: read to its end, however long that takes. */
int file_read_fd(int fd, const char *name, size_t max, char **ret_data, size_t *ret_len,
	struct err *err);
int file_read_given(const char *path, size_t max, char **ret_data, size_t *ret_len,
	struct err *err);

/* Writes to a kernel file (procfs, sysfs, cgroup): one write(2). 0 or -1 with errno. */
int file_poke(int dirfd, const char *name, const char *value);
/* Reads a small kernel file into buf, without the final newline. Length or -1 with errno. */
ssize_t file_peek(int dirfd, const char *name, char *buf, size_t size);

/* Whether that name, or with "" dirfd itself, is of the file that is open: whoever waited for a lock may hold that of one
 * that has lost its name. 0, or -1 with errno: ENOENT if it is of another one, or of none. */
int file_still_named(int fd, int dirfd, const char *name);

/* Opens (and makes, with mode) a directory, parents included. -1 and err on failure. */
int dir_make_path(const char *path, mode_t mode, struct err *err);

/* Removes name below dirfd, whatever it is, never following a link nor leaving the tree, at any
 * depth in constant memory. Absent is success. Nobody else may be writing there. */
int tree_remove(int dirfd, const char *name, struct err *err);
