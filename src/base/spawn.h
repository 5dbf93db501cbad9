/* Programs of ours that are run beside us, by posix_spawn(3): it does not copy our memory, as fork(2) would. */
#pragma once

#include "base/err.h"

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

enum { SPAWN_FDS_MAX = 4, SPAWN_NULL = -1 };

struct spawning {
	const char *path;
	char *const *argv;
	char *const *env;     /* NULL: ours */
	const sigset_t *mask; /* of signals; NULL: ours */
	/* In this order; from may be SPAWN_NULL, which is /dev/null, for writing. */
	struct spawn_fd {
		int from, to;
	} fds[SPAWN_FDS_MAX];
	size_t fd_count;
};

/* 0, or -1 with errno. */
int spawn(const struct spawning *s, pid_t *ret);

/* Runs our program NAME with one word and hears it to the end: its output and its errors in ret_text, cut to size. Its
 * status as waitpid(2) tells it, or -1. */
int spawn_and_hear(const char *name, const char *word, char *ret_text, size_t size,
	struct err *err);
