/* What an image has at the place of a volume, into that volume. */
#pragma once

#include "spec/spec.h"
#include "state/store.h"

#include <sys/types.h>

/* Who fills the volumes of one start: a process of its own, made for the first one that needs it. */
struct volume_filler {
	int sock; /* or -1 */
	pid_t pid;
};
#define VOLUME_FILLER_NONE                                                                         \
	{                                                                                          \
		.sock = -1                                                                         \
	}
void volume_filler_end(struct volume_filler *f);

/*
 * If the volume behind fd is empty, and the mount does not say nocopy: copies what the layers of the image have at
 * its target, with owners, modes and times. Nothing is in the volume before all of it is there; what was
 * begun and not finished is begun again, or finished, by who comes next. The caller holds the volume.
 * Of a root that is a directory of the host nothing is copied.
 */
int volume_fill(struct volume_filler *f, const struct store *store, const struct spec *spec,
	const struct mount *m, int fd, struct err *err);
