#include "ns/idmap.h"
#include "ns/join.h"
#include "ns/owner.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/capability.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEEDS_ROOT()                                                                               \
	do {                                                                                       \
		if (geteuid() != 0)                                                                \
			cr_skip_test("needs root");                                                \
	} while (0)

/* Of this test alone: what another run has left would be counted with it. */
static uint32_t own_id(void)
{
	return 0x7fff0000 + ((uint32_t)getpid() & 0x7fff);
}

static struct err err;

static int make_and_fill(int go, int report)
{
	char forked = 0, byte;

	if (read(go, &byte, 1) != 1 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		_exit(1);
	/* Each of another id, as all of them count together. */
	for (; forked < 100; forked++) {
		pid_t pid = fork();

		if (pid < 0)
			break;
		if (pid == 0 && setresuid((uid_t)forked + 1, (uid_t)forked + 1, (uid_t)-1) < 0)
			_exit(1);
		while (pid == 0)
			pause();
	}
	(void)!write(report, &forked, 1);
	alarm(60);
	for (;;)
		pause();
}

static pid_t clone_for(const struct ns_owner *owner, int go[2], int report[2])
{
	const struct namespaces ns = {.fresh = CLONE_NEWUSER | CLONE_NEWPID};
	const struct ns_birth birth = {.cgroup_fd = -1, .owner = owner};
	int pidfd;
	pid_t pid;

	cr_assert_eq(pipe2(go, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(report, O_CLOEXEC), 0);
	pid = ns_clone_into(&ns, NULL, &birth, &pidfd, &err);
	cr_assert(pid >= 0, "%s", err.text);
	if (pid == 0)
		make_and_fill(go[0], report[1]);
	return pid;
}

static uid_t owner_of(pid_t pid)
{
	int fd = idmap_userns_open(pid, &err);
	uid_t uid = 0;

	cr_assert(fd >= 0, "%s", err.text);
	cr_assert_eq(ioctl(fd, NS_GET_OWNER_UID, &uid), 0);
	close(fd);
	return uid;
}

static void finish(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

Test(ns_owner, is_another_and_the_caller_is_as_before)
{
	NEEDS_ROOT();
	const uint32_t id = own_id();
	const struct ns_owner owner = {.uid = id,
		.processes = 10,
		.files_uid = id,
		.files_gid = id};
	struct rlimit before, after;
	uid_t r, e, s;
	int go[2], report[2], sig = 0;
	cap_t had = cap_get_proc();
	pid_t pid;

	cr_assert_eq(prctl(PR_SET_PDEATHSIG, SIGWINCH), 0);
	cr_assert_eq(getrlimit(RLIMIT_NPROC, &before), 0);
	pid = clone_for(&owner, go, report);
	cr_assert_eq(owner_of(pid), id);
	cr_assert_eq(getresuid(&r, &e, &s), 0);
	cr_assert(r == 0 && e == 0 && s == 0);
	cr_assert_eq(prctl(PR_GET_DUMPABLE), 1);
	cr_assert_eq(prctl(PR_GET_PDEATHSIG, &sig), 0);
	cr_assert_eq(sig, SIGWINCH);
	cr_assert_eq(getrlimit(RLIMIT_NPROC, &after), 0);
	cr_assert(after.rlim_cur == before.rlim_cur && after.rlim_max == before.rlim_max);
	cr_assert_eq(cap_compare(had, cap_get_proc()), 0);
	cap_free(had);
	finish(pid);
}

Test(ns_owner, processes_of_all_ids_count_together)
{
	NEEDS_ROOT();
	const uint32_t id = own_id();
	const struct ns_owner owner = {.uid = id,
		.processes = 10,
		.files_uid = id,
		.files_gid = id};
	const struct id_map map = {0, id, 101};
	int go[2], report[2];
	char forked = -1;
	pid_t pid = clone_for(&owner, go, report);

	cr_assert_eq(idmap_write(pid, &map, 1, &map, 1, &err), 0, "%s", err.text);
	cr_assert_eq(write(go[1], "", 1), 1);
	cr_assert_eq(read(report[0], &forked, 1), 1);
	cr_assert_eq(forked, 9, "%d", forked);
	finish(pid);
}

static uint32_t chosen(const struct id_map *uids, size_t n)
{
	struct ns_owner owner = {.uid = 7, .processes = 7};

	cr_assert_eq(ns_owner_choose(uids, n, uids, n, &owner, &err), 0, "%s", err.text);
	cr_assert_eq(owner.processes, 0);
	if (owner.uid) {
		uint32_t root = uids[0].outside;

		id_map_find(uids, n, 0, &root);
		cr_expect_eq(owner.files_uid, root);
		cr_expect_eq(owner.files_gid, root);
	}
	return owner.uid;
}

Test(ns_owner, is_nobody_whom_the_host_may_know)
{
	NEEDS_ROOT();
	const struct id_map ours = {0, 0x70010000, 65536},
			    some[] = {{1, 100001, 9}, {0, 100000, 1}}, people = {0, 1000, 1},
			    same = {0, 0, 65536}, without_root = {5, 200000, 1},
			    last = {0, 0x7fff0000, 65536};

	cr_assert_eq(chosen(NULL, 0), 0);
	cr_assert_eq(chosen(&ours, 1), 0x70010000);
	cr_assert_eq(chosen(&people, 1), 0x7fff0000 + 1000);
	cr_assert_eq(chosen(&same, 1), 0x7fff0000);
	cr_assert_eq(chosen(some, 2), 0x7fff0000 + ((100000 ^ 1) & 0xffff));
	cr_assert_eq(chosen(&without_root, 1), 0x7fff0000 + ((200000 ^ 3) & 0xffff));
	cr_assert_eq(chosen(&last, 1), 0x7fff7fff);
}

/* As an engine in a container may be: what it has over the namespace, it has as its owner. */
Test(ns_owner, is_the_caller_where_that_has_few_rights)
{
	NEEDS_ROOT();
	const struct id_map map = {0, 100000, 65536};
	const cap_value_t ptrace = CAP_SYS_PTRACE;
	cap_t caps = cap_get_proc();

	cap_set_flag(caps, CAP_EFFECTIVE, 1, &ptrace, CAP_CLEAR);
	cr_assert_eq(cap_set_proc(caps), 0);
	cr_assert_eq(chosen(&map, 1), 0);
	cap_free(caps);
}
