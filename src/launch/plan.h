/*
 * What a start will do, worked out before it does anything: pure, but for the seccomp filter, which
 * may come from the cache. --dry-run prints it.
 */
#pragma once

#include "cgroup/limits.h"
#include "process/ids.h"
#include "process/seccomp.h"
#include "spec/etcfiles.h"
#include "spec/spec.h"

#include <stdio.h>

struct plan {
	uint64_t clone_flags;
	struct id_map maps[2 + FAR_IDS_MAX]; /* a range of its own, of uids and gids alike */
	size_t map_count;                    /* 0: none */
	struct id_maps ids; /* that range, or what the spec says, or what a joined namespace has */
	struct cgroup_plan cgroup;
	struct seccomp_filter filter;
	char **argv;      /* of the payload, behind "ctr-init --" if it has one */
	char **env;       /* process.env with room for HOME */
	char home[300];   /* "HOME=…", filled in by the child */
	const char *path; /* PATH of the payload */
	struct etc_file {
		const char *target, *name, *text;
	} etc[3]; /* files of ours over those of the image */
	size_t etc_count;
	const char *host_resolv; /* for plan_set_network() */
};

/* host: the files of the host for a container in the host's network, or NULL. */
int plan_make(const struct spec *spec, const struct host_etc *host, struct plan *ret,
	struct arena *arena, struct err *err);

/* Whether its root is made of mounts, in a mount namespace of its own. */
bool plan_has_mounts(const struct spec *spec);

/* How a device of the spec gets to its place. */
enum device_way {
	DEVICE_IN_DEV, /* a node in the tmpfs that is our /dev */
	DEVICE_APART,  /* a tree of its own, bound there */
	DEVICE_LEFT,   /* whatever is at /dev has it, or not */
};
/* own_nodes: the container can have nodes that we make. */
enum device_way plan_device(const struct spec *spec, const struct device *d, bool own_nodes);

/* Whether a process of the container may keep groups of ours that it cannot drop. */
enum ids_groups plan_groups(const struct process_spec *p);

/* Whether the container is to manage the groups below its own: it has a cgroup namespace of its own and a
 * writable mount of it. ret_owner is who they belong to: the user of its first process, or its root
 * where that is given by name (config-linux.md 1.1, "Cgroup ownership"). */
bool plan_delegates(const struct spec *spec, const struct id_maps *ids, uint32_t *ret_owner);

/* Whether the container's users are not the host's. */
bool plan_has_users(const struct spec *spec);

/* To be called once the id range is known. The plan must not be moved in memory afterwards. */
void plan_set_range(struct plan *plan, const struct spec *spec, unsigned range);

/* The files of a container in networks of ours, once its addresses are known. Texts are the arena's. */
void plan_set_network(struct plan *plan, const struct spec *spec, const struct etc_network *net,
	struct arena *arena);

void plan_print(const struct spec *spec, const struct plan *plan, FILE *out);
