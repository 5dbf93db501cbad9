/* How much room a container takes, in the words of ps and inspect. */
#pragma once

#include "base/json.h"
#include "state/store.h"
#include "state/view.h"

struct container_size {
	bool known, image_known;
	uint64_t own;   /* bytes on disk of what it has written */
	uint64_t image; /* of the layers below, as unpacked */
};

/* What cannot be measured is not known; a warning says why. */
void container_size(const struct store *store, const struct view *view, struct container_size *ret);

/* sizeRw and sizeRootFs, which has the image in it; null if not known. */
void size_put(json_t *j, const struct container_size *size);
/* "12k (virtual 1.2M)". */
char *size_text(const struct container_size *size, char buf[64]);
