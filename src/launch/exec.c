#include "launch/exec.h"

#include "base/fd.h"
#include "base/fdpass.h"
#include "base/program.h"
#include "cgroup/group.h"
#include "cgroup/path.h"
#include "launch/payload.h"
#include "launch/report.h"
#include "ns/clone.h"
#include "ns/join.h"
#include "ns/rights.h"
#include "process/ids.h"
#include "process/lsm.h"
#include "process/sched.h"
#include "process/seccomp_listener.h"
#include "rootfs/root.h"
#include "state/liveroot.h"
#include "state/rdt.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct entry {
	const struct spec *spec;
	struct plan *plan;
	int target;      /* pidfd of the container's first process */
	uint64_t joined; /* namespaces left to join, CLONE_NEW* */
	bool inside;     /* they have been joined already */
	struct payload_streams streams;
	unsigned keep_fds;
	int report_fd;
	struct seccomp_listener listener; /* of the filter, or sock -1 */
	const char *state;                /* of the container, or NULL */
	struct resctrl_tasks tasks;       /* of the container's class, or none */
	const char *subgroup;             /* below the container's, or NULL */
	int root;            /* of a container that has no mount namespace of its own, or -1 */
	struct fd_list kept; /* all that it needs */
};

static int enter(const struct entry *e, struct err *err)
{
	int root, label_fd = -1;

	/* Processes inside can see us from the moment we join: our memory, and the descriptors that
	 * are still open, are not for them (CVE-2016-9962). */
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys(err, "cannot hide from the container");
	if (!e->inside && (payload_set_priorities(0, e->spec, err) < 0 ||
				  lsm_open(&e->spec->process, &label_fd, err) < 0 ||
				  ns_join(e->target, e->joined, err) < 0))
		return -1;
	close(e->target);
	if ((e->joined & CLONE_NEWUSER) && ids_become_root(plan_groups(&e->spec->process), err) < 0)
		return -1;
	if (e->root >= 0 && root_change(e->root, err) < 0)
		return -1;
	/* Joining the mount namespace has made its root ours. */
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(err, "cannot open the container's root");
	if (payload_set_streams(e->spec, &(struct layout){.rootfd = root}, &e->streams, err) < 0)
		return -1;
	return payload_execute(
		&(struct payload){
			.spec = e->spec,
			.plan = e->plan,
			.rootfd = root,
			.init_fd = -1,
			.label_fd = label_fd,
			.report_fd = e->report_fd,
			.start_fd = -1,
			.network_sock = -1,
			.keep_fds = e->keep_fds,
			.state = e->state,
			.listener = e->listener.sock >= 0 ? &e->listener : NULL,
		},
		err);
}

/* What has to be done while /proc is still the host's. */
static int prepare_here(struct entry *e, struct err *err)
{
	char text[16] = "";

	if (readlink("/proc/self", text, sizeof(text) - 1) < 0)
		return err_sys(err, "read the host's /proc/self");
	e->listener.pid = (pid_t)atoi(text);
	return payload_set_oom_score(0, e->spec, err);
}

/* By itself, before it does anything else: whatever it starts will be there too. */
static int join_class(struct entry *e, struct err *err)
{
	int r = resctrl_tasks_add(&e->tasks, 0, err);

	resctrl_tasks_close(&e->tasks);
	return r;
}

static _Noreturn void entry_run(struct entry *e)
{
	struct err err = {0};

	program_hide_arguments();
	if (fd_list_close_others(&e->kept, &err) == 0 &&
		(e->inside || (join_class(e, &err) == 0 && prepare_here(e, &err) == 0)))
		enter(e, &err);
	fd_write_all(e->report_fd, &err, sizeof(err));
	_exit(err.status ? err.status : ERR_STATUS_OURS);
}

/* What has to be done before the namespaces are joined, by a process in between. */
static int prepare_outside(const void *arg, struct err *err)
{
	const struct entry *e = arg;
	const struct process_spec *p = &e->spec->process;

	program_hide_arguments();
	if (p->apparmor || p->selinux)
		return err_set(err, "a label for one more process is for root to give");
	if (resctrl_tasks_add(&e->tasks, 0, err) < 0 ||
		payload_set_oom_score(0, e->spec, err) < 0 ||
		payload_set_priorities(0, e->spec, err) < 0)
		return -1;
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys(err, "cannot hide from the container");
	return 0;
}

/* Without rights here, all there are begin in the container's user namespace. */
static bool must_enter_first(const struct container *c)
{
	return rights_get() == RIGHTS_NONE && (c->record.namespaces & CLONE_NEWUSER);
}

/* Who is inside sees whoever is born in the pid namespace, with the network and mounts that it is in: the host's,
 * if it has to join the others itself. A label, and the number that a listener is told, are had by way of the
 * host's /proc, where there is no other way. */
static bool enters_first(const struct container *c, const struct entry *e)
{
	const struct process_spec *p = &e->spec->process;

	return must_enter_first(c) || ((c->record.namespaces & CLONE_NEWPID) && !p->apparmor &&
					      !p->selinux && e->listener.sock < 0);
}

static int open_group(const struct container *c, const char *subgroup, struct err *err)
{
	autofd int below = -1;

	if (!subgroup)
		return cgroup_open_for_exec(c->group_fd, err);
	below = cgroup_path_open(c->group_fd, subgroup, err);
	if (below >= 0 && cgroup_frozen(below) > 0 && cgroup_frozen(c->group_fd) <= 0)
		return err_set(err, "cgroup %s is frozen: nothing can start in it", subgroup);
	return below < 0 ? -1 : cgroup_open_for_exec(below, err);
}

/* A child of ours that is born in the group and the pid namespace of the container, and joins the
 * rest itself: the group wants the rights we have now, the others those it gets there. */
static pid_t clone_into(struct container *c, const struct entry *e, int *ret_pidfd, struct err *err)
{
	uint64_t namespaces = c->record.namespaces;
	autofd int group = -1;
	struct ns_birth birth = {.kept = &e->kept};

	if (!record_has_group(&c->record) && e->subgroup)
		return err_set(err, "%s has no cgroup: there is none below it", c->record.name);
	if (record_has_group(&c->record) && (group = open_group(c, e->subgroup, err)) < 0)
		return -1;
	birth.cgroup_fd = group;
	if (e->inside)
		return ns_clone_inside(c->pidfd, namespaces, &birth, prepare_outside, e, ret_pidfd,
			err);
	if (ns_join(c->pidfd, namespaces & CLONE_NEWPID, err) < 0)
		return -1;
	return ns_clone(0, group, ret_pidfd, err);
}

/* What the child inherits to begin with, and we have only lent. */
static pid_t clone_on_cpus(struct container *c, const struct entry *e, int *ret_pidfd,
	struct err *err)
{
	const struct process_spec *p = &e->spec->process;
	struct cpus before;
	pid_t pid;

	if (!p->cpus_initial)
		return clone_into(c, e, ret_pidfd, err);
	if (cpus_get(&before, err) < 0 ||
		cpus_apply(0, "execCPUAffinity.initial", p->cpus_initial, err) < 0)
		return -1;
	pid = clone_into(c, e, ret_pidfd, err);
	if (pid != 0)
		cpus_restore(&before);
	return pid;
}

static void list_kept(struct entry *e, const int streams[3], int console_sock)
{
	const int ours[] = {e->target, e->report_fd, console_sock, e->listener.sock,
		e->inside ? -1 : e->tasks.class_fd, e->inside ? -1 : e->tasks.monitor_fd, e->root};

	e->kept = (struct fd_list){.first = 3 + e->keep_fds};
	fd_list_add(&e->kept, ours, sizeof(ours) / sizeof(ours[0]));
	e->streams = payload_plan_streams(e->spec, streams, console_sock, &e->kept);
}

static int exec_entry(struct container *c, struct entry entry, const struct exec_io *io,
	pid_t *ret_pid, int *ret_pidfd, struct err *err)
{
	const struct spec *spec = entry.spec;
	autofd int report_in = -1, report_out = -1, console_in = -1, console_out = -1;
	autofd int pidfd = -1, master = -1;
	int p[2];
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe to the container");
	report_in = p[0];
	report_out = p[1];
	if (spec->process.terminal) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p) < 0)
			return err_sys(err, "cannot make a socket pair");
		console_in = p[0];
		console_out = p[1];
	}
	entry.report_fd = report_out;
	entry.inside = enters_first(c, &entry);
	list_kept(&entry, io->streams, console_out);
	pid = clone_on_cpus(c, &entry, &pidfd, err);
	if (pid < 0)
		return -1;
	if (pid == 0)
		entry_run(&entry);
	close(take_fd(&report_out));
	if (console_out >= 0) {
		close(take_fd(&console_out));
		/* A child that failed says why in its report. */
		if (fds_receive(console_in, &master, 1, err) < 0)
			master = -1;
	}
	if (report_await(report_in, pid, err) < 0)
		return -1;
	if (io->ret_console && spec->process.terminal)
		*io->ret_console = take_fd(&master);
	*ret_pid = pid;
	*ret_pidfd = take_fd(&pidfd);
	return 0;
}

int container_exec(struct container *c, const struct spec *spec, struct plan *plan,
	const struct exec_io *io, pid_t *ret_pid, int *ret_pidfd, struct err *err)
{
	struct entry entry = {
		.spec = spec,
		.plan = plan,
		.target = c->pidfd,
		.joined = c->record.namespaces & ~(uint64_t)CLONE_NEWPID,
		.keep_fds = io->keep_fds,
		.listener = {.sock = -1},
		.state = io->state,
		.tasks = RESCTRL_NO_TASKS,
		.subgroup = io->subgroup,
		.root = -1,
	};
	autofd int root = -1;
	int r;

	plan_set_range(plan, spec, c->record.range);
	if (payload_give_streams(spec, plan, io->streams, err) < 0)
		return -1;
	/* Without a mount namespace of its own, a container's root is that of its first process. */
	if (!(c->record.namespaces & CLONE_NEWNS) && (root = container_root_open(c, err)) < 0)
		return -1;
	entry.root = root;
	if (container_rdt_open(c, &entry.tasks, err) < 0)
		return -1;
	r = plan->filter.notifies && io->state
		    ? seccomp_listener_open(&spec->process, spec->oci_version, &entry.listener, err)
		    : 0;
	if (r == 0)
		r = exec_entry(c, entry, io, ret_pid, ret_pidfd, err);
	seccomp_listener_close(&entry.listener);
	resctrl_tasks_close(&entry.tasks);
	return r;
}
