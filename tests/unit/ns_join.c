#include "base/fd.h"
#include "ns/clone.h"
#include "ns/idmap.h"
#include "ns/join.h"
#include "ns/time.h"
#include "ns/uts.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NEEDS_ROOT()                                                                               \
	do {                                                                                       \
		if (geteuid() != 0)                                                                \
			cr_skip_test("needs root");                                                \
	} while (0)

static struct err err;
static const struct ns_birth nothing = {.cgroup_fd = -1};

static void inode_of(pid_t pid, const char *kind, char ret[64])
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, kind);
	n = readlink(path, ret, 63);
	cr_assert(n > 0, "%s", path);
	ret[n] = '\0';
}

static bool same(pid_t a, pid_t b, const char *kind)
{
	char x[64], y[64];

	inode_of(a, kind, x);
	inode_of(b, kind, y);
	return strcmp(x, y) == 0;
}

/* A process that only keeps its namespaces alive. */
static pid_t keeper(uint64_t flags)
{
	int pidfd, ready[2];
	char byte;
	pid_t pid;

	cr_assert_eq(pipe(ready), 0);
	pid = ns_clone(flags, -1, &pidfd, &err);
	cr_assert(pid >= 0, "%s", err.text);
	if (pid == 0) {
		if (ns_unshare_late(flags, &err) < 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	close(pidfd);
	return pid;
}

static void finish(pid_t pid)
{
	kill(pid, SIGKILL);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

static const char *path_of(pid_t pid, const char *kind)
{
	static char paths[8][64];
	static int next;
	char *path = paths[next++ % 8];

	snprintf(path, 64, "/proc/%d/ns/%s", (int)pid, kind);
	return path;
}

/* Clones into ns; the child reports what it could not do. */
static pid_t clone_joined(const struct namespaces *ns, int *fds)
{
	int ready[2], pidfd;
	char text[sizeof(err.text)] = "";
	pid_t pid;

	cr_assert_eq(pipe2(ready, O_CLOEXEC), 0);
	pid = ns_clone_into(ns, fds, &nothing, &pidfd, &err);
	cr_assert(pid >= 0, "%s", err.text);
	if (pid == 0) {
		if (ns_paths_join(ns, fds, &err) < 0 || ns_unshare_late(ns->fresh, &err) < 0)
			(void)!write(ready[1], err.text, sizeof(err.text));
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	cr_assert(read(ready[0], text, sizeof(text)) >= 0);
	cr_assert_str_empty(text);
	close(ready[0]);
	close(pidfd);
	return pid;
}

Test(ns_join, opens_only_what_is_a_namespace_of_that_kind)
{
	struct ns_path path = {CLONE_NEWNET, "/proc/self/ns/net"};
	struct namespaces ns = {.paths = &path, .path_count = 1};
	int fd = -7;

	cr_assert_eq(ns_paths_open(&ns, &fd, &err), 0, "%s", err.text);
	cr_assert(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC));
	cr_assert(ns_path_is_own(&path, fd));
	ns_paths_close(&ns, &fd);
	fd = -7;
	path.path = "/proc/self/ns/uts";
	cr_assert_eq(ns_paths_open(&ns, &fd, &err), -1);
	cr_assert_str_eq(err.text, "/proc/self/ns/uts is not a net namespace");
	path.path = "/proc/self/status";
	cr_assert_eq(ns_paths_open(&ns, &fd, &err), -1);
	cr_assert_str_eq(err.text, "/proc/self/status is not a namespace");
	path.path = "/nonexistent";
	cr_assert_eq(ns_paths_open(&ns, &fd, &err), -1);
	cr_assert(strstr(err.text, "the net namespace /nonexistent"));
	cr_assert_eq(fd, -7);
}

Test(ns_join, a_fifo_does_not_make_it_wait)
{
	char dir[] = "/tmp/ctr-unit-XXXXXX", fifo[64];
	struct ns_path path = {CLONE_NEWNET, fifo};
	struct namespaces ns = {.paths = &path, .path_count = 1};
	int fd;

	cr_assert(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	cr_assert_eq(mkfifo(fifo, 0600), 0);
	alarm(30);
	cr_assert_eq(ns_paths_open(&ns, &fd, &err), -1);
	cr_assert(strstr(err.text, "is not a namespace"));
	unlink(fifo);
	rmdir(dir);
}

Test(ns_join, without_a_user_or_pid_namespace_the_child_joins)
{
	NEEDS_ROOT();
	pid_t k = keeper(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS), pid;
	struct ns_path paths[] = {
		{CLONE_NEWNET, path_of(k, "net")},
		{CLONE_NEWIPC, path_of(k, "ipc")},
		{CLONE_NEWUTS, path_of(k, "uts")},
	};
	struct namespaces ns = {.paths = paths,
		.path_count = 3,
		.fresh = CLONE_NEWPID | CLONE_NEWNS};
	int fds[3];

	cr_assert_eq(ns_paths_open(&ns, fds, &err), 0, "%s", err.text);
	cr_assert(!ns_path_is_own(&paths[0], fds[0]));
	pid = clone_joined(&ns, fds);
	cr_assert(same(pid, k, "net") && same(pid, k, "ipc") && same(pid, k, "uts"));
	cr_assert(!same(pid, getpid(), "pid") && !same(pid, k, "pid"));
	finish(pid);
	finish(k);
}

Test(ns_join, all_of_another_container_and_fresh_ones_that_belong_to_its_users)
{
	NEEDS_ROOT();
	struct id_map map = {0, 100000, 65536};
	pid_t k = keeper(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET), pid;
	struct ns_path paths[] = {
		{CLONE_NEWUSER, path_of(k, "user")},
		{CLONE_NEWPID, path_of(k, "pid")},
		{CLONE_NEWNET, path_of(k, "net")},
	};
	struct namespaces ns = {
		.paths = paths,
		.path_count = 3,
		.fresh = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWCGROUP,
	};
	struct id_map uids[4], gids[4];
	size_t nuids, ngids;
	int fds[3];

	cr_assert_eq(idmap_write(k, &map, 1, &map, 1, &err), 0, "%s", err.text);
	cr_assert_eq(ns_paths_open(&ns, fds, &err), 0, "%s", err.text);
	pid = clone_joined(&ns, fds);
	cr_assert(same(pid, k, "net") && same(pid, k, "user") && same(pid, k, "pid"));
	cr_assert(!same(pid, k, "mnt") && !same(pid, getpid(), "ipc"));
	cr_assert(same(getpid(), getppid(), "pid_for_children"), "the caller stays");
	cr_assert_eq(idmap_read(pid, 4, uids, &nuids, gids, &ngids, &err), 0, "%s", err.text);
	cr_assert_eq(nuids, 1);
	cr_assert_eq(ngids, 1);
	cr_assert_eq(uids[0].outside, 100000);
	cr_assert_eq(uids[0].count, 65536);
	finish(pid);
	finish(k);
}

/* An engine makes the network first, as root of the host; the container has users of its own. */
Test(ns_join, a_namespace_of_the_host_into_a_fresh_user_namespace)
{
	NEEDS_ROOT();
	pid_t k = keeper(CLONE_NEWNET), pid;
	struct ns_path path = {CLONE_NEWNET, path_of(k, "net")};
	struct namespaces ns = {
		.paths = &path,
		.path_count = 1,
		.fresh = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID,
	};
	int fd;

	cr_assert_eq(ns_paths_open(&ns, &fd, &err), 0, "%s", err.text);
	pid = clone_joined(&ns, &fd);
	cr_assert(same(pid, k, "net"));
	cr_assert(!same(pid, getpid(), "user"));
	finish(pid);
	finish(k);
}

Test(ns_join, failure_is_told_and_nothing_stays)
{
	NEEDS_ROOT();
	struct ns_path path = {CLONE_NEWPID, "/proc/self/ns/pid"};
	struct namespaces ns = {.paths = &path, .path_count = 1};
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), pidfd;

	cr_assert_eq(ns_clone_into(&ns, &fd, &nothing, &pidfd, &err), -1);
	cr_assert(strstr(err.text, "cannot join the pid namespace /proc/self/ns/pid"), "%s",
		err.text);
	cr_assert(waitpid(-1, NULL, WNOHANG) < 0, "no process is left");
}

/* Criterion's own process has threads, which these calls do not take. */
static int in_child(int (*run)(void *arg), void *arg)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(run(arg));
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int look_at_clocks(void *arg)
{
	struct timespec mono[2], boot[2];
	double ahead;

	clock_gettime(CLOCK_MONOTONIC, &mono[0]);
	clock_gettime(CLOCK_BOOTTIME, &boot[0]);
	if (time_enter(arg, &err) < 0)
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &mono[1]);
	clock_gettime(CLOCK_BOOTTIME, &boot[1]);
	ahead = (double)(mono[1].tv_sec - mono[0].tv_sec) +
		(double)(mono[1].tv_nsec - mono[0].tv_nsec) / 1e9;
	if (ahead < 1000.5 || ahead > 1010)
		return 2;
	return boot[1].tv_sec - boot[0].tv_sec >= 86400 ? 0 : 3;
}

Test(ns_time, clocks_are_ahead_at_once)
{
	NEEDS_ROOT();
	struct namespaces ns = {.monotonic_offset_s = 1000,
		.monotonic_offset_ns = 500000000,
		.boot_offset_s = 86400};

	if (access("/proc/self/timens_offsets", F_OK) != 0)
		cr_skip_test("this kernel has no time namespaces");
	cr_assert_eq(in_child(look_at_clocks, &ns), 0);
}

Test(ns_time, a_clock_before_zero_is_refused)
{
	NEEDS_ROOT();
	struct namespaces ns = {.monotonic_offset_s = -1000000000};

	if (access("/proc/self/timens_offsets", F_OK) != 0)
		cr_skip_test("this kernel has no time namespaces");
	cr_assert_eq(time_enter(&ns, &err), -1);
	cr_assert(strstr(err.text, "monotonic -1000000000 s"), "%s", err.text);
	cr_assert(err.hint[0]);
}

static int become_mapped_user(void *arg)
{
	if (setns(*(int *)arg, CLONE_NEWUSER) < 0 || setresuid(1000, 1000, 1000) < 0)
		return 1;
	return 0;
}

static int become_unmapped_user(void *arg)
{
	return setns(*(int *)arg, CLONE_NEWUSER) == 0 && setresuid(65536, 65536, 65536) < 0 ? 0 : 1;
}

Test(ns_idmap, a_user_namespace_of_several_ranges_and_no_process)
{
	NEEDS_ROOT();
	struct id_map uids[] = {{0, 100000, 1000}, {1000, 0, 1}, {1001, 101001, 64535}};
	struct id_map gids[] = {{0, 200000, 65536}};
	int fd = idmap_userns_new(uids, 3, gids, 1, &err);

	cr_assert(fd >= 0, "%s", err.text);
	cr_assert(waitpid(-1, NULL, WNOHANG) < 0, "no process is left");
	cr_assert_eq(in_child(become_mapped_user, &fd), 0);
	cr_assert_eq(in_child(become_unmapped_user, &fd), 0);
}

Test(ns_uts, domain_name)
{
	NEEDS_ROOT();
	struct utsname u;

	cr_assert_eq(unshare(CLONE_NEWUTS), 0);
	cr_assert_eq(uts_set_domainname("example.org", &err), 0, "%s", err.text);
	uname(&u);
	cr_assert_str_eq(u.domainname, "example.org");
}
