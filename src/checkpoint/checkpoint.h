/*
 * A container that an engine made, written to files by CRIU, and made again from them. What belongs to
 * the host is not in the files: the root, bind mounts, namespaces that were joined, and the standard
 * streams are taken from the bundle and from the caller when it is restored.
 */
#pragma once

#include "checkpoint/options.h"
#include "launch/bundle.h"
#include "launch/plan.h"
#include "state/container.h"

/* Dumps a running or paused container, which then has stopped, unless it is left running or was only
 * dumped before the dump. The caller holds the lock. */
int bundle_checkpoint(struct container *c, const struct checkpoint *o, struct err *err);

/* As container_start() of a bundle, but what runs then is what was dumped. The first process is our
 * child. *ret_console, if it is not NULL and b has no socket for it: the master of the terminal. */
int container_restore(const struct store *store, const struct spec *spec, const struct plan *plan,
	const struct bundle *b, const struct checkpoint *o, int *ret_console, struct container *ret,
	struct err *err);
