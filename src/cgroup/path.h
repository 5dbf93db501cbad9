/* A group at a path that somebody else has chosen, as engines do. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { CGROUP_PATH_SIZE = 1024 };

/* Writes PATH to ret without "/" at its ends and without doubled ones; refuses "." and "..", control
 * characters, and an empty one. Pure. */
int cgroup_path_parse(const char *path, char *ret, size_t size, struct err *err);

/* Makes the group, and what is missing on the way to it; opens its directory. One that is there
 * already is taken over if it is empty; if not, or somebody else has just taken it, err->sys is EBUSY. The
 * descriptor holds it until a process is in it. */
int cgroup_path_make(int hierarchy_fd, const char *path, struct err *err);

/* Says of a group in which nothing can start which one on the path was told to freeze. -1. */
int cgroup_path_is_frozen(int hierarchy_fd, const char *path, struct err *err);

/* False if somebody else holds the group. */
bool cgroup_path_lock(int group_fd);

/* The part of the tree that was delegated to the caller: of the groups that it is in, the topmost with
 * processes that it may move. Without "/" at its ends. False if there is none. */
bool cgroup_path_delegated(int hierarchy_fd, char *ret, size_t size);

/* err->sys is ENOENT if there is none. */
int cgroup_path_open(int hierarchy_fd, const char *path, struct err *err);

/* The group and all below it, as cgroup_remove(); those above it stay. */
int cgroup_path_remove(int hierarchy_fd, const char *path, struct err *err);
