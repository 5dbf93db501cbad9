/* config.json of a container, as a spec. */
#pragma once

#include "spec/spec.h"
#include "state/container.h"

/* An engine's: as it came, in its state directory. */
#define BUNDLE_CONFIG "config.json"

/* The spec of a container of ours; free it with spec_free(). */
int container_spec(const struct store *store, const char *name, struct spec *ret, struct err *err);

/* The spec that an engine's container was created with; free it with spec_free(). */
int bundle_spec(const struct container *c, struct spec *ret, struct err *err);
/* One of the files that are kept of an engine's container. */
int bundle_read(const struct container *c, const char *file, char **ret_text, size_t *ret_len,
	struct err *err);
/* In the words that engines look for; err->sys is ENOENT. -1. */
int bundle_does_not_exist(const char *id, struct err *err);
