#include "console/foreground.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/pace.h"
#include "base/program.h"
#include "cgroup/group.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	POLL_STREAMS = 2, /* behind the payload and signals */
	POLL_NAMES = POLL_STREAMS + PIPING_POLLS,
	POLL_COUNT = POLL_NAMES + NAMESERVICE_POLLS
};

void foreground_block_signals(sigset_t *ret_old)
{
	static const int passed[] = {FOREGROUND_SIGNALS, SIGWINCH};
	sigset_t set;

	program_heeded_signals(passed, sizeof(passed) / sizeof(passed[0]), &set);
	sigprocmask(SIG_BLOCK, &set, ret_old);
}

/* What it waits for in sigwait(3) is held back until the call, and not while it lasts. */
static bool waits_for_signals(pid_t pid)
{
	enum { I386 = 177, ANY_TIME64 = 421, TEXT_MAX = 4096 };
	autofree char *text = NULL;
	struct err unknown;
	char path[32];
	long call;

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	if (file_read_given(path, TEXT_MAX, &text, NULL, &unknown) < 0)
		return false;
	call = strtol(text, NULL, 10); /* 0: "running" */
	return call == SYS_rt_sigtimedwait || call == I386 || call == ANY_TIME64;
}

static bool has(const char *status, const char *line, int sig)
{
	const char *p = strstr(status, line);

	return p && strtoull(p + strlen(line), NULL, 16) >> (sig - 1) & 1;
}

/* Whether the process has a handler for sig, ignores it, waits for it, or holds it back: for longer than fork(3)
 * does. Between two waits it seems to do none of this. */
static bool minds_signal(pid_t pid, int sig)
{
	enum { TRIES = 5, STATUS_MAX = 1 << 20 }; /* a line of it names up to 65,536 groups */
	char path[32];
	int not = 0;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	for (int i = 0; i < TRIES; i++) {
		autofree char *text = NULL;
		struct err unknown;

		if (file_read_given(path, STATUS_MAX, &text, NULL, &unknown) < 0 ||
			has(text, "\nSigCgt:", sig) || has(text, "\nSigIgn:", sig) ||
			waits_for_signals(pid))
			return true;
		if (!has(text, "\nSigBlk:", sig) && ++not == 2)
			return false;
		nanosleep(&(struct timespec){.tv_nsec = 4000000}, NULL);
	}
	return true;
}

static bool is_fatal(int sig)
{
	static const int others[] = {0, SIGKILL, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT,
		SIGCHLD, SIGURG, SIGWINCH};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (sig == others[i])
			return false;
	return true;
}

bool foreground_shrugs_off(const struct container *c, int sig)
{
	return (c->record.namespaces & CLONE_NEWPID) && is_fatal(sig) &&
	       !minds_signal(c->record.pid, sig);
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

static int open_signals(struct err *err)
{
	sigset_t blocked;
	int fd;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	fd = signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? err_sys(err, "wait for signals") : fd;
}

/* The signal that has arrived, or 0. */
static int take_signal(int signals, short revents)
{
	struct signalfd_siginfo info;

	if (!(revents & POLLIN) || read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return 0;
	program_took_signal((int)info.ssi_signo);
	return (int)info.ssi_signo;
}

/* 1 with its status, 0 if nobody may have that yet, or -1. */
static int reap(const struct container *c, int *ret_status, struct err *err)
{
	siginfo_t info = {0};

	while (waitid(P_PIDFD, (id_t)c->pidfd, &info, WEXITED | WNOHANG) < 0)
		if (errno != EINTR)
			return err_sys(err, "wait for the payload of %s", c->record.name);
	if (!info.si_pid)
		return 0;
	*ret_status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return 1;
}

/* One that has ended in the hands of a tracer is not ours before that lets go of it, which may be never: what
 * ends the wait goes on doing so. */
static int reap_from_tracer(struct container *c, int signals, uint64_t deadline, int *ended_by,
	bool *timed_out, int *ret_status, struct err *err)
{
	enum { LOOK_AGAIN_MS = 20 };
	int r;

	while ((r = reap(c, ret_status, err)) == 0) {
		struct pollfd p = {signals, POLLIN, 0};
		int sig = poll(&p, 1, LOOK_AGAIN_MS) > 0 ? take_signal(signals, p.revents) : 0;
		const bool late = !*timed_out && deadline_poll_ms(deadline) == 0;

		if (!late && !(sig && is_fatal(sig)))
			continue;
		*timed_out = *timed_out || late;
		*ended_by = late ? *ended_by : sig;
		/* The whole group is killed, so that a process that traces the payload dies, too. */
		if (c->group_fd >= 0 && cgroup_kill(c->group_fd, err) < 0)
			return -1;
		if (c->group_fd < 0)
			return 0;
	}
	return r < 0 ? -1 : 0;
}

/* 0 of either is no deadline. */
static int sleep_ms(const struct nameservice *names, uint64_t deadline)
{
	const uint64_t t = nameservice_deadline(names, monotonic_ns());

	return deadline_poll_ms(t != NEVER && (!deadline || t < deadline) ? t : deadline);
}

int foreground_wait(struct container *c, struct piping *io, struct nameservice *names,
	uint64_t timeout_ns, int *ret_status, bool *ret_timed_out, struct err *err)
{
	const uint64_t deadline = deadline_after(timeout_ns);
	int ended_by = 0, status = -1;
	bool timed_out = false;
	autofd int signals = open_signals(err);
	struct nameservice no_names = NAMESERVICE_NONE;
	struct piping none;

	if (signals < 0)
		return -1;
	if (!names)
		names = &no_names;
	if (!io)
		piping_none(io = &none);
	piping_started(io);
	io->until_ns = deadline;
	for (;;) {
		struct pollfd p[POLL_COUNT] = {{c->pidfd, POLLIN, 0}, {signals, POLLIN, 0}};
		int n, sig;

		piping_poll(io, p + POLL_STREAMS);
		nameservice_poll(names, p + POLL_NAMES, monotonic_ns());
		n = poll(p, POLL_COUNT, sleep_ms(names, timed_out ? 0 : deadline));
		if (n < 0 && errno != EINTR)
			return err_sys(err, "wait for the payload of %s", c->record.name);
		/* A payload that keeps its streams busy does not get more time of that. */
		if (!timed_out && deadline_poll_ms(deadline) == 0) {
			timed_out = true;
			if (cgroup_kill(c->group_fd, err) < 0)
				return -1;
		}
		if (n <= 0)
			continue;
		sig = take_signal(signals, p[1].revents);
		io->hurried = io->hurried || timed_out || (sig && is_fatal(sig));
		if (sig && !ended_by)
			ended_by = foreground_pass_on(c, sig);
		if (p[0].revents & POLLIN)
			break;
		piping_serve(io, p + POLL_STREAMS);
		nameservice_serve(names, p + POLL_NAMES, monotonic_ns());
	}
	nameservice_end(names);
	if (io->hurried)
		io->until_ns = deadline_after(FOREGROUND_HURRY_MS * 1000000ULL);
	piping_end(io);
	if (reap_from_tracer(c, signals, deadline, &ended_by, &timed_out, &status, err) < 0)
		return -1;
	*ret_timed_out = timed_out;
	*ret_status = timed_out ? FOREGROUND_TIMED_OUT : ended_by ? 128 + ended_by : status;
	return 0;
}

/* Until all has been taken; else what the wait was ended by, as a status. */
static int wait_for_readers(struct piping *io, int signals)
{
	while (piping_holds(io)) {
		struct pollfd p[1 + PIPING_POLLS] = {{signals, POLLIN, 0}};
		int n, sig;

		piping_poll(io, p + 1);
		n = poll(p, 1 + PIPING_POLLS, deadline_poll_ms(io->until_ns));
		if (n < 0 && errno != EINTR)
			return 0;
		if (deadline_poll_ms(io->until_ns) == 0)
			return io->hurried ? 0 : FOREGROUND_TIMED_OUT;
		if (n <= 0)
			continue;
		sig = take_signal(signals, p[0].revents);
		if (sig && is_fatal(sig))
			return 128 + sig;
		piping_serve(io, p + 1);
	}
	return 0;
}

int foreground_finish(struct piping *io, int status, struct err *err)
{
	struct err lost = {0};
	autofd int signals = piping_holds(io) ? open_signals(err) : -1;
	int ended = signals >= 0 ? wait_for_readers(io, signals) : 0;

	io->stuck = piping_holds(io);
	piping_close(io);
	if (ended || io->stuck)
		return ended ? ended : status;
	if (piping_result(io, &lost) == 0)
		return status;
	if (status == 0) {
		*err = lost;
		return -1;
	}
	warn("%s", lost.text);
	return status;
}

int foreground_give_up(struct piping *io)
{
	struct err lost;

	piping_end(io);
	foreground_finish(io, -1, &lost);
	return -1;
}
