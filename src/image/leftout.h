/* The names of a layer under which nothing was put, so that a hard link to one is left out like it. */
#pragma once

#include "base/json.h"
#include "image/entry.h"

#include <stdbool.h>

enum { LEFTOUT_MAX = 1 << 20 /* bytes of the names that are remembered */ };

struct leftout {
	json_t *names; /* keys of an object */
	size_t bytes;
};

/* Names beyond LEFTOUT_MAX are forgotten: a hard link to one of them is then refused as one to nothing. */
void leftout_add(struct leftout *l, const struct entry_path *path);
bool leftout_has(const struct leftout *l, const struct entry_path *path);
void leftout_free(struct leftout *l);
