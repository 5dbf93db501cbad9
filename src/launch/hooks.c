#include "launch/hooks.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/program.h"
#include "process/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_MAX = 256, NOT_EXECUTED = 127, NOEXEC_SEAL = 8 /* MFD_NOEXEC_SEAL, 6.3 */ };

const char *hook_point_name(enum hook_point point)
{
	static const char *const names[HOOK_POINTS] = {
		[HOOK_PRESTART] = "prestart",
		[HOOK_CREATE_RUNTIME] = "createRuntime",
		[HOOK_CREATE_CONTAINER] = "createContainer",
		[HOOK_START_CONTAINER] = "startContainer",
		[HOOK_POSTSTART] = "poststart",
		[HOOK_POSTSTOP] = "poststop",
	};

	return names[point];
}

/* What a hook says on standard error goes into a file in memory: unlike a pipe, it never fills up, and never
 * ends for a daemon that the hook leaves behind. Closed on exec; -1: what it says is lost. */
static int said_open(void)
{
	int fd = memfd_create("hook", MFD_CLOEXEC | MFD_ALLOW_SEALING | NOEXEC_SEAL);

	/* Kernels before 6.3 do not know the one, and some later ones insist on it. */
	return fd >= 0 || errno != EINVAL ? fd
					  : memfd_create("hook", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

/* The last line, without its end. */
static void said_last(int fd, char ret[SAID_MAX])
{
	off_t size = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0, from = size - (SAID_MAX - 1);
	ssize_t n = size > 0 ? pread(fd, ret, SAID_MAX - 1, from > 0 ? from : 0) : 0;
	char *newline;

	ret[n > 0 ? n : 0] = '\0';
	for (n--; n >= 0 && ret[n] == '\n'; n--)
		ret[n] = '\0';
	newline = strrchr(ret, '\n');
	if (newline)
		memmove(ret, newline + 1, strlen(newline));
}

/* A daemon that goes on writing is told that there is no more room. */
static void said_close(int fd)
{
	if (fd < 0)
		return;
	if (ftruncate(fd, 0) == 0)
		fcntl(fd, F_ADD_SEALS, F_SEAL_GROW);
	close(fd);
}

/* What the kernel says of the last step, where no hook says anything. */
static _Noreturn void not_executed(void)
{
	dprintf(2, "%s", strerror(errno));
	_exit(NOT_EXECUTED);
}

static _Noreturn void become_hook(const struct hook *h, const struct hook_setting *to, int in,
	int said)
{
	char *const bare[] = {(char *)(uintptr_t)h->path, NULL};
	char *const *env = h->env ? h->env : to->env ? to->env : environ;
	int null = open("/dev/null", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	struct err err = {0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	unsetenv(PROGRAM_ORIGIN); /* in place: between us and a copy of ours only */
	setsid();
	program_reset_signals();
	if (dup2(in, 0) < 0 || dup2(said >= 0 ? said : null, 2) < 0 ||
		dup2(null >= 0 ? null : said, 1) < 0)
		_exit(NOT_EXECUTED);
	if ((to->dir_fd >= 0 && fchdir(to->dir_fd) < 0) || fd_close_others(3, NULL, 0) < 0)
		not_executed();
	if (to->filter && seccomp_apply(to->filter, &err) < 0) {
		dprintf(2, "%s", err.text);
		_exit(NOT_EXECUTED);
	}
	execve(h->path, h->argv ? h->argv : bare, env);
	not_executed();
}

/* A hook that does not read its state is as good as any other: what counts is that it ends. One that could not
 * be told is another matter. */
struct talk {
	int pidfd, in;
	const char *state;
	size_t left;
	int untold; /* why */
};

static void talk_in(struct talk *t)
{
	ssize_t n = write(t->in, t->state, t->left);

	if (n > 0) {
		t->state += n;
		t->left -= (size_t)n;
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR && errno != EPIPE)
		t->untold = errno;
	if (t->left == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close(take_fd(&t->in));
}

/* Until the hook has ended: true; or its time is over: false. */
static bool talk_to_end(struct talk *t, uint64_t until)
{
	for (;;) {
		struct pollfd p[] = {{t->pidfd, POLLIN, 0}, {t->in, POLLOUT, 0}};
		int n = poll(p, 2, deadline_poll_ms(until));

		if (n == 0 && deadline_poll_ms(until) == 0)
			return false;
		if (n > 0 && p[1].revents)
			talk_in(t);
		if (n > 0 && p[0].revents)
			return true;
	}
}

static int judge(const struct hook *h, bool ended, pid_t pid, int said, struct err *err)
{
	char last[SAID_MAX];
	int status = 0;

	/* With what it has begun, but for what has left its group. */
	if (!ended && kill(-pid, SIGKILL) < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!ended)
		return err_set(err, "%s was not done within %u s", h->path, h->timeout_s);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	said_last(said, last);
	return err_set(err, "%s ended with %s %d%s%s", h->path,
		WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), last[0] ? ": " : "",
		last);
}

static int hook_run(const struct hook *h, const char *state, const struct hook_setting *to,
	struct err *err)
{
	autofd int in0 = -1, in1 = -1, pidfd = -1;
	uint64_t until;
	struct talk t;
	int in[2], said, r;
	bool ended;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe to %s", h->path);
	in0 = in[0], in1 = in[1];
	if (fcntl(in1, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(err, "cannot make a pipe to %s", h->path);
	said = said_open();
	pid = fork();
	if (pid == 0)
		become_hook(h, to, in0, said);
	if (pid < 0) {
		err_sys(err, "cannot run %s", h->path);
		said_close(said);
		return -1;
	}
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	until = deadline_after(h->timeout_s * SECOND_NS);
	close(take_fd(&in0));
	t = (struct talk){pidfd, take_fd(&in1), state, strlen(state), 0};
	ended = pidfd >= 0 && talk_to_end(&t, until);
	if (t.in >= 0)
		close(t.in);
	r = judge(h, ended, pid, said, err);
	said_close(said);
	errno = t.untold;
	return r == 0 && t.untold ? err_sys(err, "cannot tell %s the state", h->path) : r;
}

int hooks_run(const struct hooks *hooks, enum hook_point point, const char *state,
	const struct hook_setting *to, struct err *err)
{
	for (size_t i = 0; i < hooks->count[point]; i++)
		if (hook_run(&hooks->items[point][i], state, to, err) < 0) {
			err->sys = HOOK_FAILED;
			return err_wrap(err, "hook %s[%zu]", hook_point_name(point), i);
		}
	return 0;
}

void hooks_run_all(const struct hooks *hooks, enum hook_point point, const char *state,
	const struct hook_setting *to)
{
	struct err err;

	for (size_t i = 0; i < hooks->count[point]; i++)
		if (hook_run(&hooks->items[point][i], state, to, &err) < 0)
			warn("hook %s[%zu]: %s", hook_point_name(point), i, err.text);
}
