/* config.json of the OCI runtime specification 1.2: a container as any OCI runtime can run it. */
#pragma once

#include "base/json.h"
#include "spec/spec.h"

/* Annotations below this prefix hold what OCI has no word for. They choose the root, the filter, the
 * user; an engine passes on annotations of images and tenants, so they count in our own file only. */
#define CONFIG_PREFIX "io.ctr."

enum config_origin {
	CONFIG_OURS,   /* the state directory of a container: written by config_write() */
	CONFIG_ENGINE, /* a bundle: CONFIG_PREFIX means nothing here, no filter means unconfined */
};

/* Strict: a member that is not implemented is refused by its place ("linux.intelRdt"), as are wrong
 * types and values that mean nothing. root.path becomes root.dir unless the file is ours and names
 * its root itself. Free with spec_free(). what names the document in errors. */
int config_read(const char *what, const char *text, size_t len, enum config_origin origin,
	struct spec *ret, struct err *err);

/* What ran, with root for root.path; NULL with err. What config_read() makes of it is written as the
 * same bytes again. RLIM_INFINITY is written as the largest number that JSON libraries hold. */
json_t *config_write(const struct spec *spec, const char *root, struct err *err);
