/*
 * A program that we run, and all that comes of it, held by a process beside us: they end with
 * us, however we end. The keeper is the parent of the program and of what has lost its own, so that
 * nobody of them is missed; it holds our descriptors, and so our locks, until they are gone.
 */
#pragma once

#include "base/err.h"

#include <sys/types.h>

enum { REAPER_SECONDS = 10 };

struct reaper {
	pid_t keeper;
	int line;       /* it hears of our end by it */
	int was_reaper; /* before: of orphans in general */
};

/* Forks the keeper, and from it a process that calls run(), which must not return. Neither of them has the
 * n descriptors of unwanted. Until that ends the caller is a reaper of orphans. */
int reaper_begin(struct reaper *ret, void (*run)(void *arg), void *arg, const int *unwanted,
	size_t n, struct err *err);

/* The program has done its work: it has REAPER_SECONDS to end. Siblings that it has made, by CLONE_PARENT,
 * live on as children of the caller. */
void reaper_release(struct reaper *c);

/* Kills all of them, and waits for their end, REAPER_SECONDS at most. */
void reaper_kill(struct reaper *c);
