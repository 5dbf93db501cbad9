/* A directory of devices, as --device takes it. */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

/* Gives all devices of the host below the directory dirfd, which is named source, at the same places below
 * like->path, with like->access. Links are not followed; a directory without any device is refused. */
int devicedir_add(struct spec *spec, int dirfd, const char *source, const struct device *like,
	struct err *err);
