/* Something tried out in a process of its own, so that nothing of it is left whatever happens. */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct attempt {
	uint64_t flags;   /* CLONE_NEW*; with CLONE_NEWUSER the process is root of an id range that
			  * no container has */
	int cgroup_fd;    /* the group it starts in, or -1 */
	const int *trees; /* detached trees that are mapped to its ids before it goes on */
	size_t tree_count;
	/* In the new process; NULL: that it exists is enough. */
	int (*run)(const struct attempt *t, struct err *err);
	const void *arg;
};

/* 0 if it worked, -1 with the reason. Returns when the process is gone. */
int attempt_run(const struct attempt *t, struct err *err);
