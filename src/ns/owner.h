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
};

/* Ids below are those of people and services of the host, who would get every right over a namespace of
 * theirs, and with it every id in its map. */
enum { NS_OWNER_MIN = 65536 };

/* The one whom the container's root is outside, or who else is first in the map. The caller where it has to
 * be: the id may be somebody's, or the caller's own rights do not reach into what others own. */
int ns_owner_choose(const struct id_map *uids, size_t n, struct ns_owner *ret, struct err *err);

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
