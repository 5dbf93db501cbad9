/* The root of a container: read-only layers and one writable directory under an overlay. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { OVERLAY_LAYERS_MAX = 500 }; /* the kernel's own limit */

struct overlay {
	const int *layers; /* detached trees, lowest first */
	size_t count;
	int writable; /* detached tree with the directories upper/ and work/; -1: two layers or more,
			     for reading only */
	bool is_volatile; /* never synced: for roots that are thrown away */
	bool nosuid;      /* marks of files give nothing, and are no reason to refuse an exec */
};

/*
 * In the child, inside its user and mount namespaces: makes a scratch tmpfs on top of /proc, attaches
 * the layers below it and mounts the overlay there. An overlay over an id-mapped upper directory
 * must be mounted from inside the mapped user namespace, or copy-up fails (6.1 to 7.2); and
 * detached layers can be named to overlayfs by descriptor from 6.15 on only. So both are
 * attached first, by names that only we can write, on every kernel alike.
 *
 * The working directory becomes the scratch tmpfs. Returns an O_PATH descriptor of the root.
 */
int overlay_mount(const struct overlay *o, struct err *err);
