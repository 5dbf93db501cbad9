/*
 * Names. state/NAME exists while a container is being made, runs or is being undone; the directory
 * appears under its name complete, with its record in it, and locked by whoever made it. So there is one
 * winner, and whatever is found says how to undo it. root/containers/NAME exists from the
 * creation of a container to its removal.
 */
#pragma once

#include "spec/spec.h"
#include "state/container.h"

#include <errno.h>

/* err->sys if another container has the name. It is an errno that no system call returns for a file. */
#define NAMELOCK_TAKEN ENOTUNIQ

/* Locks the name of a new container and makes both directories. A name that a dead container
 * still holds is released first. */
int namelock_new(const struct store *store, const struct spec *spec, struct container *ret,
	struct err *err);

/* The same of a container that exists, to start it again: its data stay whatever happens. By the moment its record tells
 * this start from others. err->sys is NAMELOCK_TAKEN if it runs, ENOENT if it is gone, or another one has its name. */
int namelock_existing(const struct store *store, const struct spec *spec, int64_t started_ns,
	struct container *ret, struct err *err);

/* The same of one that the caller holds, and has ended. */
int namelock_renew(struct container *c, const struct spec *spec, struct err *err);

/* Looks whether namelock_new() would find the name taken, and locks nothing: then -1 with NAMELOCK_TAKEN. */
int namelock_probe(const struct store *store, const char *name, struct err *err);

/* As namelock_new() for an engine's container, which is kept until the engine deletes it, and has a state
 * directory only. */
int namelock_bundle(const struct store *store, const struct spec *spec, const char *bundle,
	const char *cgroup, struct container *ret, struct err *err);

enum namelock_wait {
	NAMELOCK_NOWAIT, /* held by somebody: -1, err->sys is EWOULDBLOCK */
	NAMELOCK_WAIT,   /* waits for whoever holds it to let go */
	NAMELOCK_NONE,   /* only looks: takes no lock */
};

/* Opens a container that has a state directory. err->sys is ENOENT if it has none (or lost it while
 * we waited). */
int namelock_open(const struct store *store, const char *name, enum namelock_wait wait,
	struct container *ret, struct err *err);

/* The first lets go of the lock of a container whose payload runs; the second waits for it again: err->sys is ENOENT
 * if the container is gone by then. */
int namelock_let_go(struct container *c, struct err *err);
int namelock_retake(struct container *c, struct err *err);

/* Locks a name that no living container has, to do something to what is kept under it: nobody
 * starts or removes it meanwhile. namelock_drop() ends that. */
int namelock_hold(const struct store *store, const char *name, struct container *ret,
	struct err *err);
int namelock_drop(struct container *c, struct err *err);
