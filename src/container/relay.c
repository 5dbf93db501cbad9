#include "container/relay.h"

#include "base/fd.h"
#include "base/program.h"
#include "container/console.h"
#include "container/foreground.h"

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

/* 0 when there is no more to come. */
static int copy_out(int master)
{
	char buf[8192];
	ssize_t n = read(master, buf, sizeof(buf));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	return n > 0 && fd_write_all(STDOUT_FILENO, buf, (size_t)n) == 0;
}

/* What was typed and the terminal has not taken yet: it stops taking when nobody inside reads. */
struct input {
	char buf[4096];
	size_t at, len;
	bool ended;
};

static void take_input(struct input *in)
{
	ssize_t n = read(STDIN_FILENO, in->buf, sizeof(in->buf));

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

static void take_signal(struct container *c, int signals, int master)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH)
		pass_size(STDIN_FILENO, master);
	else
		syscall(SYS_pidfd_send_signal, c->pidfd, info.ssi_signo, NULL, 0);
}

/* -1 if our terminal goes first. */
static int copy_until_end(struct container *c, int master, int signals, bool with_stdin)
{
	const bool had[2] = {isatty(STDIN_FILENO), isatty(STDOUT_FILENO)};
	struct input in = {.ended = !with_stdin};
	bool end_told = !with_stdin;

	for (;;) {
		struct pollfd p[] = {
			{master, (short)(POLLIN | (in.len ? POLLOUT : 0)), 0},
			{in.ended || in.len ? -1 : STDIN_FILENO, POLLIN, 0},
			{signals, POLLIN, 0},
			{c->pidfd, POLLIN, 0},
		};

		if (poll(p, 4, -1) < 0) {
			if (errno == EINTR)
				continue;
			return 0;
		}
		if ((p[0].revents & ~POLLOUT) && !copy_out(master))
			return is_gone(had) ? -1 : 0;
		if (p[0].revents & POLLOUT)
			pass_input(&in, master);
		if (p[1].revents)
			take_input(&in);
		if ((p[2].revents || (in.ended && !end_told)) && is_gone(had))
			return -1;
		if (in.ended && !in.len && !end_told) {
			end_of_input(master);
			end_told = true;
		}
		if (p[2].revents)
			take_signal(c, signals, master);
		/* What it wrote before it ended is still in the terminal. */
		if (p[3].revents && !(p[0].revents & POLLIN))
			return 0;
	}
}

/* Whether it ends. */
static bool hang_up(const struct container *c)
{
	struct pollfd p = {c->pidfd, POLLIN, 0};

	syscall(SYS_pidfd_send_signal, c->pidfd, SIGHUP, NULL, 0);
	return poll(&p, 1, HANG_UP_MS) > 0;
}

int relay_terminal(struct container *c, int master, bool with_stdin, int *ret_status,
	struct err *err)
{
	struct console console = CONSOLE_NONE;
	bool timed_out;
	autofd int signals = -1;
	sigset_t blocked;
	int r;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	signals = signalfd(-1, &blocked, SFD_CLOEXEC);
	if (signals < 0)
		return err_sys(err, "wait for signals");
	pass_size(STDIN_FILENO, master);
	fcntl(master, F_SETFL, fcntl(master, F_GETFL) | O_NONBLOCK);
	if (with_stdin && isatty(STDIN_FILENO) && console_raw(&console, STDIN_FILENO, err) < 0)
		return -1;
	r = copy_until_end(c, master, signals, with_stdin);
	console_restore(&console);
	if (r < 0 && !hang_up(c)) {
		*ret_status = 128 + SIGHUP;
		return 0;
	}
	return foreground_wait(c, NULL, 0, ret_status, &timed_out, err);
}
