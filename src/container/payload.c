#include "container/payload.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/inside.h"
#include "process/capset.h"
#include "process/fit.h"
#include "process/ids.h"
#include "process/lsm.h"
#include "process/seccomp.h"
#include "process/user.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
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
	autofd int fd = inside_ensure(rootfd, cwd, INSIDE_DIR, err);

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

/* Keys of the host's session are not the container's. Kernels without keyrings have none to share. */
static int leave_keyring(struct err *err)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS)
		return err_sys(err, "cannot make a session keyring");
	return 0;
}

/* Signals as a fresh process has them: we block those that we pass on. */
static void reset_signals(void)
{
	static const uint64_t default_action[4]; /* the kernel's struct sigaction: SIG_DFL is 0 */
	sigset_t none;

	/* Not by the library, which keeps two for itself and leaves them as they were. */
	for (int sig = 1; sig < NSIG; sig++)
		syscall(SYS_rt_sigaction, sig, default_action, NULL, sizeof(uint64_t));
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

int payload_execute(const struct spec *spec, struct plan *plan, int rootfd, int init_fd,
	int label_fd, int report_fd, struct err *err)
{
	const struct process_spec *p = &spec->process;
	uint32_t limit = plan->map.count ? plan->map.count : UINT32_MAX;
	struct err foreign;
	struct user user;
	char path[4096];

	if (user_resolve(rootfd, p->user, p->groups, p->groupc, limit, &user, err) < 0)
		return -1;
	set_home(plan, user.home);
	if (enter_cwd(rootfd, p->cwd, err) < 0 ||
		command_find(rootfd, p->argv[0], plan->path, p->cwd, path, err) < 0 ||
		fit_check(rootfd, path, &foreign, err) < 0)
		return -1;
	umask(p->umask);
	if (leave_keyring(err) < 0 || rlimits_apply(p->rlimits, p->rlimit_count, err) < 0)
		return -1;
	/* A filter without no_new_privs needs CAP_SYS_ADMIN, which goes next. */
	if (p->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, "cannot set no_new_privs");
	if (!p->no_new_privs && seccomp_apply(&plan->filter, err) < 0)
		return -1;
	if (become_user(spec, &user, err) < 0 || apply_caps(p, &user, err) < 0)
		return -1;
	reset_signals();
	if (tie_to_parent(spec, report_fd, err) < 0 || lsm_apply(label_fd, p, err) < 0)
		return -1;
	/* Nothing of ours above the standard streams reaches the payload. */
	if (syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC, 5.11 */) < 0)
		return err_sys(err, "cannot close file descriptors");
	if (write(report_fd, "", 1) != 1)
		return err_sys(err, "cannot report the start");
	if (p->no_new_privs && seccomp_apply(&plan->filter, err) < 0)
		return -1;
	return execute(plan, init_fd, path, &foreign, err);
}

int payload_set_oom_score(pid_t pid, const struct process_spec *p, struct err *err)
{
	char path[48], text[16];

	if (!p->oom_score_adj_set)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	snprintf(text, sizeof(text), "%d", p->oom_score_adj);
	if (file_poke(AT_FDCWD, path, text) == 0)
		return 0;
	err_sys(err, "cannot set the OOM score adjustment to %d", p->oom_score_adj);
	return err_hint(err, "lowering it below the host's own needs CAP_SYS_RESOURCE");
}

/* Waits for the report to have something, or to end; false for a signal that we hold back. A process
 * inside can stop ours on its way in, for ever, so a person must be able to give up. */
static bool may_read(int report_fd)
{
	struct pollfd p[2] = {{report_fd, POLLIN, 0}, {-1, POLLIN, 0}};
	autofd int signals = -1;
	sigset_t held, fatal;

	sigprocmask(SIG_BLOCK, NULL, &held);
	sigemptyset(&fatal);
	for (int sig = 1; sig < SIGRTMIN; sig++)
		if (sigismember(&held, sig) > 0 && sig != SIGWINCH && sig != SIGCHLD)
			sigaddset(&fatal, sig);
	signals = signalfd(-1, &fatal, SFD_CLOEXEC);
	p[1].fd = signals;
	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	return p[0].revents != 0;
}

int payload_await(int report_fd, pid_t pid, struct err *err)
{
	char buf[1 + sizeof(struct err)];
	size_t got = 0;
	ssize_t n;

	do {
		if (!may_read(report_fd)) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			return err_set(err,
				"interrupted while the container's process was starting");
		}
		n = read(report_fd, buf + got, sizeof(buf) - got);
		got += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (got == 1)
		return 0;
	waitpid(pid, NULL, 0);
	if (got < sizeof(*err))
		return err_set(err, "the container's process was killed before it could start");
	memcpy(err, buf + got - sizeof(*err), sizeof(*err));
	err->text[sizeof(err->text) - 1] = '\0';
	err->hint[sizeof(err->hint) - 1] = '\0';
	return -1;
}
