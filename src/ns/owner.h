/*
 * Who owns a user namespace: the effective user of whoever makes it, user_namespaces(7). What the kernel
 * counts for each user (inotify, fanotify, pending signals, message queues, namespaces, processes) it also
 * counts for the owner, outside. If root owned them all, the host and all containers would share one count.
 */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

#include <stdbool.h>
#include <sys/resource.h>

struct ns_owner {
	uint32_t uid;       /* 0: the caller */
	uint64_t processes; /* that there may be in all of the namespace; 0: any number */
	uint32_t files_uid,
		files_gid; /* who owns what the kernel makes with it: the root of the message queues */
};

/* Chooses the owner of a namespace with these maps. uid is what its root (or the first id of the map) is outside, if
 * that is in our own ranges. Any other id may belong to somebody, by /etc/subuid for example, who as the owner would
 * get every right over the container, and all other ids of the map: then uid is one that neither a container nor
 * anybody else has. uid is 0, the caller, if the caller is not root of the machine, or lacks the capabilities over
 * what others own. files_uid and files_gid are root of the namespace outside, or the first id of the map. */
int ns_owner_choose(const struct id_map *uids, size_t nuids, const struct id_map *gids,
	size_t ngids, struct ns_owner *ret, struct err *err);

/* What a process loses when it changes its ids, to be restored. */
struct ns_caller {
	uid_t real;
	int dumpable, death_signal;
	struct rlimit processes;
};

/* Called before and after the clone. All capabilities are kept. The real user changes too if processes are to be
 * counted. ns_owner_leave() is called by parent and child; the child keeps the ids. */
int ns_owner_become(const struct ns_owner *owner, struct ns_caller *ret, struct err *err);
int ns_owner_leave(const struct ns_caller *caller, bool child, struct err *err);
