#include "check/attempt.h"

#include "base/fd.h"
#include "ns/clone.h"
#include "ns/idmap.h"
#include "process/ids.h"
#include "rootfs/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int tried(const struct attempt *t, struct err *err)
{
	if ((t->flags & CLONE_NEWUSER) && ids_become_root(IDS_GROUPS_SET, err) < 0)
		return -1;
	if (ns_unshare_late(t->flags, err) < 0)
		return -1;
	return t->run ? t->run(t, err) : 0;
}

static _Noreturn void child(const struct attempt *t, int go_fd, int report_fd)
{
	struct err err = {0};
	char byte;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || read(go_fd, &byte, 1) != 1)
		_exit(1);
	if (tried(t, &err) == 0)
		_exit(0);
	fd_write_all(report_fd, &err, sizeof(err));
	_exit(1);
}

static int map(const struct attempt *t, pid_t pid, struct err *err)
{
	const struct id_map ids = {0, idmap_range_base(IDMAP_RANGES), SPEC_IDS};
	autofd int userns = -1;

	if (!(t->flags & CLONE_NEWUSER))
		return 0;
	if (idmap_write(pid, &ids, 1, &ids, 1, err) < 0)
		return -1;
	userns = idmap_userns_open(pid, err);
	if (userns < 0)
		return -1;
	for (size_t i = 0; i < t->tree_count; i++)
		if (tree_idmap(t->trees[i], userns, "a directory of the store", false, err) < 0)
			return -1;
	return 0;
}

/* What the process says of itself, and how it ends. */
static int outcome(int report_fd, pid_t pid, struct err *err)
{
	struct err theirs;
	ssize_t n = fd_read_all(report_fd, &theirs, sizeof(theirs));
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (n == (ssize_t)sizeof(theirs)) {
		*err = theirs;
		return -1;
	}
	if (WIFSIGNALED(status))
		return err_set(err, "the process that tried was killed by signal %d",
			WTERMSIG(status));
	return status ? err_set(err, "the process that tried ended early") : 0;
}

int attempt_run(const struct attempt *t, struct err *err)
{
	int go[2], report[2], pidfd = -1, r;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC) < 0)
		return err_sys(err, "make a pipe");
	if (pipe2(report, O_CLOEXEC) < 0) {
		close(go[0]);
		close(go[1]);
		return err_sys(err, "make a pipe");
	}
	pid = ns_clone(t->flags, t->cgroup_fd, &pidfd, err);
	if (pid == 0) {
		close(go[1]);
		child(t, go[0], report[1]);
	}
	close(report[1]);
	r = pid < 0 ? -1 : map(t, pid, err);
	if (r == 0 && write(go[1], "", 1) != 1)
		r = err_sys(err, "let the process go");
	close(go[0]);
	close(go[1]);
	if (pid > 0) {
		struct err second;

		if (outcome(report[0], pid, r < 0 ? &second : err) < 0)
			r = -1;
		close(pidfd);
	}
	close(report[0]);
	return r;
}
