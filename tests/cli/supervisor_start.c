/*
 * Plays the part of ctr: starts a command as its child with pipes or a terminal, then becomes
 * the supervisor of it. LOG_RATE in the environment is for --log-rate.
 *   supervisor_start SUPERVISOR DIR tty|pipe LOG_MAX TIMEOUT_NS CLEANUP COMMAND
 * DIR receives log, attach.sock, exit, lock, pid. COMMAND and CLEANUP run under sh; CLEANUP gets the
 * number of the lock's descriptor as $1.
 */
#include "console/attach.h"

#include <err.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utmp.h>

static char *number(long n)
{
	char *s;

	if (asprintf(&s, "%ld", n) < 0)
		abort();
	return s;
}

/* A descriptor that survives the exec, as text. */
static char *pass(int fd)
{
	if (fcntl(fd, F_SETFD, 0) < 0)
		err(125, "descriptor");
	return number(fd);
}

static int file(int dir, const char *name)
{
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		err(125, "%s", name);
	return fd;
}

static pid_t start_pipes(const char *command, int ret_end[3])
{
	int in[2], out[2], error[2];
	pid_t pid;

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(error, O_CLOEXEC))
		err(125, "pipe");
	pid = fork();
	if (pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(error[1], 2);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	close(error[1]);
	memcpy(ret_end, (int[3]){in[1], out[0], error[0]}, sizeof(int[3]));
	return pid;
}

static pid_t start_tty(const char *command, int *ret_master)
{
	int slave;
	pid_t pid;

	if (openpty(ret_master, &slave, NULL, NULL, NULL) < 0)
		err(125, "openpty");
	pid = fork();
	if (pid == 0) {
		close(*ret_master);
		login_tty(slave);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	close(slave);
	return pid;
}

int main(int argc, char **argv)
{
	char *args[64];
	struct err error = {0};
	int n = 0, dir, lock, end[3], listener;
	pid_t pid;

	if (argc != 8)
		errx(125, "usage");
	signal(SIGINT, SIG_DFL); /* a shell's background job has them ignored */
	signal(SIGQUIT, SIG_DFL);
	dir = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	listener = attach_listen(dir, ATTACH_SOCKET, &error);
	if (dir < 0 || listener < 0)
		errx(125, "%s: %s", argv[2], error.text);
	lock = file(dir, "lock");
	if (flock(lock, LOCK_EX | LOCK_NB) < 0)
		err(125, "lock");
	args[n++] = argv[1];
	if (strcmp(argv[3], "tty") == 0) {
		pid = start_tty(argv[7], &end[0]);
		args[n++] = "--tty", args[n++] = pass(end[0]);
	} else {
		pid = start_pipes(argv[7], end);
		args[n++] = "--stdin", args[n++] = pass(end[0]);
		args[n++] = "--stdout", args[n++] = pass(end[1]);
		args[n++] = "--stderr", args[n++] = pass(end[2]);
	}
	dprintf(file(dir, "pid"), "%d\n", pid);
	args[n++] = "--pid", args[n++] = number(pid);
	args[n++] = "--pidfd", args[n++] = pass((int)syscall(SYS_pidfd_open, pid, 0));
	args[n++] = "--listen", args[n++] = pass(listener);
	args[n++] = "--exit", args[n++] = pass(file(dir, "exit"));
	args[n++] = "--lock", args[n++] = pass(lock);
	args[n++] = "--log-dir", args[n++] = pass(dir);
	args[n++] = "--log-max", args[n++] = argv[4];
	args[n++] = "--log-rate", args[n++] = getenv("LOG_RATE") ? getenv("LOG_RATE") : "0";
	args[n++] = "--timeout-ns", args[n++] = argv[5];
	args[n++] = "--", args[n++] = "/bin/sh", args[n++] = "-c", args[n++] = argv[6];
	args[n++] = "cleanup", args[n++] = number(lock);
	args[n] = NULL;
	execv(argv[1], args);
	err(125, "%s", argv[1]);
}
