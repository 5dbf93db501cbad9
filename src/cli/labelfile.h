/* --label-file: labels, one to a line. */
#pragma once

#include "spec/spec.h"

/* "KEY" or "KEY=VALUE" to a line; empty ones and those that begin with '#' are none. What the spec has of a key
 * stays. */
int labelfile_take(struct spec *spec, const char *path, struct err *err);
