/* The parts of config.json whose shape is not that of struct spec, and the way between the two. */
#pragma once

#include "spec/field.h"
#include "spec/spec.h"
#include "spec/word.h"

struct document_mount {
	const char *destination, *type, *source;
	const char **options;
	size_t option_count;
	struct id_map *uid_maps, *gid_maps;
	size_t uid_map_count, gid_map_count;
};

struct document_device {
	const char *path, *type;
	uint32_t major, minor, mode, uid, gid;
	bool has_major, has_minor, has_mode;
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

struct document_weight {
	uint32_t major, minor, weight, leaf;
};

struct document_hugepage {
	const char *size;
	uint64_t limit; /* UINT64_MAX: unlimited */
};

struct document_rdma {
	const char *device;
	uint32_t handles, objects;
	bool has_handles, has_objects;
};

struct document_resources {
	int64_t memory, reservation, swap; /* -1: unlimited; 0: not asked for */
	uint64_t memory_before;            /* the limit of a container that is changed */
	int64_t kernel, kernel_tcp;
	uint64_t swappiness;
	bool has_swappiness, oom_killer_off, hierarchy, has_hierarchy;
	uint64_t shares, burst;
	int64_t quota, pids, realtime_runtime, idle;
	uint64_t realtime_period;
	bool has_pids, has_burst, has_idle;
	uint32_t weight, leaf_weight;
	struct document_weight *weights;
	size_t weight_count;
	struct document_hugepage *hugepages;
	size_t hugepage_count;
	struct document_rdma *rdma;
	size_t rdma_count;
	struct {
		struct document_throttle *items;
		size_t count;
	} throttle[THROTTLES];
	struct document_rule *rules;
	size_t rule_count;
	struct key_value *unified;
	size_t unified_count;
};

struct document_namespace {
	const char *type, *path;
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
	struct document_namespace *namespaces;
	size_t namespace_count;
	struct document_device *devices;
	size_t device_count;
	struct key_value *sysctls;
	size_t sysctl_count;
	struct document_resources resources;
	json_t *seccomp_object;
	const char *propagation;
	const char *policy; /* scheduler */
	const char **policy_flags;
	size_t policy_flag_count;
	int32_t priority;
	const char *io_class;
	bool has_io_priority;
	const char *memory_mode;
	const char **memory_flags;
	size_t memory_flag_count;
	const char *domain; /* personality */
	const char **domain_flags;
	size_t domain_flag_count;
	bool rdt_occupancy, rdt_traffic; /* are to be measured */
	uint64_t rows, columns;
	struct key_value *annotations;
	size_t annotation_count;
	/* Under DOCUMENT_PREFIX. */
	const char *dir, *user, *seccomp;
	char **groups;
	size_t group_count;
	const char **make_source; /* targets */
	size_t make_source_count;
};

enum { DEVICE_MAJOR_MAX = 4095, DEVICE_MINOR_MAX = 1048575 };

/* Annotations below this prefix hold what OCI has no word for. They choose the root, the filter, the user; an engine
 * passes on annotations of images and tenants, so they count in our own file only. */
#define DOCUMENT_PREFIX "io.ctr."

/* The top, and the annotations below DOCUMENT_PREFIX: a string as it is, anything else as the text of its JSON. */
extern const struct field document_fields[], document_extras[];
extern const struct field document_mount_fields[], document_id_map_fields[],
	document_namespace_fields[], document_device_fields[], document_rule_fields[],
	document_net_device_fields[];
/* The fields of struct document. */
extern const struct field document_process_fields[];
extern const struct field document_linux_fields[];
extern const struct field document_resource_fields[];
extern const struct field document_rdt_fields[];
extern const struct field document_network_fields[];
extern const struct field document_time_fields[];
extern const struct field document_block_fields[];

/* Between the members of d and those of d->spec; errors name the place in the document. A process
 * and resources can be documents of their own: `place` is where they are, "" for the top. */
int document_process_read(struct walk *w, struct document *d, const char *place);
int document_process_write(struct walk *w, struct document *d);
int document_linux_read(struct walk *w, struct document *d);
int document_linux_write(struct walk *w, struct document *d);
/* Of d->seccomp_object, which loses its nulls. */
int document_seccomp_read(struct walk *w, struct document *d);
int document_seccomp_write(struct walk *w, struct document *d);
int document_mounts_read(struct walk *w, struct document *d);
int document_mounts_write(struct walk *w, struct document *d);
int document_resources_read(struct walk *w, struct document *d, const char *place);
int document_resources_write(struct walk *w, struct document *d);
int document_rdt_read(struct walk *w, struct document *d);
int document_namespaces_read(struct walk *w, struct document *d);
void document_namespaces_write(struct walk *w, struct document *d);
int document_devices_read(struct walk *w, struct document *d);
void document_devices_write(struct walk *w, struct document *d);
int document_rules_read(struct walk *w, struct document *d);
void document_rules_write(struct walk *w, struct document *d);
int document_block_read(struct walk *w, const struct document_resources *r, struct limits *l);
void document_block_write(struct walk *w, struct document *d);

/* What struct limits has no member for, and what means "take the limit off". */
void document_conf_add(struct walk *w, struct limits *l, const char *file, const char *value);

/* CLONE_NEW* of those that are new or joined. */
uint64_t document_namespaces_all(const struct namespaces *ns);

/* What follows DOCUMENT_PREFIX in the name of an annotation, or NULL. */
const char *document_extra_name(const char *key);
/* Of "1.0.2-dev", "1.2.0+dev" or "1.0": the minor number, or -1. */
int document_version_minor(const char *s);

/* Ranges that the kernel takes: within the ids, none twice, not too many. */
int document_maps_check(struct walk *w, const char *name, const struct id_map *maps, size_t count);

/* MS_* with or without MS_REC of "private", "rslave" and so on: 0 for another word; NULL for other
 * flags. */
uint64_t document_propagation(const char *name);
const char *document_propagation_name(uint64_t flags);

/* A list of CPUs or nodes, at *list: with blanks and empty elements, as the kernel takes it, they go. */
int document_list_read(struct walk *w, const char *name, const char **list);

/* "an absolute path" unless it is one that the kernel would take; a check of struct field. */
const char *document_path(const char *s);

/* The same of a label of SELinux, and of the name of a network interface. */
const char *document_label(const char *s);
const char *document_interface_check(const char *s);

/* path as a clean absolute one: config.md has a relative destination mean one below "/". */
const char *document_clean_path(struct walk *w, const char *path);

/* The words that are read there, each list with a NULL behind it. */
extern const char *const document_seccomp_actions[],
	*const document_seccomp_operators[], *const document_seccomp_arches[],
						     *const document_seccomp_flags[];

extern const struct word document_memory_modes[], document_memory_flags[];

/* The options of mounts that are read, for `features`: how many of at most max names were written. */
size_t document_mount_options(const char **ret, size_t max);
