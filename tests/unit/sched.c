#include "process/sched.h"
#include "process/ids.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/ioprio.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct err err;

Test(sched, nothing_asked_for_changes_nothing)
{
	struct scheduler s = {.policy = 77};
	struct memory_policy m = {.mode = 77};

	cr_assert_eq(scheduler_apply(0, &s, &err), 0);
	cr_assert_eq(io_priority_apply(0, 0, 5, &err), 0);
	cr_assert_eq(cpus_apply(0, "cpus", NULL, &err), 0);
	cr_assert_eq(memory_policy_apply(&m, true, &err), 0);
}

Test(sched, policy_and_nice)
{
	struct scheduler s = {.set = true, .policy = SCHED_BATCH, .nice = 7};

	cr_assert_eq(scheduler_apply(0, &s, &err), 0, "%s", err.text);
	cr_assert_eq(sched_getscheduler(0), SCHED_BATCH);
	cr_assert_eq(getpriority(PRIO_PROCESS, 0), 7);
}

Test(sched, a_policy_that_is_none_is_named)
{
	struct scheduler s = {.set = true, .policy = 77, .nice = -3};

	cr_assert_eq(scheduler_apply(0, &s, &err), -1);
	cr_assert(strstr(err.text, "policy 77, nice -3"), "%s", err.text);
}

Test(sched, deadline)
{
	struct scheduler s = {
		.set = true,
		.policy = 6 /* SCHED_DEADLINE */,
		.flags = 1 /* SCHED_FLAG_RESET_ON_FORK */,
		.runtime_ns = 1000000,
		.deadline_ns = 10000000,
		.period_ns = 20000000,
	};

	if (geteuid() != 0)
		cr_skip_test("needs root");
	if (scheduler_apply(0, &s, &err) < 0)
		cr_skip_test("%s", err.text);
	cr_assert_eq(sched_getscheduler(0) & ~SCHED_RESET_ON_FORK, 6);
	s.deadline_ns = 1000;
	cr_assert_eq(scheduler_apply(0, &s, &err), -1, "runtime beyond deadline");
}

Test(sched, io_priority)
{
	cr_assert_eq(io_priority_apply(0, IOPRIO_CLASS_BE, 6, &err), 0, "%s", err.text);
	cr_assert_eq(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0),
		IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6));
	cr_assert_eq(io_priority_apply(0, 6, 6, &err), -1);
	cr_assert(strstr(err.text, "class 6, priority 6"));
}

Test(sched, cpus)
{
	static const char *const bad[] = {"", "a", "0-", "3-1", "0,", "0 ", "-1", "99999"};
	cpu_set_t set;

	cr_assert_eq(cpus_apply(0, "cpus", "0,0-0", &err), 0, "%s", err.text);
	cr_assert_eq(sched_getaffinity(0, sizeof(set), &set), 0);
	cr_assert(CPU_COUNT(&set) == 1 && CPU_ISSET(0, &set));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_eq(cpus_apply(0, "cpus", bad[i], &err), -1, "%s", bad[i]);
		cr_assert(strstr(err.text, "not a list of CPUs"));
	}
	cr_assert_eq(cpus_apply(0, "cpus", "8000-8191", &err), -1);
	cr_assert(strstr(err.text, "cannot run on the CPUs 8000-8191"), "%s", err.text);
}

Test(sched, memory_policy)
{
	struct memory_policy m = {.set = true, .mode = 2 /* MPOL_BIND */, .nodes = "0"};
	int mode = -1;

	if (memory_policy_apply(&m, true, &err) < 0 && err.sys == ENOSYS)
		cr_skip_test("this kernel has no memory policies");
	cr_assert_str_empty(err.text);
	cr_assert_eq(syscall(SYS_get_mempolicy, &mode, NULL, 0UL, NULL, 0UL), 0);
	cr_assert_eq(mode, 2);
	m.nodes = "900";
	cr_assert_eq(memory_policy_apply(&m, true, &err), -1);
	cr_assert(strstr(err.text, "for the nodes 900"), "%s", err.text);
}

Test(sched, personality)
{
	cr_assert_eq(personality_apply(PER_LINUX32, &err), 0, "%s", err.text);
	cr_assert_eq(personality(0xffffffff), PER_LINUX32);
}
