#include "checkpoint/reaper.h"

#include "base/await.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Until a process of ours has ended; false: not within the time. It is not reaped. */
static bool ends_within(pid_t pid, unsigned seconds)
{
	autofd int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (pidfd < 0)
		return errno == ESRCH;
	return await_readable(pidfd, deadline_in(seconds)) > 0;
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Children that were born meanwhile, or did not fit into the buffer, are found by the next call. */
static void kill_children(pid_t program)
{
	char path[64], pids[4096], *at = pids, *end;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	n = file_peek(AT_FDCWD, path, pids, sizeof(pids));
	if (n < 0) {
		kill(program, SIGKILL);
		return;
	}
	/* The last one may be cut short; each ends in a blank. */
	for (long pid; (pid = strtol(at, &end, 10)) > 0 && *end == ' '; at = end)
		kill((pid_t)pid, SIGKILL);
}

/* A process whose parent is killed becomes our child. */
static void kill_all(pid_t program)
{
	do
		kill_children(program);
	while (waitpid(-1, NULL, 0) >= 0 || errno == EINTR);
}

static void let_go(pid_t program)
{
	if (!ends_within(program, REAPER_SECONDS))
		kill(program, SIGKILL);
	reap(program);
}

static _Noreturn void be_program(pid_t keeper, int line, void (*run)(void *arg), void *arg)
{
	close(line);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == keeper)
		run(arg);
	_exit(1);
}

/* What is meant for the caller's process group is not for us. */
static _Noreturn void keep(int line, void (*run)(void *arg), void *arg, const int *unwanted,
	size_t n)
{
	pid_t keeper = getpid(), program;
	sigset_t all, old;
	char byte;
	ssize_t r;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	program = prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 ? fork() : -1;
	if (program == 0) {
		sigprocmask(SIG_SETMASK, &old, NULL);
		be_program(keeper, line, run, arg);
	}
	for (size_t i = 0; i < n; i++)
		close(unwanted[i]);
	if (program < 0)
		_exit(1);
	/* The program stays in the session, whose terminal it may have to hand on. */
	setsid();
	do
		r = read(line, &byte, 1);
	while (r < 0 && errno == EINTR);
	if (r == 1)
		let_go(program);
	else
		kill_all(program);
	_exit(0);
}

int reaper_begin(struct reaper *ret, void (*run)(void *arg), void *arg, const int *unwanted,
	size_t n, struct err *err)
{
	autofd int ours = -1, theirs = -1;
	int line[2], was_reaper = 0;
	pid_t pid;

	if (pipe2(line, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	theirs = line[0];
	ours = line[1];
	if (prctl(PR_GET_CHILD_SUBREAPER, &was_reaper) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return err_sys(err, "cannot adopt orphans");
	pid = fork();
	if (pid == 0) {
		close(ours);
		keep(theirs, run, arg, unwanted, n);
	}
	if (pid < 0) {
		err_sys(err, "cannot fork");
		prctl(PR_SET_CHILD_SUBREAPER, was_reaper);
		return -1;
	}
	*ret = (struct reaper){pid, take_fd(&ours), was_reaper};
	return 0;
}

static void end(struct reaper *c, int seconds)
{
	close(take_fd(&c->line));
	/* What does not die is waited for by the keeper alone. */
	if (ends_within(c->keeper, seconds))
		reap(c->keeper);
	prctl(PR_SET_CHILD_SUBREAPER, c->was_reaper);
}

void reaper_release(struct reaper *c)
{
	/* A keeper that was killed has taken the program along. */
	fd_write_all(c->line, "", 1);
	end(c, 2 * REAPER_SECONDS);
}

void reaper_kill(struct reaper *c)
{
	end(c, REAPER_SECONDS);
}
