/* A program whose standard output we read: a recipe, tar. */
#pragma once

#include "base/err.h"

#include <sys/types.h>

struct child {
	pid_t pid;
	int out;          /* its standard output */
	const char *name; /* for errors */
	int tolerated;    /* an exit status that is no failure beside 0 */
};

/* Keeps standard input and error, the environment, and of other descriptors only kept (-1: none); its
 * signals are as by default. It is told to end if we die. */
int child_start(const char *name, char *const argv[], int kept, struct child *ret, struct err *err);
/* GNU tar of all that is in the directory, in the order of names: holes, attributes and hard links are kept.
 * That a file changed while it was read is no failure. */
int child_start_tar(int dir, struct child *ret, struct err *err);
/* Waits; -1 with err, its status in words, unless it succeeded. Once only. */
int child_finish(struct child *c, struct err *err);
/* What failed writes a tar cut short: if it has ended, and not well, err becomes its status. */
void child_blame(struct child *c, struct err *err);
/* Ends one that is still there. */
void child_stop(struct child *c);

/* Bounds the memory that a hostile archive can make our libraries take; children are not bound. */
void child_limit_ourselves(void);
