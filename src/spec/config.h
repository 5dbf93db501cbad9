/* config.json of the OCI runtime specification 1.3: a container as any OCI runtime can run it. */
#pragma once

#include "base/json.h"
#include "spec/spec.h"

/* Annotations below this prefix hold what OCI has no word for. They choose the root, the filter, the
 * user; an engine passes on annotations of images and tenants, so they count in our own file only. */
#define CONFIG_PREFIX "io.ctr."

/* The one annotation of an engine that counts, if it is "1": podman writes it for --group-add keep-groups, and
 * images cannot. */
#define CONFIG_KEEP_GROUPS "run.oci.keep_original_groups"

enum config_origin {
	CONFIG_OURS, /* the state directory of a container: written by config_write() */
	/* A bundle: CONFIG_PREFIX means nothing here, and no filter means unconfined. What the
	 * specification has each container have is added (spec_devices_complete()). */
	CONFIG_ENGINE,
};

/* Strict: wrong types, values that mean nothing, duplicate names and members that are known but not
 * implemented ("linux.intelRdt") are refused with "WHAT:LINE:COLUMN: PLACE: reason". A member that
 * nobody knows is refused in a file of ours; the specification forbids to refuse it in an engine's,
 * so there it is in ret->warnings, as is what has no effect on cgroup v2.
 * root.path becomes root.dir, as it is, unless the file is ours and names its root itself. Free with
 * spec_free(). what names the document in errors. */
int config_read(const char *what, const char *text, size_t len, enum config_origin origin,
	struct spec *ret, struct err *err);
/* A process alone, to run in the container base: ret->process. Capabilities, resource limits and
 * labels that it does not have, and what config.json says beside the process, are base's. */
int config_read_process(const char *what, const char *text, size_t len, const struct spec *base,
	struct spec *ret, struct err *err);
/* linux.resources alone, to change the container base: ret->limits, with only what the document asks
 * for, and ret->device_rules, none or all that hold from then on. */
int config_read_resources(const char *what, const char *text, size_t len, const struct spec *base,
	struct spec *ret, struct err *err);
/* The annotations of spec that are properties of a scope (spec/unitproperty.h): spec->unit_properties,
 * for who makes one. text is what config_read() made spec of: for the place of a mistake. */
int config_read_unit_properties(const char *what, const char *text, size_t len, struct spec *spec,
	struct err *err);
/* The root and the sources of bind mounts that are relative are so to the bundle, an absolute path. */
void config_rebase(struct spec *spec, const char *bundle);

/* What ran, with root for root.path, new (free it); NULL with err. What config_read() makes of it is written as the
 * same bytes again. RLIM_INFINITY is written as the largest number that JSON libraries hold. */
char *config_write(const struct spec *spec, const char *root, struct err *err);
