/* The programs of an engine that run at points in the life of a container, one after the other. */
#pragma once

#include "base/err.h"
#include "process/seccomp.h"
#include "spec/spec.h"

#include <errno.h>

/* "createRuntime" and its kind, as config.json names them. */
const char *hook_point_name(enum hook_point point);

/* err->sys where a hook is why something failed; no system call says that of what we do. */
#define HOOK_FAILED ENOTRECOVERABLE

/* What a hook has beside what its own description says. */
struct hook_setting {
	int dir_fd;       /* working directory; -1: the caller's */
	char *const *env; /* of one that says nothing of its own; NULL: the caller's */
	const struct seccomp_filter *filter; /* what it runs under, or NULL */
};

/*
 * Runs those of a point in the order of the list, with the state on standard input and /dev/null as
 * standard output. The first that fails, or is not done within its time, ends it: HOOK_FAILED; the message
 * names the point, the program, and the last line it said. One out of its time is killed with all of its process
 * group; each has a session of its own. In the namespaces and with the rights of the caller; a child of
 * a clone may call it: nothing is allocated.
 */
int hooks_run(const struct hooks *hooks, enum hook_point point, const char *state,
	const struct hook_setting *to, struct err *err);

/* The same, but a failure is a warning, and the next one is run: what the specification wants of
 * poststop. */
void hooks_run_all(const struct hooks *hooks, enum hook_point point, const char *state,
	const struct hook_setting *to);
