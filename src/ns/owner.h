/*
 * Who owns a user namespace: the effective user of whoever makes it, user_namespaces(7). What the kernel
 * counts for each user (inotify, fanotify, pending signals, message queues, namespaces, processes) it
 * counts for the owner as well, outside. Of root that would be one count for the host and all containers.
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
		files_gid; /* of what the kernel makes with it: the root of the message queues */
};

/* For a namespace with these ids. uid: the one whom its root is outside (or who else is first), if that is of our own
 * ranges. Other ids may be somebody's, and be it by /etc/subuid, who as the owner would get every right over the
 * container, and with it all other ids of the map: then one that no container and nobody else has. The caller
 * where it has to be: it is not root of the machine, or its own rights do not reach into what others own. files_uid and files_gid: root of the namespace, where it has one. */
int ns_owner_choose(const struct id_map *uids, size_t nuids, const struct id_map *gids,
	size_t ngids, struct ns_owner *ret, struct err *err);

/* What a change of ids takes from a process, to be given back. */
struct ns_caller {
	uid_t real;
	int dumpable, death_signal;
	struct rlimit processes;
};

/* Around the clone, with all capabilities kept; of the real user too where processes are to be counted.
 * ns_owner_leave() is for both sides: in the child it has its ids for itself. */
int ns_owner_become(const struct ns_owner *owner, struct ns_caller *ret, struct err *err);
int ns_owner_leave(const struct ns_caller *caller, bool child, struct err *err);
