/* The one clone of a start, and joining the namespaces of a running container. */
#pragma once

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

/* clone3(2), kernel 5.7 for CLONE_INTO_CGROUP. flags: CLONE_NEW* of the new process; cgroup_fd: the
 * group it starts in, or -1. Returns as fork(2) does, in both processes; in the parent *ret_pidfd is
 * a close-on-exec pidfd. CLONE_NEWCGROUP and CLONE_NEWNET are left to ns_unshare_late(): a cgroup
 * namespace made by clone3 is rooted in the group of the parent, not in cgroup_fd; and a network
 * namespace, the most expensive of all, is made by the child while the parent prepares the mounts. */
pid_t ns_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd, struct err *err);

/* The same, but a child of the caller's parent. */
pid_t ns_clone_as_sibling(uint64_t flags, int cgroup_fd, int *ret_pidfd, struct err *err);

/* In the child: those of flags that ns_clone() left out. */
int ns_unshare_late(uint64_t flags, struct err *err);

/* Joins all namespaces of CLONE_NEW* in flags of the process behind pidfd: setns(2), kernel 5.8. */
int ns_join(int pidfd, uint64_t flags, struct err *err);

/* "user,mnt,pid" for messages and plans. Returns buf. */
char *ns_format(uint64_t flags, char buf[64]);
