/* Whether the root's own programs fit this kernel: which one the command is, and whether it can run
 * here. Child side, in the namespaces of the container: allocates nothing. */
#pragma once

#include "base/err.h"

#include <stdbool.h>

/* The file that name stands for, looked for in path (NULL: the usual directories) if there is no
 * '/' in it; relative ones count from cwd. A regular file with a right to execute; whether this user
 * has that right is for the kernel to say. Status 127: there is none, 126: not executable. */
int command_find(int rootfd, const char *name, const char *path, const char *cwd, char ret[4096],
	struct err *err);

/* Follows #! lines, reads the ELF headers of the program and its loader, and refuses what cannot
 * work, by name: a kernel that is too old, a loader or an interpreter that is missing. What it does
 * not know it leaves to the kernel; so too whether a program of another machine has an emulator: then
 * *ret_foreign (else empty) says what is wrong if the exec fails. Nothing is executed to find out: that
 * would be code of the image with the rights of ours. */
int fit_check(int rootfd, const char *path, struct err *ret_foreign, struct err *err);

/* On x86-64, a program for i386. */
bool fit_is_i386(int rootfd, const char *path);

/* execve() of path failed with this errno; foreign: from fit_check(). */
int exec_error(int error, const char *path, const struct err *foreign, struct err *err);
