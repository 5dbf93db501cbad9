/*
 * Namespaces that exist already, by path. Opened before the clone, so that a path is resolved once
 * and in the host's root.
 *
 * Who joins: every namespace is joined with the rights of the host, before the user namespace, so
 * that it does not matter who owns it. Where neither a user nor a pid namespace is involved, the
 * child does that itself. Else a process in between does, and clones the child as our own
 * (CLONE_PARENT): a pid namespace is for children only, and what is made fresh in a joined
 * user namespace has to belong to it. Who has no rights on the host joins the user namespace first,
 * and gets them there.
 */
#pragma once

#include "base/err.h"
#include "base/fdlist.h"
#include "ns/owner.h"
#include "spec/spec.h"

#include <sys/types.h>

enum { NS_KINDS = 8 };

/* Opens each path: a namespace (nsfs) of the kind it stands for, or refused. Fills ns->path_count
 * descriptors, at most NS_KINDS. */
int ns_paths_open(const struct namespaces *ns, int *ret_fds, struct err *err);
void ns_paths_close(const struct namespaces *ns, int *fds);

/* CLONE_NEW* of all that are joined by path. */
uint64_t ns_paths_flags(const struct namespaces *ns);

/* How a process is made that starts in namespaces. */
struct ns_birth {
	int cgroup_fd;                /* the group that it starts in, or -1 */
	const struct ns_owner *owner; /* of a fresh user namespace, or NULL: the caller */
	const struct fd_list *kept; /* all that a process in between may have open when it joins, so
				      * all that the child has then; or NULL */
};

/* As ns_clone(), with the fresh namespaces of ns, and into those of fds: in the child, all have been
 * joined but those that ns_paths_join() is for. */
pid_t ns_clone_into(const struct namespaces *ns, const int *fds, const struct ns_birth *birth,
	int *ret_pidfd, struct err *err);

/* As ns_clone() without new namespaces, into those of flags of the process behind pidfd: for a caller
 * whose rights begin in the user namespace among them. A process in between, born in the group, does
 * what prepare says (or NULL), joins, and clones the child as our own. */
pid_t ns_clone_inside(int pidfd, uint64_t flags, const struct ns_birth *birth,
	int (*prepare)(const void *arg, struct err *err), const void *arg, int *ret_pidfd,
	struct err *err);

/* Child: joins what ns_clone_into() left to it. */
int ns_paths_join(const struct namespaces *ns, const int *fds, struct err *err);

/* Whether a path leads to the namespace that the caller is in: then it is not the container's own, and
 * what is set in it is set for the host. */
bool ns_path_is_own(const struct ns_path *path, int fd);
