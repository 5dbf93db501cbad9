#include "ns/clone.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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

/* Whether the root directory is the root of a mount that we can see: that of a chroot is not, unless
 * somebody has mounted it. */
static bool root_is_mounted(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096], place[4096];
	bool found = !f;

	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%*s %*s %*s %*s %4095s", place) == 1 &&
			strcmp(place, "/") == 0;
	if (f)
		fclose(f);
	return found;
}

/* The kernel compares with the root of the mount namespace, which process 1 is in as a rule. */
static bool in_chroot(void)
{
	struct stat own, root, ns, init;

	if (!root_is_mounted())
		return true;
	return stat("/proc/self/ns/mnt", &ns) == 0 && stat("/proc/1/ns/mnt", &init) == 0 &&
	       ns.st_ino == init.st_ino && stat("/", &own) == 0 &&
	       stat("/proc/1/root", &root) == 0 &&
	       (own.st_dev != root.st_dev || own.st_ino != root.st_ino);
}

static int explain(uint64_t flags, struct err *err)
{
	char names[64];
	int sys = errno;

	if (sys == EPERM && (flags & CLONE_NEWUSER) && in_chroot()) {
		err_set(err,
			"cannot create a process in a new user namespace: this is a chroot, in "
			"which the kernel allows none");
		err->sys = sys;
		return err_hint(err, "start it from outside of the chroot");
	}
	errno = sys;
	if (flags)
		err_sys(err, "cannot create a process in new namespaces (%s)",
			ns_format(flags, names));
	else
		err_sys(err, "cannot create a process");
	if (sys == ENOSPC)
		err_hint(err, "raise the limits in /proc/sys/user/max_*_namespaces");
	if (sys == EAGAIN)
		err_hint(err,
			"there are as many processes as the cgroup (pids.max, --pids-limit) or "
			"the user (ulimit -u) may have: end some, or raise that");
	return -1;
}

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
	pid_t pid;

	do
		pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	while (pid < 0 && errno == EINTR);
	if (pid < 0)
		return explain(flags, err);
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
