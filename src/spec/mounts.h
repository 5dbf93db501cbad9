/* All mounts of a container, after the last flag. */
#pragma once

#include "spec/spec.h"

/* Once: puts what is mounted within another mount behind it, and keeps the order otherwise. */
void mounts_sort(struct spec *spec);
/* Then: no two mounts at one target. */
int mounts_check(const struct spec *spec, struct err *err);
