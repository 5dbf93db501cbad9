#include "container/payload.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/inside.h"
#include "process/capset.h"
#include "process/fit.h"
#include "process/ids.h"
#include "process/seccomp.h"
#include "process/user.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Resolved in the root and entered by descriptor, so that a path such as /proc/self/fd/7 leads
 * nowhere (CVE-2024-21626). */
static int enter_cwd(int rootfd, const char *cwd, struct err *err)
{
	autofd int fd = inside_ensure(rootfd, cwd, INSIDE_DIR, err);

	if (fd < 0)
		return err_wrap(err, "working directory %s", cwd);
	if (fchdir(fd) < 0)
		return err_sys(err, "cannot enter the working directory %s", cwd);
	return 0;
}

static int set_oom_score(const struct process_spec *p, struct err *err)
{
	char text[16];

	if (!p->oom_score_adj_set)
		return 0;
	snprintf(text, sizeof(text), "%d", p->oom_score_adj);
	if (file_poke(AT_FDCWD, "/proc/self/oom_score_adj", text) == 0)
		return 0;
	err_sys(err, "cannot set the OOM score adjustment to %d", p->oom_score_adj);
	return err_hint(err, "lowering it below the host's own needs CAP_SYS_RESOURCE");
}

/* Ids, then capabilities: a capability is dropped by whoever still has the right to. */
static int become_user(const struct spec *spec, const struct user *user, struct err *err)
{
	const struct process_spec *p = &spec->process;

	if (capset_bound(p->caps[CAPSET_BOUNDING], err) < 0)
		return -1;
	if (user->uid != 0 && capset_keep(err) < 0)
		return -1;
	return ids_become(user->uid, user->gid, user->groups, user->ngroups, err);
}

static int apply_caps(const struct process_spec *p, const struct user *user, struct err *err)
{
	uint64_t sets[CAPSETS];

	memcpy(sets, p->caps, sizeof(sets));
	/* As execve(2) would: who is not root starts without capabilities, unless they are ambient. */
	if (user->uid != 0)
		for (int i = CAPSET_EFFECTIVE; i <= CAPSET_PERMITTED; i++)
			sets[i] = p->caps[CAPSET_AMBIENT];
	return capset_apply(sets, err);
}

static void set_home(struct plan *plan, const char *home)
{
	size_t n = 0;

	while (plan->env[n]) {
		if (strncmp(plan->env[n], "HOME=", 5) == 0)
			return;
		n++;
	}
	snprintf(plan->home, sizeof(plan->home), "HOME=%s", home[0] ? home : "/");
	plan->env[n] = plan->home;
	plan->env[n + 1] = NULL;
}

/* Signals as a fresh process has them: we block those that we pass on. */
static void reset_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig <= SIGRTMAX; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
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

static int execute(struct plan *plan, int init_fd, const char *path, struct err *err)
{
	if (init_fd >= 0) {
		syscall(SYS_execveat, init_fd, "", plan->argv, plan->env, AT_EMPTY_PATH);
		return err_sys(err, "cannot execute ctr-init");
	}
	execve(path, plan->argv, plan->env);
	return exec_error(errno, path, err);
}

int payload_execute(const struct spec *spec, struct plan *plan, int rootfd, int init_fd,
	int report_fd, struct err *err)
{
	const struct process_spec *p = &spec->process;
	uint32_t limit = plan->map.count ? plan->map.count : UINT32_MAX;
	struct user user;
	char path[4096];

	if (user_resolve(rootfd, p->user, p->groups, p->groupc, limit, &user, err) < 0)
		return -1;
	set_home(plan, user.home);
	if (enter_cwd(rootfd, p->cwd, err) < 0 ||
		command_find(rootfd, p->argv[0], plan->path, p->cwd, path, err) < 0 ||
		fit_check(rootfd, path, err) < 0)
		return -1;
	umask(p->umask);
	if (set_oom_score(p, err) < 0 || rlimits_apply(p->rlimits, p->rlimit_count, err) < 0)
		return -1;
	/* A filter without no_new_privs needs CAP_SYS_ADMIN, which goes next. */
	if (p->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, "cannot set no_new_privs");
	if (!p->no_new_privs && seccomp_apply(&plan->filter, err) < 0)
		return -1;
	if (become_user(spec, &user, err) < 0 || apply_caps(p, &user, err) < 0)
		return -1;
	reset_signals();
	if (tie_to_parent(spec, report_fd, err) < 0)
		return -1;
	/* Nothing of ours above the standard streams reaches the payload. */
	if (syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC, 5.11 */) < 0)
		return err_sys(err, "cannot close file descriptors");
	if (write(report_fd, "", 1) != 1)
		return err_sys(err, "cannot report the start");
	if (p->no_new_privs && seccomp_apply(&plan->filter, err) < 0)
		return -1;
	return execute(plan, init_fd, path, err);
}

int payload_await(int report_fd, pid_t pid, struct err *err)
{
	char buf[1 + sizeof(struct err)];
	ssize_t n = fd_read_all(report_fd, buf, sizeof(buf));

	if (n == 1)
		return 0;
	waitpid(pid, NULL, 0);
	if (n < (ssize_t)sizeof(*err))
		return err_set(err, "the container's process was killed before it could start");
	memcpy(err, buf + n - (ssize_t)sizeof(*err), sizeof(*err));
	err->text[sizeof(err->text) - 1] = '\0';
	err->hint[sizeof(err->hint) - 1] = '\0';
	return -1;
}
