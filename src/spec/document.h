/* The parts of config.json whose shape is not that of struct spec, and the way between the two. */
#pragma once

#include "spec/config.h"
#include "spec/field.h"
#include "spec/spec.h"

struct document_mount {
	const char *destination, *type, *source;
	const char **options;
	size_t option_count;
};

struct document_device {
	const char *path, *type;
	uint32_t major, minor, mode, uid, gid;
};

struct document_rule {
	bool allow, has_major, has_minor;
	const char *type, *access;
	int64_t major, minor;
};

struct document_throttle {
	uint32_t major, minor;
	uint64_t rate;
};

enum throttle { THROTTLE_RBPS, THROTTLE_WBPS, THROTTLE_RIOPS, THROTTLE_WIOPS, THROTTLES };

struct document_resources {
	int64_t memory, reservation, swap; /* -1: unlimited; 0: not asked for */
	bool oom_killer_off;
	uint64_t shares;
	int64_t quota, pids;
	bool has_pids;
	uint32_t weight;
	struct {
		struct document_throttle *items;
		size_t count;
	} throttle[THROTTLES];
	struct document_rule *rules;
	size_t rule_count;
	struct key_value *unified;
	size_t unified_count;
};

struct document_name {
	const char *type;
};

struct document_rlimit {
	const char *type;
	uint64_t soft, hard;
};

struct document {
	struct spec spec; /* what has the same shape */
	const char *version, *root;
	uint32_t uid, gid;
	uint32_t *gids;
	size_t gid_count;
	struct {
		const char **names;
		size_t count;
	} caps[CAPSETS];
	struct document_rlimit *rlimits;
	size_t rlimit_count;
	struct document_mount *mounts;
	size_t mount_count;
	struct document_name *namespaces;
	size_t namespace_count;
	struct document_device *devices;
	size_t device_count;
	struct key_value *sysctls;
	size_t sysctl_count;
	struct document_resources resources;
	struct key_value *annotations;
	size_t annotation_count;
	/* Under CONFIG_PREFIX. */
	const char *dir, *user, *seccomp;
	char **groups;
	size_t group_count;
	const char **make_source; /* targets */
	size_t make_source_count;
};

extern const struct field document_mount_fields[];
extern const struct field document_resource_fields[]; /* of struct document */

/* Between the members of d and those of d->spec; errors name the place in the document. */
int document_mounts_read(struct walk *w, struct document *d);
int document_mounts_write(struct walk *w, struct document *d);
int document_resources_read(struct walk *w, struct document *d);
int document_resources_write(struct walk *w, struct document *d);

/* "an absolute path" unless it is one that the kernel would take; a check of struct field. */
const char *document_path(const char *s);
