#include "launch/payload.h"

#include "base/fd.h"
#include "base/fdpass.h"
#include "base/file.h"
#include "base/inside.h"
#include "base/program.h"
#include "launch/hooks.h"
#include "launch/startsocket.h"
#include "net/handover.h"
#include "ns/rights.h"
#include "process/capset.h"
#include "process/fit.h"
#include "process/ids.h"
#include "process/lsm.h"
#include "process/sched.h"
#include "process/seccomp.h"
#include "process/seccomp_listener.h"
#include "process/terminal.h"
#include "process/user.h"
#include "rootfs/dev.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Resolved in the root and entered by descriptor, so that a path such as /proc/self/fd/7 leads
 * nowhere (CVE-2024-21626). */
static int enter_cwd(int rootfd, const char *cwd, struct err *err)
{
	autofd int fd = inside_open(rootfd, cwd, O_PATH | O_DIRECTORY, 0, err);

	if (fd < 0)
		return err_wrap(err, "working directory %s", cwd);
	if (fchdir(fd) < 0)
		return err_sys(err, "cannot enter the working directory %s", cwd);
	return 0;
}

/* Ids, then capabilities: a capability is dropped by whoever still has the right to. */
static int become_user(const struct spec *spec, const struct user *user, struct err *err)
{
	const struct process_spec *p = &spec->process;

	if (capset_bound(p->caps[CAPSET_BOUNDING], err) < 0)
		return -1;
	if (user->uid != 0 && capset_keep(err) < 0)
		return -1;
	return ids_become(user->uid, user->gid, user->groups, user->ngroups, plan_groups(p), err);
}

/* A filter without no_new_privs takes CAP_SYS_ADMIN to load. What is permitted beyond the sets ends with
 * the next exec, whose result is made of the bounding, inheritable and ambient sets only: nothing has to
 * be given up behind the filter, which may deny it. */
static bool filter_takes_rights(const struct payload *p)
{
	return !p->spec->process.no_new_privs && p->plan->filter.len;
}

static int apply_caps(const struct payload *payload, const struct user *user, struct err *err)
{
	const struct process_spec *p = &payload->spec->process;
	uint64_t sets[CAPSETS];

	memcpy(sets, p->caps, sizeof(sets));
	/* As execve(2) would: who is not root starts without capabilities, unless they are ambient. */
	if (user->uid != 0)
		for (int i = CAPSET_EFFECTIVE; i <= CAPSET_PERMITTED; i++)
			sets[i] = p->caps[CAPSET_AMBIENT];
	for (int i = CAPSET_EFFECTIVE; filter_takes_rights(payload) && i <= CAPSET_PERMITTED; i++)
		sets[i] |= UINT64_C(1) << CAP_SYS_ADMIN;
	return capset_apply(sets, err);
}

/* One that is empty is none, as engines have it. */
static void set_home(struct plan *plan, const char *home)
{
	size_t n = 0;

	while (plan->env[n] && strncmp(plan->env[n], "HOME=", 5) != 0)
		n++;
	if (plan->env[n] && plan->env[n][5])
		return;
	if (!plan->env[n])
		plan->env[n + 1] = NULL;
	snprintf(plan->home, sizeof(plan->home), "HOME=%s", home[0] ? home : "/");
	plan->env[n] = plan->home;
}

/* Keys of the host's session are not the container's. Kernels without keyrings have none to share. */
int payload_leave_keyring(struct err *err)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
		return err_sys(err, "cannot make a session keyring");
	return 0;
}

static int tie_to_parent(const struct spec *spec, int report_fd, struct err *err)
{
	struct pollfd p = {.fd = report_fd};

	/* A change of credentials has untied us. */
	if (prctl(PR_SET_PDEATHSIG, spec->die_with_parent ? SIGKILL : 0) < 0)
		return err_sys(err, "cannot tie the process to its parent");
	if (spec->die_with_parent && poll(&p, 1, 0) > 0 && (p.revents & POLLERR))
		_exit(128 + SIGKILL);
	return 0;
}

static int execute(struct plan *plan, int init_fd, const char *path, const struct err *foreign,
	struct err *err)
{
	if (init_fd >= 0) {
		syscall(SYS_execveat, init_fd, "", plan->argv, plan->env, AT_EMPTY_PATH);
		return err_sys(err, "cannot execute ctr-init");
	}
	execve(path, plan->argv, plan->env);
	return exec_error(errno, path, foreign, err);
}

/* An engine's container: a process that joins it later is no start of it. */
static bool starts(const struct payload *p)
{
	return p->start_fd >= 0;
}

/* What is found in the root before the wait for the start, for what comes after it. */
struct found {
	struct user user;
	struct err foreign;
	char path[4096];
};

/* Above all ids that the container has. */
static uint32_t id_limit(const struct id_maps *ids)
{
	uint32_t limit = 0;

	for (size_t i = 0; i < ids->nuids; i++)
		if (ids->uids[i].inside + ids->uids[i].count > limit)
			limit = ids->uids[i].inside + ids->uids[i].count;
	return limit ? limit : UINT32_MAX;
}

/* execCPUAffinity is for one that joins a container. */
static int choose_cpus(const struct payload *p, struct err *err)
{
	const char *list = p->spec->process.cpus_final;

	if (list && !starts(p))
		return cpus_apply(0, "execCPUAffinity.final", list, err);
	cpus_free();
	return 0;
}

/* Nothing emulates these here: the kernel runs them itself, under the filter. */
static int refuse_killed(const struct payload *p, const struct found *f, struct err *err)
{
	if (!f->foreign.text[0] || !fit_is_i386(p->rootfd, f->path) ||
		seccomp_answer_exit(&p->plan->filter, AUDIT_ARCH_I386) != SECCOMP_RET_KILL_PROCESS)
		return 0;
	err_set(err,
		"cannot run %.300s: it is a 32-bit program, and the container's filter kills those",
		f->path);
	err_hint(err, "--security-opt seccomp=default+32bit lets them in");
	return err_status(err, ERR_STATUS_NOT_EXECUTABLE);
}

static int prepare(const struct payload *p, struct found *f, struct err *err)
{
	const struct process_spec *process = &p->spec->process;
	uint32_t limit = id_limit(&p->plan->ids);

	if (user_resolve(p->rootfd, process->user, process->groups, process->groupc, limit,
		    &f->user, err) < 0)
		return -1;
	if (streams_give((int[3]){STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}, f->user.uid,
		    process->terminal, err) < 0)
		return -1;
	set_home(p->plan, f->user.home);
	if (enter_cwd(p->rootfd, process->cwd, err) < 0 ||
		command_find(p->rootfd, process->argv[0], p->plan->path, process->cwd, f->path,
			err) < 0 ||
		fit_check(p->rootfd, f->path, &f->foreign, err) < 0 || refuse_killed(p, f, err) < 0)
		return -1;
	umask(process->umask);
	if (!process->no_new_keyring && payload_leave_keyring(err) < 0)
		return -1;
	if (memory_policy_apply(&process->memory_policy, p->spec->root.direct, err) < 0 ||
		choose_cpus(p, err) < 0)
		return -1;
	if ((process->personality_set || !p->spec->root.direct) &&
		personality_apply(process->personality, err) < 0)
		return -1;
	return rlimits_apply(process->rlimits, process->rlimit_count, err);
}

/* Others may be inside already, or trace us on our way out. Engines wait for the end of pipes that we have
 * inherited from them, and every later command for the lock that our parent holds. */
static int let_go(const struct payload *p, struct err *err)
{
	const int kept[] = {p->init_fd, p->label_fd, p->start_fd, p->report_fd, p->network_sock,
		p->listener ? p->listener->sock : -1};

	if (fd_close_others(3 + p->keep_fds, kept, sizeof(kept) / sizeof(kept[0])) < 0)
		return err_sys(err, "cannot close file descriptors");
	return 0;
}

static int apply_filter(const struct payload *p, struct err *err)
{
	const struct seccomp_filter *f = &p->plan->filter;

	if (!f->notifies)
		return seccomp_apply(f, err);
	if (!p->listener || !p->state)
		return err_set(err, "the seccomp filter notifies, and there is no listener");
	return seccomp_apply_listened(f, p->listener, p->state, err);
}

/* The order is that of rights: each step needs what a later one gives up. */
static int give_up_rights(const struct payload *p, const struct user *user, struct err *err)
{
	const struct process_spec *process = &p->spec->process;

	if (process->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, "cannot set no_new_privs");
	if (become_user(p->spec, user, err) < 0)
		return -1;
	return apply_caps(p, user, err);
}

/* Non-blocking: root of the container may have put a pipe there, at whose open we would wait. */
static int open_null(const struct layout *l, struct err *err)
{
	return layout_open(l, "/dev/null", O_RDWR | O_NOFOLLOW | O_NONBLOCK, err);
}

struct payload_streams payload_plan_streams(const struct spec *spec, const int fds[3],
	int console_sock, struct fd_list *kept)
{
	const struct process_spec *p = &spec->process;
	struct payload_streams s = {.fds = {fds[0], fds[1], fds[2]}, .console_sock = console_sock};

	if (console_sock >= 0) {
		s.fds[0] = s.fds[1] = s.fds[2] = STREAM_NULL;
		s.size = terminal_size(p->rows, p->columns);
	}
	memcpy(kept->streams, s.fds, sizeof(s.fds));
	fd_list_add(kept, s.fds, 3);
	return s;
}

int payload_set_streams(const struct spec *spec, const struct layout *l,
	const struct payload_streams *streams, struct err *err)
{
	autofd int null = -1, ptmx = -1;
	int to[3] = {STREAM_INHERITED, STREAM_INHERITED, STREAM_INHERITED};

	if (setsid() < 0)
		return err_sys(err, "cannot start a session");
	if (streams->console_sock >= 0) {
		ptmx = ptmx_open(l, err);
		if (ptmx < 0 || fds_send(streams->console_sock, &ptmx, 1, err) < 0)
			return -1;
		return terminal_become(ptmx, &streams->size, spec->process.plain_lines, err);
	}
	for (int i = 0; i < 3; i++) {
		if (streams->fds[i] != STREAM_NULL)
			continue;
		if (null < 0 && (null = open_null(l, err)) < 0)
			return -1;
		to[i] = null;
	}
	return streams_apply(to, err);
}

int payload_give_streams(const struct spec *spec, const struct plan *plan, const int streams[3],
	struct err *err)
{
	const struct id_maps *ids = &plan->ids;
	uint32_t uid, gid;

	if (spec->process.terminal || !plan_has_users(spec) ||
		!id_map_find(ids->uids, ids->nuids, 0, &uid) ||
		!id_map_find(ids->gids, ids->ngids, 0, &gid))
		return 0;
	for (int i = 0; i < 3; i++)
		if (pipe_give(streams[i] == STREAM_INHERITED ? i : streams[i], uid, gid, err) < 0)
			return -1;
	return 0;
}

/* The hooks of the start are programs of the image, with its environment too, so the filter holds for them.
 * One that notifies can be loaded but once, so it is for us as well; else nothing is behind it but the exec. */
static int run_hooks_and_filter(const struct payload *p, bool first, struct err *err)
{
	const struct seccomp_filter *f = &p->plan->filter;
	bool hooks = first && p->spec->hooks.count[HOOK_START_CONTAINER];
	bool early = hooks && f->notifies;

	if (early && apply_filter(p, err) < 0)
		return -1;
	if (hooks && hooks_run(&p->spec->hooks, HOOK_START_CONTAINER, p->state,
			     &(struct hook_setting){
				     .dir_fd = -1,
				     .env = p->plan->env,
				     .filter = early ? NULL : f,
			     },
			     err) < 0)
		return -1;
	program_reset_signals(); /* we block those that we pass on */
	return early ? 0 : apply_filter(p, err);
}

int payload_execute(struct payload *p, struct err *err)
{
	const struct process_spec *process = &p->spec->process;
	const bool first = starts(p); /* the socket is gone once the start has come */
	struct found f;

	if (prepare(p, &f, err) < 0 || let_go(p, err) < 0 ||
		(first && start_socket_wait(&p->start_fd, &p->report_fd, err) < 0) ||
		give_up_rights(p, &f.user, err) < 0 ||
		tie_to_parent(p->spec, p->report_fd, err) < 0 ||
		lsm_apply(p->label_fd, process, err) < 0 || network_await(p->network_sock, err) < 0)
		return -1;
	/* Nothing of ours reaches the payload. */
	if (syscall(SYS_close_range, 3U + p->keep_fds, ~0U, 4U /* CLOSE_RANGE_CLOEXEC, 5.11 */) < 0)
		return err_sys(err, "cannot close file descriptors");
	if (rlimits_apply_files(process->rlimits, process->rlimit_count, err) < 0)
		return -1;
	if (write(p->report_fd, "", 1) != 1)
		return err_sys(err, "cannot report the start");
	if (run_hooks_and_filter(p, first, err) < 0)
		return -1;
	return execute(p->plan, p->init_fd, f.path, &f.foreign, err);
}

/* What keeps a daemon that calls us from being killed is not for what it runs, nor what has a desktop's programs killed
 * first. An engine says what it wants. */
static bool oom_score_is_usual(const struct spec *spec)
{
	char own[16] = "";

	return spec->root.direct ||
	       file_peek(AT_FDCWD, "/proc/self/oom_score_adj", own, sizeof(own)) <= 0 ||
	       atoi(own) == 0;
}

int payload_set_oom_score(pid_t pid, const struct spec *spec, struct err *err)
{
	const struct process_spec *p = &spec->process;
	const int score = p->oom_score_adj_set ? p->oom_score_adj : 0;
	char path[48] = "/proc/self/oom_score_adj", text[16];

	if (!p->oom_score_adj_set && oom_score_is_usual(spec))
		return 0;
	if (pid)
		snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	snprintf(text, sizeof(text), "%d", score);
	if (file_poke(AT_FDCWD, path, text) == 0)
		return 0;
	if (errno == EACCES && rights_get() != RIGHTS_HOST) {
		if (p->oom_score_adj_set)
			warn("the OOM score adjustment stays: lowering it to %d is for root",
				score);
		return 0;
	}
	err_sys(err, "cannot set the OOM score adjustment to %d", score);
	return err_hint(err, "lowering it below the host's own needs CAP_SYS_RESOURCE");
}

int payload_set_priorities(pid_t pid, const struct spec *spec, struct err *err)
{
	const struct process_spec *p = &spec->process;

	if (!spec->root.direct) {
		priorities_usual(pid);
		rlimits_usual(pid);
	}
	rlimits_admit(pid, p->rlimits, p->rlimit_count);
	if (scheduler_apply(pid, &p->scheduler, err) < 0)
		return -1;
	return io_priority_apply(pid, p->io_class, p->io_priority, err);
}
