/* Against the running kernel, in a group of our own at the top of its cgroup v2 tree. */
#include "base/fd.h"
#include "base/file.h"
#include "cgroup/controller.h"
#include "cgroup/devices.h"
#include "cgroup/effective.h"
#include "cgroup/group.h"
#include "cgroup/hierarchy.h"
#include "cgroup/limits.h"
#include "cgroup/stats.h"
#include "cgroup/tree.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static int top = -1, group = -1;
static char name[64];
static struct err err;

static uint64_t soon(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec + 30000000000ULL;
}

static void setup(void)
{
	char path[4096];

	snprintf(name, sizeof(name), "ctr-unit-%d", (int)getpid());
	top = cgroup_hierarchy_open(path, sizeof(path), &err);
	if (top >= 0)
		group = cgroup_create(top, name, &err);
}

static void teardown(void)
{
	if (group < 0)
		return;
	cgroup_kill(group, &err);
	cr_assert_eq(cgroup_remove(top, name, &err), 0, "%s", err.text);
}

static void need_group(void)
{
	if (group < 0)
		cr_skip_test("no group can be made here: %s", err.text);
}

TestSuite(kernel, .init = setup, .fini = teardown, .timeout = 60);

/* A child in the group that sleeps, or forks without end. */
static pid_t child(int fd, bool storm)
{
	pid_t pid;
	int go[2];

	cr_assert_eq(pipe(go), 0);
	pid = fork();
	if (pid == 0) {
		char c;

		close(go[1]);
		if (read(go[0], &c, 1) == 1 && storm)
			for (int n = 0; n < 200; n++)
				if (fork() == 0)
					n = n < 196 ? 196 : n;
		for (;;)
			pause();
	}
	cr_assert_gt(pid, 0);
	cr_assert_eq(cgroup_join(fd, pid, &err), 0, "%s", err.text);
	cr_assert_eq(write(go[1], "x", 1), 1);
	close(go[0]);
	close(go[1]);
	return pid;
}

Test(kernel, one_claim_wins)
{
	need_group();
	cr_assert_eq(cgroup_create(top, name, &err), -1);
	cr_assert_eq(err.sys, EEXIST);
	cr_assert_eq(cgroup_create(group, "cgroup.procs", &err), -1);
	cr_assert_eq(err.sys, EINVAL);
	cr_assert_eq(cgroup_create(group, "../x", &err), -1);
	cr_assert_eq(cgroup_open(group, "absent", &err), -1);
	cr_assert_eq(err.sys, ENOENT);
}

Test(kernel, freezes_and_thaws)
{
	pid_t pid;

	need_group();
	pid = child(group, false);
	cr_assert_eq(cgroup_populated(group), 1);
	cr_assert_eq(cgroup_freeze(group, true, soon(), &err), 0, "%s", err.text);
	cr_assert_eq(cgroup_frozen(group), 1);
	cr_assert_eq(cgroup_freeze(group, false, soon(), &err), 0, "%s", err.text);
	cr_assert_eq(cgroup_frozen(group), 0);
	cr_assert_eq(cgroup_wait_empty(group, 1, &err), -1);
	cr_assert_eq(err.sys, ETIMEDOUT);
	cr_assert_eq(cgroup_freeze(group, true, soon(), &err), 0);
	cr_assert_eq(cgroup_kill(group, &err), 0, "a frozen one dies too");
	cr_assert_eq(cgroup_wait_empty(group, soon(), &err), 0, "%s", err.text);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

Test(kernel, kills_a_fork_storm)
{
	autofree pid_t *pids = NULL;
	size_t n = 0;

	need_group();
	child(group, true);
	cr_assert_eq(cgroup_kill(group, &err), 0, "%s", err.text);
	cr_assert_eq(cgroup_wait_empty(group, soon(), &err), 0, "%s", err.text);
	cr_assert_eq(cgroup_procs(group, &pids, &n, &err), 0);
	cr_assert_eq(n, 0);
}

Test(kernel, signals_each_below_and_nobody_else)
{
	autofree pid_t *pids = NULL;
	autofd int below = -1;
	pid_t inside[2], outside;
	size_t n = 0;

	need_group();
	below = cgroup_create(group, "below", &err);
	cr_assert_geq(below, 0, "%s", err.text);
	inside[0] = child(group, false);
	inside[1] = child(below, false);
	outside = fork();
	if (outside == 0)
		for (;;)
			pause();
	cr_assert_eq(cgroup_procs(group, &pids, &n, &err), 0, "%s", err.text);
	cr_assert(cgroup_procs_have(pids, n, inside[0]) && cgroup_procs_have(pids, n, inside[1]));
	cr_assert(!cgroup_procs_have(pids, n, outside) && !cgroup_procs_have(NULL, 0, outside));
	cr_assert_eq(cgroup_signal(group, SIGUSR1, &err), 0, "%s", err.text);
	for (int i = 0; i < 2; i++) {
		int status;

		cr_assert_eq(waitpid(inside[i], &status, 0), inside[i]);
		cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
	}
	cr_assert_eq(cgroup_signal(group, SIGUSR1, &err), 0, "to nobody");
	cr_assert_eq(waitpid(outside, NULL, WNOHANG), 0);
	kill(outside, SIGKILL);
	waitpid(outside, NULL, 0);
}

Test(kernel, lists_and_removes_nested_groups)
{
	autofd int deep = -1;
	autofree pid_t *pids = NULL;
	size_t n = 0;
	pid_t a, b;

	need_group();
	for (int i = 0; i < 50; i++) {
		char child_name[16];

		snprintf(child_name, sizeof(child_name), "wide%d", i);
		cr_assert_eq(mkdirat(group, child_name, 0755), 0);
	}
	deep = openat(group, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 40; i++) {
		int next = cgroup_create(deep, "deep", &err);

		cr_assert_geq(next, 0, "%s", err.text);
		close(deep);
		deep = next;
	}
	a = child(group, false);
	b = child(deep, false);
	cr_assert_eq(cgroup_procs(group, &pids, &n, &err), 0, "%s", err.text);
	cr_assert_eq(n, 2);
	cr_assert(pids[0] == (a < b ? a : b) && pids[1] == (a < b ? b : a));
	cr_assert_eq(cgroup_kill(group, &err), 0);
	cr_assert_eq(cgroup_remove(top, name, &err), 0, "%s", err.text);
	cr_assert_eq(faccessat(top, name, F_OK, 0), -1);
	cr_assert_eq(cgroup_remove(top, name, &err), 0, "absent is success");
	cr_assert_eq(cgroup_kill(group, &err), 0, "gone is success");
	cr_assert_eq(cgroup_wait_empty(group, soon(), &err), 0);
}

Test(kernel, memory_limit_is_held_or_refused)
{
	struct limits l = {.memory = 512 << 20}, now;
	autocgroupplan struct cgroup_plan p = {0};
	struct arena arena = {0};

	need_group();
	cr_assert_eq(cgroup_plan(&l, &p, &err), 0);
	if (cgroup_apply(top, group, &p, &err) < 0) {
		cr_assert_str_eq(err.text,
			"cannot limit memory to 512M: this host's cgroup v2 tree "
			"has no memory controller");
		cr_assert(strstr(err.hint, "or leave out --memory"), "%s", err.hint);
		return;
	}
	cr_assert_eq(cgroup_read_limits(group, NULL, &arena, &now, &err), 0);
	cr_assert_eq(now.memory, l.memory);
	arena_free(&arena);
}

Test(kernel, default_pids_never_fail)
{
	struct limits l = {.pids = 100, .pids_default = true};
	autocgroupplan struct cgroup_plan p = {0};
	char text[16];

	need_group();
	cr_assert_eq(cgroup_plan(&l, &p, &err), 0);
	cr_assert_eq(cgroup_apply(top, group, &p, &err), 0, "%s", err.text);
	cr_assert_gt(file_peek(group, "cgroup.max.descendants", text, sizeof(text)), 0);
	cr_assert_str_eq(text, "1000");
}

Test(kernel, unknown_file_is_refused)
{
	struct key_value kv = {"nonsense.max", "1"};
	struct limits l = {.conf = &kv, .conf_count = 1};
	autocgroupplan struct cgroup_plan p = {0};

	need_group();
	cr_assert_eq(cgroup_plan(&l, &p, &err), 0);
	cr_assert_eq(cgroup_apply(top, group, &p, &err), -1);
	cr_assert(strstr(err.text, "no nonsense controller"), "%s", err.text);
}

Test(kernel, statistics_know_what_there_is)
{
	struct cgroup_stats s;

	need_group();
	cr_assert_eq(cgroup_stats(group, &s, &err), 0, "%s", err.text);
	cr_assert(s.cpu_usage_us.known);
	cr_assert_eq(s.memory_current.known, faccessat(group, "memory.current", F_OK, 0) == 0);
	cr_assert_not(cgroup_oom_killed(group));
}

/* The exit status of a child in the group that opens the node: 0, or errno. */
static int open_inside(const char *node)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (cgroup_join(group, getpid(), &err) < 0)
			_exit(255);
		_exit(open(node, O_RDWR | O_CLOEXEC) < 0 ? errno : 0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

Test(kernel, device_rules_hold)
{
	static const struct device_rule null_only[] = {{true, 'c', 1, 3, "rw"}};
	static const struct device_rule zero_only[] = {{true, 'c', 1, 5, "rwm"}};

	need_group();
	if (cgroup_devices_attach(group, null_only, 1, &err) < 0 &&
		(err.sys == EPERM || err.sys == ENOSYS))
		cr_skip_test("no device rules here: %s", err.text);
	cr_assert_eq(open_inside("/dev/null"), 0, "%s", err.text);
	cr_assert_eq(open_inside("/dev/zero"), EPERM);
	cr_assert_eq(cgroup_devices_replace(group, zero_only, 1, &err), 0, "%s", err.text);
	cr_assert_eq(open_inside("/dev/null"), EPERM);
	cr_assert_eq(open_inside("/dev/zero"), 0);
}
