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
#define CLAIM_TAKEN ENOTUNIQ

/* Claims the name of a new container and makes both directories. A name that a dead container
 * still holds is released first. */
int claim_new(const struct store *store, const struct spec *spec, struct container *ret,
	struct err *err);

/* The same of a container that exists, to start it again: its data stay whatever happens. err->sys is CLAIM_TAKEN if
 * it runs, ENOENT if it is gone, or another one has its name. */
int claim_again(const struct store *store, const struct spec *spec, struct container *ret,
	struct err *err);

/* The same of one that the caller holds, and has ended. */
int claim_held(struct container *c, const struct spec *spec, struct err *err);

/* Looks whether claim_new() would find the name taken, and claims nothing: then -1 with CLAIM_TAKEN. */
int claim_look(const struct store *store, const char *name, struct err *err);

/* As claim_new() for an engine's container, which is kept until the engine deletes it, and has a state
 * directory only. */
int claim_bundle(const struct store *store, const struct spec *spec, const char *bundle,
	const char *cgroup, struct container *ret, struct err *err);

enum claim_wait {
	CLAIM_NOWAIT, /* held by somebody: -1, err->sys is EWOULDBLOCK */
	CLAIM_WAIT,   /* waits for whoever holds it to let go */
	CLAIM_NONE,   /* only looks: takes no lock */
};

/* Opens a container that has a state directory. err->sys is ENOENT if it has none (or lost it while
 * we waited). */
int claim_open(const struct store *store, const char *name, enum claim_wait wait,
	struct container *ret, struct err *err);

/* The first lets go of the claim of a container whose payload runs; the second waits for it again: err->sys is ENOENT
 * if the container is gone by then. */
int claim_yield(struct container *c, struct err *err);
int claim_resume(struct container *c, struct err *err);

/* Claims a name that no living container has, to do something to what is kept under it: nobody
 * starts or removes it meanwhile. claim_drop() ends that. */
int claim_hold(const struct store *store, const char *name, struct container *ret, struct err *err);
int claim_drop(struct container *c, struct err *err);
