/*
 * A container that runs although this state directory has no record of it: it was started with another
 * CTR_STATE, or the record is lost. Its files bear its id, and so does its cgroup, which tells.
 */
#pragma once

#include "state/container.h"
#include "state/mark.h"

struct elsewhere_group;

/* The marks of all groups, read once, when they are first asked for. */
struct elsewhere {
	const struct store *store;
	int groups_fd, top_fd;
	bool listed;
	struct elsewhere_group *groups;
	size_t count, room;
	/* The container found last: its mark, the group with its processes (or -1), and whether no state
	 * directory knows it. */
	char id[CONTAINER_OWNER_XATTR_MAX];
	int found_fd;
	bool lost;
};

/* Whether the state directory that a group names, which may have been removed and made anew, has the record of
 * the container. What cannot be read may be it. */
bool elsewhere_has_record(int group_fd);

void elsewhere_init(struct elsewhere *e, const struct store *store);
void elsewhere_close(struct elsewhere *e);

/* Whether a container of this root has processes, but no record here: 1 and err says so, 0, or -1. */
int elsewhere_runs(struct elsewhere *e, const char *name, struct err *err);

/* The same of one, for whoever is about to touch its files: -1 also while it is being started. */
int elsewhere_refuse(const struct store *store, const char *name, struct err *err);
/* The same, but a container whose record is lost is killed. */
int elsewhere_end_lost(const struct store *store, const char *name, struct err *err);
