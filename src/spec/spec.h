/*
 * What a container is. Pure data in the words of the OCI runtime specification, filled from flags
 * and an image (cli/runflags.h, cli/runspec.h) or from a config.json (spec/config.h), and read by the other rooms.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "spec/health.h"
#include "spec/network.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SPEC_NAME_MAX = 128, SPEC_IDS = 65536, FAR_IDS_MAX = 14 };

struct id_map {
	uint32_t inside, outside, count;
};

/* Which ids of the host stand for those of a container. Without maps they are the same. */
struct id_maps {
	const struct id_map *uids, *gids;
	size_t nuids, ngids;
};

enum mount_kind {
	MOUNT_BIND, /* source is a path of the host, opened before the clone */
	MOUNT_TMPFS,
	MOUNT_PROC,
	MOUNT_SYSFS,
	MOUNT_DEVPTS,
	MOUNT_MQUEUE,
	MOUNT_CGROUP,
	MOUNT_DEV, /* tmpfs with the device nodes of the container */
	MOUNT_FS,  /* any other file system, by its name */
};

struct mount {
	enum mount_kind kind;
	const char *type;   /* MOUNT_FS: name of the file system; else NULL */
	const char *source; /* MOUNT_BIND: absolute path on the host. MOUNT_FS: as the file system
			       takes it, or NULL. Else for who lists mounts, or NULL */
	const char *target; /* clean absolute path in the container: base/pathname.h */
	uint64_t attr_set;  /* MOUNT_ATTR_* of mount_setattr(2), for the mount at the target */
	uint64_t attr_clear;
	uint64_t attr_rset; /* the same for it and every mount below it */
	uint64_t attr_rclear;
	uint64_t propagation; /* MS_PRIVATE …, with MS_REC for those below too; 0: private */
	const char *data;     /* file-system options "size=64m,mode=1777", NULL: none */
	bool recursive;       /* MOUNT_BIND: with the mounts below the source */
	bool idmap;           /* ids on disk are the container's own, or those of the maps below */
	bool idmap_recursive; /* also of the mounts below the source */
	struct id_map *uid_maps, *gid_maps; /* inside: id on disk; outside: id on the host */
	size_t uid_map_count, gid_map_count;
	bool make_source; /* -v: make a missing source directory */
	const char *
		volume; /* MOUNT_BIND: the volume that the source is the data of, or NULL. In memory only */
	bool anonymous; /* of this container alone; volume is a name made up for it */
	bool nocopy;    /* an empty one stays so, whatever the image has at the target */
	bool copy_up;   /* tmpfs: start with what the image has there */
};

struct device {
	char type; /* 'c', 'b', or 'p' for a FIFO */
	uint32_t major, minor;
	mode_t mode; /* permission bits of the node */
	uint32_t uid, gid;
	const char *path;   /* in the container */
	const char *access; /* some of "rwm" */
};

/* One rule of the device controller. A major or minor of -1 means any. Later rules win. */
struct device_rule {
	bool allow;
	char type; /* 'a', 'b' or 'c' */
	int64_t major, minor;
	const char *access;
};

/* The limit of core dumps, in bytes, at which there are none. With 0 the kernel would still start a handler of the
 * host's, if core_pattern is a pipe. */
enum { CORE_NONE = 1 };

struct rlimit_spec {
	int resource; /* RLIMIT_* */
	uint64_t soft, hard;
};

struct key_value {
	const char *key, *value;
};

struct io_max {
	uint32_t major, minor;
	uint64_t rbps, wbps, riops, wiops; /* 0: unlimited */
};

/* Limits: 0 or NULL stands for "not asked for" unless said otherwise. */
struct limits {
	uint64_t memory;      /* bytes */
	bool memory_check;    /* a change to less than is in use is refused, not enforced */
	uint64_t memory_swap; /* bytes of swap beyond memory; UINT64_MAX: unlimited */
	bool memory_swap_set;
	bool memory_swap_default; /* follows from memory: skipped where there is no swap control */
	uint64_t memory_low, memory_high; /* bytes */
	bool oom_group;
	uint64_t cpus; /* --cpus in millionths, until limits_check makes quota of it */
	uint64_t cpu_quota_us, cpu_period_us;  /* quota in each period */
	uint64_t cpu_weight;                   /* 1…10000 */
	const char *cpuset_cpus, *cpuset_mems; /* of a change: "" for any */
	uint64_t pids;                         /* UINT64_MAX: unlimited */
	bool pids_none;     /* 0 was asked for: 1, as there has to be a first process */
	bool pids_default;  /* our own default: skipped where the host cannot hold it */
	uint64_t io_weight; /* 1…10000 */
	struct io_max *io_max;
	size_t io_max_count;
	struct key_value *conf; /* --cgroup-conf: any file of the cgroup */
	size_t conf_count;
	bool of_document; /* asked for in config.json: messages name its members, not flags */
};

enum cap_set {
	CAPSET_BOUNDING,
	CAPSET_EFFECTIVE,
	CAPSET_PERMITTED,
	CAPSET_INHERITABLE,
	CAPSET_AMBIENT,
	CAPSETS,
};

/* For sched_setattr(2). */
struct scheduler {
	bool set;
	uint32_t policy; /* SCHED_* */
	int32_t nice;
	uint32_t priority;
	uint64_t flags; /* SCHED_FLAG_* */
	uint64_t runtime_ns, deadline_ns, period_ns;
};

/* For set_mempolicy(2). */
struct memory_policy {
	bool set;
	int mode;          /* MPOL_*, with MPOL_F_* */
	const char *nodes; /* "0-3,5", or NULL */
};

struct process_spec {
	char **argv; /* NULL-terminated */
	size_t argc;
	char **env; /* NULL-terminated "KEY=VALUE" */
	size_t envc;
	const char *cwd; /* absolute */
	const char
		*user; /* "", "uid", "name", "uid:gid", "name:group"; looked up in the container */
	char **groups; /* --group-add: names or numbers */
	size_t groupc;
	bool keep_groups;       /* those of the caller, and no others */
	uint64_t caps[CAPSETS]; /* bit n is capability n */
	bool no_new_privs;
	bool terminal;
	bool open_stdin;
	const char *detach_keys; /* --detach-keys, for whoever attaches; NULL: the usual ones */
	const char *seccomp; /* NULL: the built-in profile, "unconfined", or path of a profile */
	const char *seccomp_profile; /* its text, where the path was one of a pipe; or NULL */
	const char *seccomp_text;    /* a profile itself, as JSON; comes before seccomp */
	const char *listener, *listener_metadata; /* socket for the notifications of seccomp_text */
	const char *apparmor; /* a profile, or "unconfined"; NULL: that of ctr itself */
	const char *selinux;  /* user:role:type[:level]; NULL: as the policy has it */
	struct rlimit_spec *rlimits;
	size_t rlimit_count;
	int oom_score_adj;
	bool oom_score_adj_set;
	mode_t umask;
	uint16_t rows, columns; /* of the terminal; 0: as it comes */
	bool plain_lines;       /* it adds no carriage returns */
	struct scheduler scheduler;
	int io_class, io_priority;             /* IOPRIO_CLASS_*, 0: not asked for; 0…7 */
	const char *cpus_initial, *cpus_final; /* "0-3,5": of exec, as it is set up, and after it */
	struct memory_policy memory_policy;
	uint64_t personality; /* PER_* */
	bool personality_set;
	bool no_new_keyring;
};

struct root_spec {
	const char *dir;     /* --rootfs DIR, or NULL */
	const char **layers; /* lowest first: directories relative to the image store's layers/ */
	size_t layer_count;
	bool readonly;
	bool never_synced;    /* the writable layer: for roots that are thrown away */
	bool direct;          /* dir itself is the root, without an overlay */
	uint64_t propagation; /* of the root mount: MS_SLAVE | MS_REC …; 0: private */
	bool no_pivot;
};

/* A namespace to join instead of a fresh one. */
struct ns_path {
	uint64_t flag; /* CLONE_NEW* */
	const char *path;
};

struct namespaces {
	uint64_t fresh; /* CLONE_NEW* to make new */
	struct ns_path *paths;
	size_t path_count;
	int64_t boot_offset_s, monotonic_offset_s; /* of CLONE_NEWTIME */
	uint32_t boot_offset_ns, monotonic_offset_ns;
	struct id_map *uid_maps,
		*gid_maps; /* of CLONE_NEWUSER; none: a private range of SPEC_IDS */
	size_t uid_map_count, gid_map_count;
	bool private_ids; /* in a document: the maps are a range that a start had chosen */
	uint32_t far_ids[FAR_IDS_MAX]; /* above a private range, in it all the same */
	size_t far_id_count;
};

/* Points in the life of a container at which an engine's programs run, in the order of config.json. */
enum hook_point {
	HOOK_PRESTART, /* deprecated: with HOOK_CREATE_RUNTIME, before them */
	HOOK_CREATE_RUNTIME,
	HOOK_CREATE_CONTAINER,
	HOOK_START_CONTAINER,
	HOOK_POSTSTART,
	HOOK_POSTSTOP,
	HOOK_POINTS,
};

struct hook {
	const char *path; /* absolute */
	char **argv;      /* NULL-terminated; NULL: the path alone */
	size_t argc;
	char **env; /* NULL-terminated; NULL: empty */
	size_t envc;
	uint32_t timeout_s; /* 0: none */
};

struct hooks {
	struct hook *items[HOOK_POINTS];
	size_t count[HOOK_POINTS];
};

/* A network interface of the host that goes into the container's network namespace. */
struct net_device {
	const char *name;   /* on the host */
	const char *inside; /* in the container; NULL: the same */
};

/* A group of the kernel's resctrl. */
struct intel_rdt {
	bool set;
	const char *class;             /* "/": that of the root; NULL: one of the container's own */
	const char *cache, *bandwidth; /* lines of its schemata file, or NULL */
	const char **schemata;         /* more of them, which come last */
	size_t schemata_count;
	bool monitored; /* it is measured apart from others of the class */
};

struct spec {
	struct arena arena;      /* owns every string and array below */
	const char *name, *id;   /* id: 64 hex digits */
	const char *oci_version; /* of the config.json it came from, or NULL */
	const char **warnings;   /* what config.json asks for and nobody does, a line each */
	size_t warning_count;
	const char *hostname, *domainname;
	const char *cgroup;  /* linux.cgroupsPath, or NULL: in our own corner of the tree */
	bool systemd_cgroup; /* in a scope; cgroup is then "SLICE:PREFIX:NAME" */
	struct unit_property
		*unit_properties; /* of that scope, beyond our own: spec/unitproperty.h */
	size_t unit_property_count;
	struct hooks hooks;
	struct net_device *net_devices;
	size_t net_device_count;
	struct intel_rdt intel_rdt;
	const char *image; /* as the user wrote it, or NULL */
	struct root_spec root;
	struct process_spec process;
	struct namespaces ns;
	struct mount *mounts;
	size_t mount_count;
	const char **volumes; /* names of those that are mounted. In memory only */
	size_t volume_count;
	bool own_volumes;        /* some are of this container alone */
	const char *mount_label; /* of SELinux, for the root and its mounts */
	const char **masked, **readonly_paths;
	size_t masked_count, readonly_count;
	struct device *devices;
	size_t device_count;
	struct device_rule *device_rules;
	size_t device_rule_count;
	struct key_value *sysctls;
	size_t sysctl_count;
	struct key_value *hosts; /* --add-host: name, address */
	size_t host_count;
	const char **dns, **dns_search, **dns_options;
	size_t dns_count, dns_search_count, dns_option_count;
	struct limits limits;
	struct key_value *labels, *annotations;
	size_t label_count, annotation_count;
	bool remove;         /* --rm */
	const char *restart; /* as restart_parse() takes it, or NULL: no */
	bool init;           /* ctr-init is PID 1 */
	bool die_with_parent;
	int stop_signal; /* SIGTERM if not asked for */
	uint64_t stop_timeout_ns;
	uint64_t timeout_ns; /* 0: none */
	uint64_t log_max_bytes;
	uint64_t log_rate_bytes; /* a second; 0: no limit */
	struct health_spec health;
	struct network_spec network;
};

void spec_free(struct spec *spec);

/* What an id of the container is on the host; without maps it is the same. False: it is nobody there. */
bool id_map_find(const struct id_map *maps, size_t n, uint32_t inside, uint32_t *ret_outside);
