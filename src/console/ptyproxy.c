#include "console/ptyproxy.h"

#include "base/await.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/program.h"
#include "base/unwaited.h"
#include "console/console.h"
#include "console/foreground.h"
#include "console/piping.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

static void pass_size(int from, int master)
{
	struct console_size size;
	struct winsize w;

	if (console_size(from, &size) < 0)
		return;
	w = (struct winsize){.ws_row = size.rows, .ws_col = size.columns};
	ioctl(master, TIOCSWINSZ, &w);
}

enum { HANG_UP_MS = 1000 };

/* Of the terminals that we had at the beginning, one is gone, and we were not started so as to outlive it. */
static bool is_gone(const bool had[2])
{
	if (!program_heeds_signal(SIGHUP))
		return false;
	for (int fd = 0; fd < 2; fd++)
		if (had[fd] && !isatty(fd))
			return true;
	return false;
}

/* What was typed and the terminal has not taken yet: it stops taking when nobody inside reads. */
struct input {
	char buf[4096];
	size_t at, len;
	bool ended;
};

static void take_input(struct input *in)
{
	ssize_t n = unwaited_read(STDIN_FILENO, in->buf, sizeof(in->buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	in->at = 0;
	in->len = n > 0 ? (size_t)n : 0;
	in->ended = n <= 0;
}

static void pass_input(struct input *in, int master)
{
	ssize_t n = write(master, in->buf + in->at, in->len);

	if (n < 0 && errno != EINTR && errno != EAGAIN)
		in->len = 0;
	else if (n > 0) {
		in->at += (size_t)n;
		in->len -= (size_t)n;
	}
}

static void end_of_input(int master)
{
	struct termios t;

	if (tcgetattr(master, &t) == 0 && write(master, &t.c_cc[VEOF], 1) < 0)
		return;
}

/* Whether it was one for the process, which may end of it. */
static bool take_signal(struct container *c, int signals, int master)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return false;
	program_took_signal((int)info.ssi_signo);
	if (info.ssi_signo == SIGWINCH)
		pass_size(STDIN_FILENO, master);
	else
		syscall(SYS_pidfd_send_signal, c->pidfd, info.ssi_signo, NULL, 0);
	return info.ssi_signo != SIGWINCH;
}

/* -1 if our terminal goes first, or whoever reads our output. */
static int copy_until_end(struct container *c, int master, int signals, bool with_stdin,
	struct piping *io)
{
	const bool had[2] = {isatty(STDIN_FILENO), isatty(STDOUT_FILENO)};
	struct pump *out = &io->pumps[STDOUT_FILENO];
	struct input in = {.ended = !with_stdin};
	bool end_told = !with_stdin;

	for (;;) {
		struct pollfd p[4 + PIPING_POLLS] = {
			{in.len ? master : -1, POLLOUT, 0},
			{in.ended || in.len ? -1 : STDIN_FILENO, POLLIN, 0},
			{signals, POLLIN, 0},
			{c->pidfd, POLLIN, 0},
		};

		piping_poll(io, p + 4);
		if (poll(p, 4 + PIPING_POLLS, -1) < 0) {
			if (errno == EINTR)
				continue;
			return 0;
		}
		piping_serve(io, p + 4);
		if (out->over)
			return is_gone(had) || !out->no_more ? -1 : 0;
		if (p[0].revents)
			pass_input(&in, master);
		if (p[1].revents)
			take_input(&in);
		if ((p[2].revents || (in.ended && !end_told)) && is_gone(had))
			return -1;
		if (in.ended && !in.len && !end_told) {
			end_of_input(master);
			end_told = true;
		}
		if (p[2].revents && take_signal(c, signals, master))
			io->hurried = true;
		if (p[3].revents)
			return 0;
	}
}

/* Sends the container HUP. Whether it ends by that. */
static bool hang_up(const struct container *c)
{
	syscall(SYS_pidfd_send_signal, c->pidfd, SIGHUP, NULL, 0);
	return await_readable(c->pidfd, deadline_after(HANG_UP_MS * MS_NS)) > 0;
}

/* By a descriptor of its own, which the pump closes. */
static int open_output(struct piping *io, int master, struct err *err)
{
	int from = fcntl(master, F_DUPFD_CLOEXEC, 3);

	piping_none(io);
	if (from < 0 || pump_out(&io->pumps[STDOUT_FILENO], from, STDOUT_FILENO) < 0) {
		err_sys(err, "cannot read the container's terminal");
		piping_close(io);
		return -1;
	}
	return 0;
}

/* The status of the command, or -1. */
static int relay(struct container *c, int master, bool with_stdin, struct piping *io,
	struct err *err)
{
	autofd int signals = -1;
	bool timed_out;
	sigset_t blocked;
	int status;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	signals = signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0)
		return err_sys(err, "wait for signals");
	if (copy_until_end(c, master, signals, with_stdin, io) < 0) {
		pump_close(&io->pumps[STDOUT_FILENO]);
		if (!hang_up(c))
			return 128 + SIGHUP;
	}
	if (foreground_wait(c, io, NULL, 0, &status, &timed_out, err) < 0)
		return -1;
	return foreground_finish(io, status, err);
}

int pty_proxy(struct container *c, int master, bool with_stdin, int *ret_status, struct err *err)
{
	struct console console = CONSOLE_NONE;
	struct piping io;
	int status = 0;

	if (open_output(&io, master, err) < 0)
		return -1;
	pass_size(STDIN_FILENO, master);
	if (with_stdin && isatty(STDIN_FILENO))
		status = console_raw(&console, STDIN_FILENO, err);
	else if (isatty(STDOUT_FILENO))
		console_pass_output(&console, STDOUT_FILENO);
	if (status == 0)
		status = relay(c, master, with_stdin, &io, err);
	console_restore(&console);
	piping_close(&io);
	if (status < 0)
		return -1;
	*ret_status = status;
	return 0;
}
