/*
 * PID 1 of a container that asks for one: `ctr-init -- COMMAND [ARGUMENT…]`.
 * Starts the command in a process group of its own (the foreground one of the terminal, where there
 * is one), passes every signal on to it, reaps whatever is orphaned into it, and ends with the
 * command's status (128+n for signal n, 127 not found, 126 not executable, 125 its own failure).
 * The kernel then ends the rest of the container.
 *
 * Signal sets are the kernel's: the C library hides the real-time signals it uses itself (32–34),
 * of which 34 is SIGRTMIN to a payload with another C library.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STATUS_OURS = 125, STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127 };

/* One writev(2), so that the line is not mixed with those of others. */
static void complain(const char *what, const char *object, const char *why)
{
	const char *part[] = {"ctr-init: ", what, object, ": ", why, "\n"};
	struct iovec iov[6];

	for (int i = 0; i < 6; i++) {
		iov[i].iov_base = (char *)part[i];
		iov[i].iov_len = strlen(part[i]);
	}
	if (writev(STDERR_FILENO, iov, 6) < 0)
		return;
}

static int mask_set(uint64_t set, uint64_t *ret_old)
{
	return (int)syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, ret_old, sizeof(set));
}

/* The next signal, all being blocked; 0 if the wait itself was disturbed. */
static int signal_next(siginfo_t *ret)
{
	uint64_t all = ~UINT64_C(0);
	int sig = (int)syscall(SYS_rt_sigtimedwait, &all, ret, NULL, sizeof(all));

	return sig < 0 ? 0 : sig;
}

/* SIGTTOU is blocked here, so that a background group may take the terminal. */
static void become_foreground(void)
{
	if (setpgid(0, 0) == 0)
		(void)tcsetpgrp(STDIN_FILENO, getpid());
}

static _Noreturn void child_run(char **argv, uint64_t mask)
{
	static const uint64_t default_action[4]; /* the kernel's struct sigaction: SIG_DFL is 0 */
	int status;

	become_foreground();
	/* Whoever started us may have ignored some, the library's own among them. */
	for (int sig = 1; sig < NSIG; sig++)
		syscall(SYS_rt_sigaction, sig, default_action, NULL, sizeof(uint64_t));
	mask_set(mask, NULL);
	execvp(argv[0], argv);
	status = errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
	complain("cannot run ", argv[0], strerror(errno));
	_exit(status);
}

static int status_of(const siginfo_t *end)
{
	return end->si_code == CLD_EXITED ? end->si_status & 0xff : 128 + end->si_status;
}

/* Reaps all that has ended; the status of the command if it is among them, else -1. */
static int reap(pid_t command)
{
	int status = -1;

	for (;;) {
		siginfo_t end = {0};

		if (waitid(P_ALL, 0, &end, WEXITED | WNOHANG) < 0 || !end.si_pid)
			return status;
		if (end.si_pid == command)
			status = status_of(&end);
	}
}

static int serve(pid_t command)
{
	for (;;) {
		siginfo_t info;
		int sig = signal_next(&info), status;

		if (sig == SIGCHLD) {
			status = reap(command);
			if (status >= 0)
				return status;
		} else if (sig) {
			kill(command, sig);
		}
	}
}

int main(int argc, char **argv)
{
	uint64_t mask;
	pid_t command;

	if (argc < 3 || strcmp(argv[1], "--") != 0) {
		complain("usage", "", "ctr-init -- COMMAND [ARGUMENT]...");
		return STATUS_OURS;
	}
	signal(SIGCHLD, SIG_DFL); /* inherited as ignored, children would vanish unseen */
	mask_set(~UINT64_C(0), &mask);
	command = fork();
	if (command < 0) {
		complain("cannot start ", argv[2], strerror(errno));
		return STATUS_OURS;
	}
	if (command == 0)
		child_run(argv + 2, mask);
	return serve(command);
}
