#include "ns/join.h"

#include "base/fd.h"
#include "ns/clone.h"
#include "ns/owner.h"
#include "ns/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

/* The user namespace last: it takes the right to join the others. The mount namespace takes the host's
 * paths, and needs the rights as well. */
static const uint64_t order[NS_KINDS] = {
	CLONE_NEWCGROUP,
	CLONE_NEWIPC,
	CLONE_NEWUTS,
	CLONE_NEWNET,
	CLONE_NEWTIME,
	CLONE_NEWPID,
	CLONE_NEWNS,
	CLONE_NEWUSER,
};

static int open_one(const struct ns_path *p, struct err *err)
{
	/* A FIFO in its place must not make us wait, nor a device notice. */
	autofd int fd = open(p->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	char name[64];
	struct statfs fs;
	int type;

	ns_format(p->flag, name);
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return err_sys(err, "cannot open the %s namespace %s", name, p->path);
	if (fs.f_type != NSFS_MAGIC)
		return err_set(err, "%s is not a namespace", p->path);
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0)
		return err_sys(err, "cannot ask %s what kind of namespace it is", p->path);
	if ((uint64_t)(unsigned)type != p->flag)
		return err_set(err, "%s is not a %s namespace", p->path, name);
	return take_fd(&fd);
}

int ns_paths_open(const struct namespaces *ns, int *ret_fds, struct err *err)
{
	int fds[NS_KINDS];

	if (ns->path_count > NS_KINDS)
		return err_set(err, "%zu namespaces to join: there are %d kinds", ns->path_count,
			NS_KINDS);
	for (size_t i = 0; i < ns->path_count; i++) {
		fds[i] = open_one(&ns->paths[i], err);
		if (fds[i] >= 0)
			continue;
		while (i)
			close(fds[--i]);
		return -1;
	}
	memcpy(ret_fds, fds, ns->path_count * sizeof(*fds));
	return 0;
}

void ns_paths_close(const struct namespaces *ns, int *fds)
{
	for (size_t i = 0; i < ns->path_count; i++) {
		fd_cleanup(&fds[i]);
		fds[i] = -1;
	}
}

uint64_t ns_paths_flags(const struct namespaces *ns)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < ns->path_count; i++)
		flags |= ns->paths[i].flag;
	return flags;
}

static int join_kind(const struct namespaces *ns, const int *fds, uint64_t kind, struct err *err)
{
	char name[64];

	for (size_t i = 0; i < ns->path_count; i++)
		if (ns->paths[i].flag == kind && setns(fds[i], (int)kind) < 0)
			return err_sys(err, "cannot join the %s namespace %s",
				ns_format(kind, name), ns->paths[i].path);
	return 0;
}

static int join_all(const struct namespaces *ns, const int *fds, struct err *err)
{
	if (rights_get() == RIGHTS_NONE && join_kind(ns, fds, CLONE_NEWUSER, err) < 0)
		return -1;
	for (size_t i = 0; i < NS_KINDS; i++)
		if ((order[i] != CLONE_NEWUSER || rights_get() != RIGHTS_NONE) &&
			join_kind(ns, fds, order[i], err) < 0)
			return -1;
	return 0;
}

static bool needs_process_between(const struct namespaces *ns)
{
	uint64_t joined = ns_paths_flags(ns);

	return (joined & (CLONE_NEWUSER | CLONE_NEWPID)) || (joined && (ns->fresh & CLONE_NEWUSER));
}

/* What the process in between tells its parent. */
struct message {
	pid_t pid; /* of the child, 0: failed */
	struct err err;
};

typedef pid_t clone_fn(uint64_t flags, int cgroup_fd, int *ret_pidfd, struct err *err);

/* Who cannot be root again must not have begun anything. */
static pid_t clone_owned(clone_fn *clone, const struct ns_owner *owner, uint64_t fresh,
	int cgroup_fd, int *ret_pidfd, struct err *err)
{
	struct ns_caller caller;
	struct err second;
	int pidfd;
	pid_t pid;

	if (!owner || !owner->uid)
		return clone(fresh, cgroup_fd, ret_pidfd, err);
	if (ns_owner_become(owner, &caller, err) < 0)
		return -1;
	pid = clone(fresh, cgroup_fd, &pidfd, err);
	if (ns_owner_leave(&caller, pid == 0, pid < 0 ? &second : err) < 0) {
		if (pid == 0)
			_exit(ERR_STATUS_OURS);
		if (pid > 0) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			close(pidfd);
		}
		return -1;
	}
	if (pid > 0)
		*ret_pidfd = pidfd;
	return pid;
}

/* Returns in the child only: a sibling of the process in between, which ends. */
static pid_t have_sibling(bool joined, const struct ns_owner *owner, uint64_t fresh, int cgroup_fd,
	struct message *m, int pipe_fd)
{
	int pidfd;

	if (joined) {
		m->pid = clone_owned(ns_clone_as_sibling, owner, fresh, cgroup_fd, &pidfd, &m->err);
		if (m->pid == 0)
			return 0;
		if (m->pid < 0)
			m->pid = 0;
	}
	fd_write_all(pipe_fd, m, sizeof(*m));
	_exit(0);
}

/* The child is seen, in a pid namespace that is joined, by those who have rights over a user namespace
 * that is (CVE-2016-9962). Where the user namespace is its own nobody has, and the parent, who may not be
 * root, is about to write its maps; nor could that one tell anything of a child that hides. */
static int hide(const struct namespaces *ns, struct err *err)
{
	if ((ns->fresh & CLONE_NEWUSER) || geteuid() != 0 || prctl(PR_SET_DUMPABLE, 0) == 0)
		return 0;
	return err_sys(err, "cannot hide from the namespaces to join");
}

/* One that ends inside must not have open what is the host's: kernels before 6.1.173, 6.12.89 and 6.18.31
 * let others take its descriptors then (CVE-2026-46333). */
static int keep_only(const struct fd_list *kept, const int *more, size_t n, int cgroup_fd,
	int pipe_fd, struct err *err)
{
	const int ours[] = {cgroup_fd, pipe_fd};
	struct fd_list all;

	if (!kept)
		return 0;
	all = *kept;
	fd_list_add(&all, ours, 2);
	fd_list_add(&all, more, n);
	return fd_list_close_others(&all, err);
}

static pid_t run_between(const struct namespaces *ns, const int *fds, const struct ns_birth *birth,
	int pipe_fd)
{
	struct message m = {0};
	bool joined = hide(ns, &m.err) == 0 &&
		      keep_only(birth->kept, fds, ns->path_count, birth->cgroup_fd, pipe_fd,
			      &m.err) == 0 &&
		      join_all(ns, fds, &m.err) == 0;

	return have_sibling(joined, birth->owner, ns->fresh, birth->cgroup_fd, &m, pipe_fd);
}

/* The child is ours and not reaped before we do it, so its number stands for it. */
static pid_t take_child(int pipe_fd, pid_t between, int *ret_pidfd, struct err *err)
{
	struct message m = {0};
	ssize_t n = fd_read_all(pipe_fd, &m, sizeof(m));
	int pidfd;

	while (waitpid(between, NULL, 0) < 0 && errno == EINTR)
		;
	if (n != sizeof(m))
		return err_set(err, "the process that joins the namespaces was killed");
	if (m.pid == 0) {
		*err = m.err;
		return -1;
	}
	pidfd = (int)syscall(SYS_pidfd_open, m.pid, 0);
	if (pidfd < 0) {
		err_sys(err, "cannot open the container's process");
		kill(m.pid, SIGKILL);
		waitpid(m.pid, NULL, 0);
		return -1;
	}
	*ret_pidfd = pidfd;
	return m.pid;
}

pid_t ns_clone_into(const struct namespaces *ns, const int *fds, const struct ns_birth *birth,
	int *ret_pidfd, struct err *err)
{
	int ends[2];
	pid_t between, pid;

	if (!needs_process_between(ns))
		return clone_owned(ns_clone, birth->owner, ns->fresh, birth->cgroup_fd, ret_pidfd,
			err);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	between = fork();
	if (between == 0) {
		close(ends[0]);
		pid = run_between(ns, fds, birth, ends[1]);
		close(ends[1]);
		return pid;
	}
	close(ends[1]);
	pid = between < 0 ? err_sys(err, "cannot create a process")
			  : take_child(ends[0], between, ret_pidfd, err);
	close(ends[0]);
	return pid;
}

pid_t ns_clone_inside(int pidfd, uint64_t flags, const struct ns_birth *birth,
	int (*prepare)(const void *arg, struct err *err), const void *arg, int *ret_pidfd,
	struct err *err)
{
	autofd int in = -1, out = -1, between_fd = -1;
	struct message m = {0};
	int ends[2];
	pid_t between;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	in = ends[0], out = ends[1];
	between = ns_clone(0, birth->cgroup_fd, &between_fd, err);
	if (between < 0)
		return -1;
	if (between == 0) {
		bool joined = (!prepare || prepare(arg, &m.err) == 0) &&
			      keep_only(birth->kept, &pidfd, 1, -1, out, &m.err) == 0 &&
			      ns_join(pidfd, flags, &m.err) == 0;

		return have_sibling(joined, NULL, 0, -1, &m, out);
	}
	close(take_fd(&out));
	return take_child(in, between, ret_pidfd, err);
}

int ns_paths_join(const struct namespaces *ns, const int *fds, struct err *err)
{
	return needs_process_between(ns) ? 0 : join_all(ns, fds, err);
}

bool ns_path_is_own(const struct ns_path *path, int fd)
{
	char link[64], name[64];
	struct stat own, there;

	snprintf(link, sizeof(link), "/proc/self/ns/%s", ns_format(path->flag, name));
	return stat(link, &own) == 0 && fstat(fd, &there) == 0 && own.st_dev == there.st_dev &&
	       own.st_ino == there.st_ino;
}
