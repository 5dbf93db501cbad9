#include "container/hooks.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SAID_MAX = 256, NOT_EXECUTED = 127 };

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

/* What a hook has said last on standard error: room for a line, and where it ends. */
struct said {
	char text[SAID_MAX];
	size_t len;
};

static void said_add(struct said *s, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		/* A line that is followed by another is not the last. */
		if (s->len && s->text[s->len - 1] == '\n')
			s->len = 0;
		if (s->len < sizeof(s->text) - 1 && (s->len || data[i] != '\n'))
			s->text[s->len++] = data[i];
	}
	s->text[s->len] = '\0';
}

static _Noreturn void become_hook(const struct hook *h, int in, int said)
{
	char *const bare[] = {(char *)(uintptr_t)h->path, NULL}, *const nothing[] = {NULL};
	int null = open("/dev/null", O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (dup2(in, 0) < 0 || dup2(said, 2) < 0 || dup2(null >= 0 ? null : said, 1) < 0)
		_exit(NOT_EXECUTED);
	if (fd_close_others(3, NULL, 0) == 0)
		execve(h->path, h->argv ? h->argv : bare, h->env ? h->env : nothing);
	dprintf(2, "%s", strerror(errno));
	_exit(NOT_EXECUTED);
}

/* Milliseconds until a CLOCK_MONOTONIC time; -1: for ever. */
static int time_left(const struct timespec *until)
{
	struct timespec now;
	int64_t ms;

	if (!until->tv_sec)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (until->tv_sec - now.tv_sec) * 1000 + (until->tv_nsec - now.tv_nsec) / 1000000;
	return ms < 0 ? 0 : ms > 1000000000 ? 1000000000 : (int)ms;
}

/* A hook that does not read its state, or closes its output early, is as good as any other: what
 * counts is that it ends. One that could not be told is another matter. */
struct talk {
	int pidfd, in, said;
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

static bool talk_out(struct talk *t, struct said *said)
{
	char buf[512];
	ssize_t n = read(t->said, buf, sizeof(buf));

	if (n > 0)
		said_add(said, buf, (size_t)n);
	else if (n == 0)
		close(take_fd(&t->said));
	return n > 0;
}

/* Until the hook has ended: true; or its time is over: false. */
static bool talk_to_end(struct talk *t, const struct timespec *until, struct said *said)
{
	for (;;) {
		struct pollfd p[] = {{t->pidfd, POLLIN, 0}, {t->in, POLLOUT, 0},
			{t->said, POLLIN, 0}};
		int n = poll(p, 3, time_left(until));

		if (n == 0)
			return false;
		if (n < 0)
			continue;
		if (p[1].revents)
			talk_in(t);
		if (p[2].revents)
			talk_out(t, said);
		if (p[0].revents) {
			/* What it left in the pipe; somebody else may keep that open. */
			while (t->said >= 0 && talk_out(t, said))
				;
			return true;
		}
	}
}

static int judge(const struct hook *h, bool ended, pid_t pid, struct said *said, struct err *err)
{
	int status = 0;

	/* With what it has begun, but for what has left its group. */
	if (!ended && kill(-pid, SIGKILL) < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (said->len && said->text[said->len - 1] == '\n')
		said->text[--said->len] = '\0';
	if (!ended)
		return err_set(err, "%s was not done within %u s", h->path, h->timeout_s);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return err_set(err, "%s ended with %s %d%s%s", h->path,
		WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), said->len ? ": " : "",
		said->text);
}

static int hook_run(const struct hook *h, const char *state, struct err *err)
{
	autofd int in0 = -1, in1 = -1, said0 = -1, said1 = -1, pidfd = -1;
	struct timespec until = {0};
	struct said said = {0};
	struct talk t;
	int in[2], out[2];
	bool ended;
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe to %s", h->path);
	in0 = in[0], in1 = in[1];
	if (pipe2(out, O_CLOEXEC | O_NONBLOCK) < 0 || fcntl(in1, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(err, "cannot make a pipe to %s", h->path);
	said0 = out[0], said1 = out[1];
	fcntl(said1, F_SETFL, 0);
	pid = fork();
	if (pid < 0)
		return err_sys(err, "cannot run %s", h->path);
	if (pid == 0)
		become_hook(h, in0, said1);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (h->timeout_s) {
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += h->timeout_s;
	}
	close(take_fd(&said1));
	close(take_fd(&in0));
	t = (struct talk){pidfd, in1, said0, state, strlen(state), 0};
	in1 = said0 = -1;
	ended = pidfd >= 0 && talk_to_end(&t, &until, &said);
	if (t.in >= 0)
		close(t.in);
	if (t.said >= 0)
		close(t.said);
	if (judge(h, ended, pid, &said, err) < 0)
		return -1;
	errno = t.untold;
	return t.untold ? err_sys(err, "cannot tell %s the state", h->path) : 0;
}

int hooks_run(const struct hooks *hooks, enum hook_point point, const char *state, struct err *err)
{
	for (size_t i = 0; i < hooks->count[point]; i++)
		if (hook_run(&hooks->items[point][i], state, err) < 0)
			return err_wrap(err, "hook %s[%zu]", hook_point_name(point), i);
	return 0;
}

void hooks_run_all(const struct hooks *hooks, enum hook_point point, const char *state)
{
	struct err err;

	for (size_t i = 0; i < hooks->count[point]; i++)
		if (hook_run(&hooks->items[point][i], state, &err) < 0)
			warn("hook %s[%zu]: %s", hook_point_name(point), i, err.text);
}
