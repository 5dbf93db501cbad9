/* What an image has at the place of a volume, into that volume. */
#pragma once

#include "spec/spec.h"
#include "state/store.h"

/*
 * If the volume behind fd is empty, and the mount does not say nocopy: copies what the layers of the image have at
 * its target, with owners, modes and times. Nothing is in the volume before all of it is there; what was
 * begun and not finished is begun again, or finished, by who comes next. The caller holds the volume.
 * Of a root that is a directory of the host nothing is copied.
 */
int volume_fill(const struct store *store, const struct spec *spec, const struct mount *m, int fd,
	struct err *err);
