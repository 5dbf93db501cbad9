/*
 * What must be known to undo a container, written before any of it exists: state/NAME/record.json;
 * and what is told about it once it has ended, root/containers/NAME/container.json. Pure: text in,
 * struct out.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "spec/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum stage {
	STAGE_CREATING,   /* half done: whoever finds it without its holder undoes it */
	STAGE_RUNNING,    /* the payload has been started, or waits for its start */
	STAGE_RESTARTING, /* it has ended, which is told, and its holder will start it again */
};

/* What a container can have beside its namespaces and its cgroup: state/resource.h. */
enum resource_kind { RESOURCE_RDT, RESOURCE_NET, RESOURCE_KINDS };

enum {
	RECORD_NAME_MAX = 255, /* the id of an engine's container is its name here */
	RECORD_CGROUP_MAX = 1023,
	RECORD_BUNDLE_MAX = 4095,
	RECORD_MAX = 64 << 10, /* of all of it as text */
};

struct record {
	char name[RECORD_NAME_MAX + 1];
	char id[65];
	char boot_id[37];
	enum stage stage;
	uint32_t range; /* of ids (ns/idmap.h), and the name of the cgroup; IDMAP_RANGES: none */
	uint64_t namespaces;  /* CLONE_NEW* it has of its own */
	pid_t pid;            /* in the host's numbering; 0 before the clone */
	uint64_t start_ticks; /* of pid, from /proc/PID/stat: tells it from a later process */
	int64_t started_ns;   /* since 1970 */
	bool remove;          /* --rm */
	bool kept;       /* it was there before this start, with its data: undoing leaves these */
	bool supervised; /* a ctr-supervisor waits for it */
	bool terminal;
	bool healthcheck;          /* its supervisor asks how it is: state/health.h */
	uint32_t restarts, streak; /* as in struct restart_facts, of this start */
	/* Below the top of the tree; "": at the usual path, or, without an id range, none. */
	char cgroup[RECORD_CGROUP_MAX + 1];
	/* Only a container that an engine made has these; else they are "" and 0. */
	char bundle[RECORD_BUNDLE_MAX + 1];
	int64_t created_ns; /* since 1970 */
	bool late_hooks;    /* poststart or poststop */
	unsigned resources; /* 1 << enum resource_kind: which of these it has, by its config.json */
	bool own_volumes;   /* of it alone: its container.json names them */
	bool class_made;    /* and the class that it names was not there */
};

/* Whether its ids, and the name of its cgroup, are one of the ranges of this host. Then its first process is born in that
 * cgroup; an engine names another place for it, or none. */
bool record_has_range(const struct record *r);
bool record_has_group(const struct record *r);

/* One line of JSON, new (free it). */
char *container_record_format(const struct record *r, struct err *err);
int container_record_parse(const char *text, size_t len, struct record *ret, struct err *err);

/* A container as users know it. Strings belong to the arena. */
struct metadata {
	struct arena arena;
	const char *name, *id, *image; /* image may be NULL: --rootfs */
	const char *rootfs;            /* or NULL */
	char **command;                /* NULL-terminated */
	const char **layers;
	size_t layer_count;
	const char **volumes; /* names; older versions knew none */
	size_t volume_count;
	struct key_value *labels;
	size_t label_count;
	int64_t created_ns, started_ns, finished_ns; /* since 1970; 0: not yet */
	bool remove, exited;
	bool unstarted;  /* made, but never started */
	bool logged;     /* a supervisor was to keep what it writes; older versions did not say */
	int exit_status; /* if exited; -1: nobody saw it end */
	bool oom_killed;
	uint32_t restarts; /* before this end, since somebody started it */
	const char *error; /* why it could not be started again by itself after that end, or NULL */
};

char *metadata_format(const struct metadata *s, struct err *err);
int metadata_parse(const char *text, size_t len, struct metadata *ret, struct err *err);
void metadata_free(struct metadata *s);
