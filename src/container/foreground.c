#include "container/foreground.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/program.h"
#include "cgroup/group.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void foreground_block_signals(sigset_t *ret_old)
{
	/* Not those of faults, of job control, and of children. */
	static const int passed[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
	sigset_t set;

	program_heeded_signals(passed, sizeof(passed) / sizeof(passed[0]), &set);
	sigprocmask(SIG_BLOCK, &set, ret_old);
}

/* Whether the process has a handler for sig, ignores it, or holds it back. */
static bool minds_signal(pid_t pid, int sig)
{
	static const char *const lines[] = {"\nSigBlk:", "\nSigIgn:", "\nSigCgt:"};
	char path[32], text[4096];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (file_peek(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return true;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *p = strstr(text, lines[i]);

		if (p && strtoull(p + strlen(lines[i]), NULL, 16) >> (sig - 1) & 1)
			return true;
	}
	return false;
}

static bool is_fatal(int sig)
{
	return sig != SIGWINCH;
}

/* A process that exec put in the container has no group of its own here, and no need: it is no PID 1. */
int foreground_pass_on(struct container *c, int sig)
{
	struct err err;

	if (c->group_fd >= 0 && is_fatal(sig) && !minds_signal(c->record.pid, sig)) {
		cgroup_kill(c->group_fd, &err);
		return sig;
	}
	syscall(SYS_pidfd_send_signal, c->pidfd, sig, NULL, 0);
	return 0;
}

static int poll_timeout(uint64_t until_ns)
{
	struct timespec t;
	uint64_t now;

	if (!until_ns)
		return -1;
	clock_gettime(CLOCK_MONOTONIC, &t);
	now = (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
	if (now >= until_ns)
		return 0;
	until_ns = (until_ns - now + 999999) / 1000000;
	return until_ns > 1000000000 ? 1000000000 : (int)until_ns;
}

static uint64_t until(uint64_t timeout_ns)
{
	struct timespec t;

	if (!timeout_ns)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec + timeout_ns;
}

static int reap(struct container *c, int *ret_status, struct err *err)
{
	siginfo_t info = {0};

	while (waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED) < 0)
		if (errno != EINTR)
			return err_sys(err, "wait for the payload of %s", c->record.name);
	*ret_status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 0;
}

int foreground_wait(struct container *c, uint64_t timeout_ns, int *ret_status, bool *ret_timed_out,
	struct err *err)
{
	uint64_t deadline = until(timeout_ns);
	int ended_by = 0, status = -1;
	bool timed_out = false;
	autofd int signals = -1;
	sigset_t blocked;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	signals = signalfd(-1, &blocked, SFD_CLOEXEC);
	if (signals < 0)
		return err_sys(err, "wait for signals");
	for (;;) {
		struct pollfd p[] = {{c->pidfd, POLLIN, 0}, {signals, POLLIN, 0}};
		struct signalfd_siginfo info;
		int n = poll(p, 2, timed_out ? -1 : poll_timeout(deadline));

		if (n < 0 && errno != EINTR)
			return err_sys(err, "wait for the payload of %s", c->record.name);
		if (n == 0) {
			timed_out = true;
			if (cgroup_kill(c->group_fd, err) < 0)
				return -1;
		}
		if (n > 0 && (p[1].revents & POLLIN) &&
			read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info) && !ended_by)
			ended_by = foreground_pass_on(c, (int)info.ssi_signo);
		if (n > 0 && (p[0].revents & POLLIN))
			break;
	}
	if (reap(c, &status, err) < 0)
		return -1;
	*ret_timed_out = timed_out;
	*ret_status = timed_out ? FOREGROUND_TIMED_OUT : ended_by ? 128 + ended_by : status;
	return 0;
}
