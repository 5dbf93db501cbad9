/* The documents of an image that comes without them: OCI image config and manifest. Pure. */
#pragma once

#include "base/err.h"
#include "base/json.h"
#include "image/stream.h"

#include <stddef.h>
#include <stdint.h>

struct compose_layer {
	const char *blob, *diff; /* hex digits */
	uint64_t size;
	enum compression compression;
};

/* process: the "config" member (Cmd, Env …), or NULL. created: RFC 3339. A new string, or NULL. */
char *compose_config(const json_t *process, const char *architecture, const char *created,
	const char *origin, const struct compose_layer *layers, size_t count, struct err *err);
char *compose_manifest(const char *config_hex, size_t config_size,
	const struct compose_layer *layers, size_t count, struct err *err);

/* Refuses a fragment of an image config that has members the OCI image specification does not
 * know, or of the wrong type. what names it. */
int compose_check_fragment(const char *what, const json_t *process, struct err *err);
