#include "process/sched.h"

#include "base/numlist.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LIST_MAX = 8192, WORD_BITS = 8 * sizeof(unsigned long) }; /* the kernel's NR_CPUS at most */

struct mask {
	unsigned long words[LIST_MAX / WORD_BITS];
};

int scheduler_apply(pid_t pid, const struct scheduler *s, struct err *err)
{
	struct sched_attr attr = {
		.size = sizeof(attr),
		.sched_policy = s->policy,
		.sched_flags = s->flags,
		.sched_nice = s->nice,
		.sched_priority = s->priority,
		.sched_runtime = s->runtime_ns,
		.sched_deadline = s->deadline_ns,
		.sched_period = s->period_ns,
	};

	if (!s->set || syscall(SYS_sched_setattr, pid, &attr, 0) == 0)
		return 0;
	err_sys(err, "cannot set the scheduler (policy %u, nice %d, priority %u)", s->policy,
		s->nice, s->priority);
	if (err->sys == EPERM)
		err_hint(err, "it takes CAP_SYS_NICE on the host; and real-time policies in a "
			      "cgroup that has a share of real time");
	return -1;
}

/* Where none was set, some kernels tell the one that follows from the nice value. */
void priorities_usual(pid_t pid)
{
	struct sched_attr now = {.size = sizeof(now)};
	const struct sched_attr usual = {.size = sizeof(usual), .sched_policy = SCHED_NORMAL};
	long io;

	if (syscall(SYS_sched_getattr, pid, &now, sizeof(now), 0) == 0 &&
		(now.sched_policy != SCHED_NORMAL || now.sched_nice || now.sched_flags))
		syscall(SYS_sched_setattr, pid, &usual, 0);
	io = syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, pid);
	if (io > 0 && io != IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 4))
		syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid,
			IOPRIO_PRIO_VALUE(IOPRIO_CLASS_NONE, 0));
}

int io_priority_apply(pid_t pid, int io_class, int priority, struct err *err)
{
	if (!io_class || syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid,
				 IOPRIO_PRIO_VALUE(io_class, priority)) == 0)
		return 0;
	return err_sys(err, "cannot set the I/O priority (class %d, priority %d)", io_class,
		priority);
}

/* "0-3,5" */
static bool list_read(const char *s, struct mask *ret)
{
	uint32_t first, last;
	int r = *s ? 1 : -1;

	*ret = (struct mask){{0}};
	while (r > 0 && (r = numlist_next(&s, &first, &last)) > 0) {
		if (last >= LIST_MAX)
			return false;
		for (uint32_t i = first; i <= last; i++)
			ret->words[i / WORD_BITS] |= 1UL << (i % WORD_BITS);
	}
	return r == 0;
}

int cpus_apply(pid_t pid, const char *what, const char *list, struct err *err)
{
	struct mask mask;

	if (!list)
		return 0;
	if (!list_read(list, &mask))
		return err_value(err, what, list, "is not a list of CPUs such as 0-3,5");
	if (syscall(SYS_sched_setaffinity, pid, sizeof(mask), &mask) < 0)
		return err_sys(err, "%s: cannot run on the CPUs %s", what, list);
	return 0;
}

void cpus_free(void)
{
	struct mask mask;

	memset(&mask, 0xff, sizeof(mask));
	syscall(SYS_sched_setaffinity, 0, sizeof(mask), &mask);
}

int cpus_get(struct cpus *ret, struct err *err)
{
	*ret = (struct cpus){{0}};
	if (syscall(SYS_sched_getaffinity, 0, sizeof(*ret), ret) < 0)
		return err_sys(err, "cannot see on which CPUs we may run");
	return 0;
}

void cpus_restore(const struct cpus *before)
{
	syscall(SYS_sched_setaffinity, 0, sizeof(*before), before);
}

int memory_policy_apply(const struct memory_policy *m, bool keep, struct err *err)
{
	struct mask mask = {{0}};

	if (!m->set) {
		if (!keep)
			syscall(SYS_set_mempolicy, MPOL_DEFAULT, NULL, 0UL);
		return 0;
	}
	if (m->nodes && !list_read(m->nodes, &mask))
		return err_value(err, "memory policy", m->nodes,
			"is not a list of nodes such as 0-3,5");
	/* The kernel takes one bit less than it is told of. */
	if (syscall(SYS_set_mempolicy, m->mode, m->nodes ? mask.words : NULL,
		    m->nodes ? 1024UL + 1 : 0) < 0)
		return err_sys(err, "cannot set the memory policy %d for the nodes %s",
			m->mode & 0xff, m->nodes ? m->nodes : "that there are");
	return 0;
}
