#include "container/rlimits.h"

#include "base/arena.h"
#include "base/fd.h"
#include "cgroup/tree.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PASSES = 100 };

static const char keep[] = "k";

struct was {
	pid_t pid;
	int resource;
	struct rlimit limit;
};

struct work {
	const struct container *c;
	const struct rlimit_spec *limits;
	size_t count;
	struct arena arena;
	struct was *done;
	size_t done_count;
};

static void undo_all(const struct work *w)
{
	for (size_t i = w->done_count; i > 0; i--)
		prlimit(w->done[i - 1].pid, w->done[i - 1].resource, &w->done[i - 1].limit, NULL);
}

/* 1 if it was another one, 0 if it is as asked or the process has gone, or -1. */
static int change_one(struct work *w, pid_t pid, const struct rlimit_spec *l, struct err *err)
{
	struct rlimit to = {.rlim_cur = l->soft, .rlim_max = l->hard};
	struct was was = {.pid = pid, .resource = l->resource};

	if (prlimit(pid, l->resource, NULL, &was.limit) < 0)
		return errno == ESRCH ? 0 : err_sys(err, "read a limit of process %d", (int)pid);
	if (was.limit.rlim_cur == to.rlim_cur && was.limit.rlim_max == to.rlim_max)
		return 0;
	if (prlimit(pid, l->resource, &to, NULL) < 0)
		return errno == ESRCH
			       ? 0
			       : err_sys(err,
					 "--ulimit: the kernel does not take it for process %d",
					 (int)pid);
	arena_push(&w->arena, w->done, w->done_count, was);
	return 1;
}

/* How many had others, or -1. */
static int change_pass(struct work *w, struct err *err)
{
	autofree pid_t *pids = NULL;
	size_t count;
	int changed = 0;

	if (cgroup_procs(w->c->group_fd, &pids, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < w->count; k++) {
			int r = change_one(w, pids[i], &w->limits[k], err);

			if (r < 0)
				return -1;
			changed += r;
		}
	return changed;
}

/* A child has the limits that its parent had when it was forked. */
static int change_all(struct work *w, struct err *err)
{
	int changed = 1;

	for (int i = 0; i < PASSES && changed > 0; i++)
		changed = change_pass(w, err);
	if (changed > 0)
		err_set(err, "%s makes processes faster than their limits can be changed",
			w->c->record.name);
	return changed == 0 ? 0 : -1;
}

static void work(struct work *w, int sock)
{
	struct err err = {0};
	int r = change_all(w, &err);
	char answer = 0;

	/* An empty one says that it worked. */
	if (r < 0 || fd_write_all(sock, &err, sizeof(err)) < 0 || read(sock, &answer, 1) != 1 ||
		answer != *keep)
		undo_all(w);
	if (r < 0)
		fd_write_all(sock, &err, sizeof(err));
	_exit(0);
}

/* In its own pid namespace a number is never another's than the container's. Where its root is the host's, no
 * process of ours goes inside. */
static bool works_inside(const struct container *c)
{
	return (c->record.namespaces & CLONE_NEWPID) && (c->record.namespaces & CLONE_NEWUSER);
}

static void work_inside(struct work *w, int sock)
{
	struct err err = {0};
	pid_t pid;

	if (works_inside(w->c) && setns(w->c->pidfd, CLONE_NEWPID) < 0) {
		err_sys(&err, "join the process ids of %s", w->c->record.name);
		fd_write_all(sock, &err, sizeof(err));
		_exit(1);
	}
	pid = fork();
	if (pid == 0)
		work(w, sock);
	if (pid < 0) {
		err_sys(&err, "make a process");
		fd_write_all(sock, &err, sizeof(err));
	}
	close(sock);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	_exit(0);
}

static int hear(struct rlimits_change *change, const struct container *c, struct err *err)
{
	struct err said;

	if (read(change->sock, &said, sizeof(said)) != (ssize_t)sizeof(said)) {
		/* Killed with the container. */
		err_set(err, "cannot change the limits of %s: it has ended", c->record.name);
		err->sys = ESRCH;
		return -1;
	}
	if (!said.text[0])
		return 0;
	*err = said;
	return -1;
}

static void end(struct rlimits_change *change, bool kept)
{
	if (!change->worker)
		return;
	if (kept)
		send(change->sock, keep, 1, MSG_NOSIGNAL);
	close(change->sock);
	while (waitpid(change->worker, NULL, 0) < 0 && errno == EINTR)
		;
	*change = RLIMITS_NONE;
}

void rlimits_keep(struct rlimits_change *change)
{
	end(change, true);
}

void rlimits_undo(struct rlimits_change *change)
{
	end(change, false);
}

int rlimits_change(const struct container *c, const struct rlimit_spec *limits, size_t count,
	struct rlimits_change *ret, struct err *err)
{
	struct work w = {.c = c, .limits = limits, .count = count};
	struct rlimits_change change = RLIMITS_NONE;
	int socks[2];

	*ret = change;
	if (!count)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, socks) < 0)
		return err_sys(err, "make a socket pair");
	change = (struct rlimits_change){.worker = fork(), .sock = socks[0]};
	if (change.worker == 0) {
		close(socks[0]);
		work_inside(&w, socks[1]);
	}
	close(socks[1]);
	if (change.worker < 0) {
		err_sys(err, "make a process");
		close(socks[0]);
		return -1;
	}
	if (hear(&change, c, err) < 0) {
		rlimits_undo(&change);
		return -1;
	}
	*ret = change;
	return 0;
}
