/* config.json of the OCI runtime specification 1.3: a container as any OCI runtime can run it. */
#pragma once

#include "base/json.h"
#include "spec/spec.h"

/* The one annotation of an engine that counts, if it is "1": podman writes it for --group-add keep-groups, and
 * images cannot. */
#define CONFIG_KEEP_GROUPS "run.oci.keep_original_groups"

enum config_origin {
	CONFIG_OURS, /* the state directory of a container: written by config_write() */
	/* A bundle: annotations of ours mean nothing here, and no filter means unconfined. What the
	 * specification has each container have is added (spec_devices_complete()). */
	CONFIG_ENGINE,
};

/* Strict: wrong types, values without a meaning, duplicate names and members that cannot be honoured (the
 * net_cls "classID") are refused with "WHAT:LINE:COLUMN: PLACE: reason". An unknown member is refused in a
 * file of ours. In an engine's, where the specification forbids to refuse it, it becomes one of
 * ret->warnings, as does what has no effect on cgroup v2.
 * root.path becomes root.dir, as it is, unless the file is ours and names its root itself. Free with
 * spec_free(). what names the document in errors. */
int config_read(const char *what, const char *text, size_t len, enum config_origin origin,
	struct spec *ret, struct err *err);
/* Reads a document that is one process, to run in the container base, into ret->process. Capabilities, resource
 * limits and labels that it does not name, and everything beside the process, are those of base. */
int config_read_process(const char *what, const char *text, size_t len, const struct spec *base,
	struct spec *ret, struct err *err);
/* Reads a document that is linux.resources, to change the container base. ret->limits has only what the document
 * asks for; ret->device_rules is empty, or has all rules that hold from then on. */
int config_read_resources(const char *what, const char *text, size_t len, const struct spec *base,
	struct spec *ret, struct err *err);
/* Fills spec->unit_properties from the annotations that are properties of a scope (spec/unitproperty.h), for a
 * caller that makes one. text is what config_read() made spec of; errors name the place in it. */
int config_read_unit_properties(const char *what, const char *text, size_t len, struct spec *spec,
	struct err *err);
/* Makes a relative root and relative sources of bind mounts absolute: they are relative to the bundle, which is
 * an absolute path. */
void config_rebase(struct spec *spec, const char *bundle);

/* What ran, with root for root.path, new (free it); NULL with err. What config_read() reads from it would be
 * written as the same bytes. RLIM_INFINITY is written as the largest number that JSON libraries hold. */
char *config_write(const struct spec *spec, const char *root, struct err *err);
