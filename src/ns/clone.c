#include "ns/clone.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	uint64_t flag;
	const char *name;
} kinds[] = {
	{CLONE_NEWUSER, "user"},
	{CLONE_NEWNS, "mnt"},
	{CLONE_NEWPID, "pid"},
	{CLONE_NEWUTS, "uts"},
	{CLONE_NEWIPC, "ipc"},
	{CLONE_NEWNET, "net"},
	{CLONE_NEWCGROUP, "cgroup"},
	{CLONE_NEWTIME, "time"},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static const uint64_t late = CLONE_NEWCGROUP | CLONE_NEWNET | CLONE_NEWTIME;

static pid_t clone_new(uint64_t flags, uint64_t more, int cgroup_fd, int *ret_pidfd,
	struct err *err)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = (flags & ~late) | more | CLONE_PIDFD |
			 (cgroup_fd >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		/* A sibling has the signal of the one who clones it. */
		.exit_signal = more & CLONE_PARENT ? 0 : SIGCHLD,
		.cgroup = cgroup_fd >= 0 ? (uint64_t)cgroup_fd : 0,
	};
	char names[64];
	pid_t pid;

	do
		pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	while (pid < 0 && errno == EINTR);
	if (pid < 0) {
		err_sys(err, "cannot create a process in new namespaces (%s)",
			ns_format(flags, names));
		if (err->sys == ENOSPC)
			err_hint(err, "raise the limits in /proc/sys/user/max_*_namespaces");
		return -1;
	}
	if (pid > 0)
		*ret_pidfd = pidfd;
	return pid;
}

pid_t ns_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd, struct err *err)
{
	return clone_new(flags, 0, cgroup_fd, ret_pidfd, err);
}

pid_t ns_clone_as_sibling(uint64_t flags, int cgroup_fd, int *ret_pidfd, struct err *err)
{
	return clone_new(flags, CLONE_PARENT, cgroup_fd, ret_pidfd, err);
}

int ns_unshare_late(uint64_t flags, struct err *err)
{
	char names[64];

	flags &= CLONE_NEWCGROUP | CLONE_NEWNET;
	if (flags && unshare((int)flags) < 0)
		return err_sys(err, "cannot create new namespaces (%s)", ns_format(flags, names));
	return 0;
}

int ns_join(int pidfd, uint64_t flags, struct err *err)
{
	char names[64];

	if (flags && setns(pidfd, (int)flags) < 0)
		return err_sys(err, "cannot join the namespaces of the container (%s)",
			ns_format(flags, names));
	return 0;
}

char *ns_format(uint64_t flags, char buf[64])
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < KINDS; i++)
		if (flags & kinds[i].flag)
			len += (size_t)snprintf(buf + len, 64 - len, "%s%s", len ? "," : "",
				kinds[i].name);
	return buf;
}
