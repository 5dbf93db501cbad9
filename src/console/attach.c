#include "console/attach.h"

#include "base/clock.h"
#include "base/escapes.h"
#include "base/fd.h"
#include "base/program.h"
#include "base/unwaited.h"
#include "console/console.h"
#include "console/foreground.h"
#include "console/spool.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

enum {
	HANG_UP_MS = 1000,    /* the payload has said nothing for so long after it */
	END_AGAIN_MS = 500,   /* a terminal's next reader is told of the end of input, too */
	SPOOL_BYTES = 1 << 20 /* as much is taken ahead of our readers */
};

struct session {
	const struct attach_options *o;
	int sock, signals, input; /* input: -1 once it has ended */
	int screen;               /* our terminal, or -1 */
	bool typed;               /* input comes from a terminal in front of a terminal */
	bool ended;               /* what was no terminal in front of a terminal */
	bool lost, over;
	bool told;    /* the supervisor has nothing more to say */
	bool hurried; /* somebody wants the end */
	bool hung_up; /* our terminal is gone, or whoever read our output */
	struct spool spool;
	struct escapes watched;
	struct detach_keys keys;
	enum attach_how how;
	int status;
	int input_error; /* errno of what became of our input, or 0 */
	size_t waiting;  /* length of the message in out, which the socket did not take yet */
	uint8_t out[ATTACH_MESSAGE_MAX];
};

/* By /proc, as a path may be longer than a socket's address. */
static int address_of(int dirfd, const char *name, struct sockaddr_un *ret, struct err *err)
{
	int len;

	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	len = snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", dirfd, name);
	if (len < 0 || (size_t)len >= sizeof(ret->sun_path))
		return err_set(err, "socket %s: name too long", name);
	return 0;
}

static int socket_new(int flags, struct err *err)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);

	return fd < 0 ? err_sys(err, "cannot make a socket") : fd;
}

int attach_listen(int dirfd, const char *name, struct err *err)
{
	autofd int fd = socket_new(SOCK_NONBLOCK, err);
	struct sockaddr_un a;

	if (fd < 0 || address_of(dirfd, name, &a, err) < 0)
		return -1;
	if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
		return err_sys(err, "cannot remove the old socket %s", name);
	/* The mode of an unbound socket is that of the file it becomes. */
	if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
		listen(fd, ATTACH_CLIENTS_MAX) < 0)
		return err_sys(err, "cannot listen at the socket %s", name);
	return take_fd(&fd);
}

int attach_connect(int dirfd, const char *name, struct err *err)
{
	autofd int fd = socket_new(0, err);
	struct sockaddr_un a;

	if (fd < 0 || address_of(dirfd, name, &a, err) < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
		return err_sys(err, "cannot connect to the container's supervisor");
	return take_fd(&fd);
}

static void session_end(struct session *s, enum attach_how how, int status)
{
	s->how = how;
	s->status = status;
	s->over = true;
}

/* How it ends once our readers have the rest. */
static void session_told(struct session *s, enum attach_how how, int status)
{
	s->how = how;
	s->status = status;
	s->told = true;
}

/* To the supervisor. A failure is seen by receiving, which may still find the exit status. */

static void message_push(struct session *s)
{
	if (send(s->sock, s->out, s->waiting, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		if (errno != EPIPE && errno != ECONNRESET)
			s->input_error = errno;
	}
	s->waiting = 0;
}

static void message_send(struct session *s, enum attach_kind kind, size_t len)
{
	s->out[0] = (uint8_t)kind;
	s->waiting = 1 + len;
	message_push(s);
}

/* Sent at once: a size that the socket has no room for is one that nobody is looking at. */
static void window_send(struct session *s)
{
	struct console_size size;

	if (!s->o->tty || console_size(s->o->stdout_fd, &size) < 0)
		return;
	uint8_t m[5] = {ATTACH_WINDOW, size.rows & 0xff, (uint8_t)(size.rows >> 8),
		size.columns & 0xff, (uint8_t)(size.columns >> 8)};
	(void)send(s->sock, m, sizeof(m), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void patience_send(struct session *s)
{
	uint16_t p = s->o->patience_s;
	uint8_t m[3] = {ATTACH_PATIENCE, p & 0xff, (uint8_t)(p >> 8)};

	if (p)
		(void)send(s->sock, m, sizeof(m), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Signals */

static int signal_forward(struct session *s, int sig)
{
	return s->o->forward ? s->o->forward(s->o->forward_arg, sig) : -1;
}

/* For why, a signal. */
static void hang_up(struct session *s, int why)
{
	s->hung_up = true;
	s->input = -1;
	spool_drop(&s->spool);
	if (why == SIGHUP && !program_heeds_signal(SIGHUP))
		return;
	if (s->told || !s->o->ours || signal_forward(s, SIGHUP) < 0)
		session_end(s, ATTACH_SIGNALLED, 128 + why);
}

static bool screen_gone(const struct session *s)
{
	return s->screen >= 0 && !isatty(s->screen);
}

static void signal_take(struct session *s)
{
	struct signalfd_siginfo info;

	if (read(s->signals, &info, sizeof(info)) != sizeof(info) || s->hung_up)
		return;
	program_took_signal((int)info.ssi_signo);
	if (info.ssi_signo == SIGWINCH)
		window_send(s);
	else if (info.ssi_signo == SIGHUP && screen_gone(s))
		hang_up(s, SIGHUP);
	else if (s->told || signal_forward(s, (int)info.ssi_signo) < 0)
		session_end(s, ATTACH_SIGNALLED, 128 + (int)info.ssi_signo);
	else
		s->hurried = true;
}

static void signals_wanted(sigset_t *ret)
{
	static const int wanted[] = {FOREGROUND_SIGNALS, SIGWINCH};

	program_heeded_signals(wanted, sizeof(wanted) / sizeof(*wanted), ret);
}

/* Input */

static void input_end(struct session *s)
{
	if (screen_gone(s)) {
		hang_up(s, SIGHUP);
		return;
	}
	s->input = -1;
	s->ended = s->o->tty;
	message_send(s, ATTACH_INPUT_END, 0);
}

static void input_read(struct session *s)
{
	uint8_t typed[ATTACH_DATA_MAX - DETACH_KEYS_MAX];
	ssize_t n = unwaited_read(s->input, typed, sizeof(typed));
	size_t len = n > 0 ? (size_t)n : 0;
	bool detach = false;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0 && s->screen != s->input)
		s->input_error = errno;
	if (n <= 0) {
		input_end(s);
		return;
	}
	if (s->typed)
		detach = detach_keys_filter(&s->keys, typed, len, s->out + 1, &len);
	else
		memcpy(s->out + 1, typed, len);
	if (len)
		message_send(s, ATTACH_INPUT, len);
	if (detach)
		session_end(s, ATTACH_DETACHED, 0);
}

/* From the supervisor */

static int output_take(struct session *s, int fd, const uint8_t *data, size_t len, struct err *err)
{
	if (!s->hung_up && spool_add(&s->spool, fd, data, len) < 0)
		return err_sys(err, "cannot keep the output");
	return 0;
}

static int output_clean(struct session *s, struct escapes *e, const uint8_t *data, size_t len,
	struct err *err)
{
	char text[ATTACH_MESSAGE_MAX + ESCAPES_HELD_MAX];

	if (!s->o->tty || !isatty(s->o->stdout_fd))
		return output_take(s, s->o->stdout_fd, data, len, err);
	return output_take(s, s->o->stdout_fd, (uint8_t *)text, escapes_clean(e, data, len, text),
		err);
}

static int output_write(struct session *s, struct err *err)
{
	if (spool_write(&s->spool) == 0)
		return 0;
	if (errno == EIO && screen_gone(s))
		hang_up(s, SIGHUP);
	else if (errno == EPIPE)
		hang_up(s, SIGPIPE);
	else
		return err_sys(err, "cannot write the output");
	return 0;
}

/* What is left when the container has ended is little: it is taken, so that nobody waits for our reader. */
static bool has_room(const struct session *s)
{
	struct pollfd end = {s->o->end_fd, POLLIN, 0};

	return spool_bytes(&s->spool) < SPOOL_BYTES || s->o->end_fd < 0 || poll(&end, 1, 0) > 0;
}

static int message_take(struct session *s, const uint8_t *m, size_t len, struct err *err)
{
	struct escapes before = {.level = ESCAPES_MODES};

	switch (m[0]) {
	case ATTACH_BEFORE:
		return output_clean(s, s->typed ? &before : &s->watched, m + 1, len - 1, err);
	case ATTACH_OUT:
		if (!s->typed)
			return output_clean(s, &s->watched, m + 1, len - 1, err);
		return output_take(s, s->o->stdout_fd, m + 1, len - 1, err);
	case ATTACH_ERR:
		return output_take(s, s->o->stderr_fd, m + 1, len - 1, err);
	case ATTACH_EXIT:
		if (len != 2)
			break;
		session_told(s, ATTACH_EXITED, m[1]);
		return 0;
	case ATTACH_REFUSED:
		return err_set(err, "cannot attach: %.*s", (int)(len - 1), (const char *)m + 1);
	}
	return err_set(err, "the supervisor sent a message of unknown kind %d", m[0]);
}

static int message_receive(struct session *s, struct err *err)
{
	uint8_t m[ATTACH_MESSAGE_MAX];
	ssize_t n = recv(s->sock, m, sizeof(m), MSG_DONTWAIT);

	if (n > 0)
		return message_take(s, m, (size_t)n, err);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	/* The kernel reports a reset once, ahead of what still lies in the queue. */
	if (n < 0 && errno == ECONNRESET && !s->lost) {
		s->lost = true;
		return 0;
	}
	session_told(s, ATTACH_LOST, 0);
	return 0;
}

enum { POLL_SOCK, POLL_SIGNALS, POLL_INPUT, POLL_OUTPUT, POLL_END, POLL_READER, POLL_COUNT };

static void interest(const struct session *s, struct pollfd p[POLL_COUNT])
{
	bool room = has_room(s);
	short events = (short)((room ? POLLIN : 0) | (s->waiting ? POLLOUT : 0));

	p[POLL_SOCK] = (struct pollfd){s->told || !events ? -1 : s->sock, events, 0};
	p[POLL_SIGNALS] = (struct pollfd){s->signals, POLLIN, 0};
	p[POLL_INPUT] = (struct pollfd){s->waiting || s->told ? -1 : s->input, POLLIN, 0};
	p[POLL_OUTPUT] = (struct pollfd){spool_fd(&s->spool), POLLOUT, 0};
	p[POLL_END] = (struct pollfd){room ? -1 : s->o->end_fd, POLLIN, 0};
	/* Who only watches leaves with his reader, as that of `grep -m1`. What is ours goes on until it writes. */
	p[POLL_READER] = (struct pollfd){s->o->ours || s->hung_up ? -1 : s->o->stdout_fd, 0, 0};
}

/* For as long as somebody takes the rest of the output it is waited for, or until --timeout. */
static int turn_timeout_ms(const struct session *s)
{
	int left;

	if (s->hung_up)
		return HANG_UP_MS;
	if (!s->told)
		return s->ended && !s->waiting ? END_AGAIN_MS : -1;
	left = deadline_poll_ms(s->o->until_ns);
	return s->hurried || left == 0 ? FOREGROUND_HURRY_MS : left;
}

static void turn_nothing(struct session *s)
{
	if (s->told)
		session_end(s, s->how, s->hurried ? s->status : FOREGROUND_TIMED_OUT);
	else if (!s->hung_up)
		message_send(s, ATTACH_INPUT_END, 0);
	else if (s->o->ours && program_heeds_signal(SIGHUP))
		session_end(s, ATTACH_SIGNALLED, 128 + SIGHUP);
}

static int session_turn(struct session *s, struct err *err)
{
	struct pollfd p[POLL_COUNT];
	int n;

	interest(s, p);
	n = poll(p, POLL_COUNT, turn_timeout_ms(s));
	if (n < 0)
		return errno == EINTR ? 0 : err_sys(err, "cannot wait for the container");
	if (n == 0)
		turn_nothing(s);
	if (p[POLL_SIGNALS].revents)
		signal_take(s);
	if (!s->over && s->waiting && (p[POLL_SOCK].revents & POLLOUT))
		message_push(s);
	if (!s->over && (p[POLL_SOCK].revents & ~POLLOUT) && message_receive(s, err) < 0)
		return -1;
	if (!s->over && p[POLL_OUTPUT].revents && spool_bytes(&s->spool) &&
		output_write(s, err) < 0)
		return -1;
	if (!s->over && !s->waiting && p[POLL_INPUT].revents)
		input_read(s);
	if (!s->over && !s->hung_up && (p[POLL_READER].revents & POLLERR))
		hang_up(s, screen_gone(s) ? SIGHUP : SIGPIPE);
	s->over |= s->told && !spool_bytes(&s->spool);
	return 0;
}

static int session_serve(struct session *s, struct err *err)
{
	struct console console = CONSOLE_NONE;
	int r = 0;

	if (s->typed && console_raw(&console, s->input, err) < 0)
		return -1;
	if (s->o->tty && !s->typed && s->screen >= 0)
		console_pass_output(&console, s->screen);
	patience_send(s);
	window_send(s);
	while (r == 0 && !s->over)
		r = session_turn(s, err);
	console_restore(&console);
	return r;
}

static void session_start(struct session *s, int sock, const struct attach_options *o)
{
	*s = (struct session){.o = o, .sock = sock, .signals = -1, .input = o->stdin_fd};
	s->typed = o->tty && o->stdin_fd >= 0 && isatty(o->stdin_fd);
	s->screen = s->typed ? o->stdin_fd : isatty(o->stdout_fd) ? o->stdout_fd : -1;
	if (o->detach_keys)
		s->keys = *o->detach_keys;
	s->keys.matched = 0;
	s->watched.level = ESCAPES_SCREEN;
}

int attach_run(int sock, const struct attach_options *options, int *ret_status,
	enum attach_how *ret_how, struct err *err)
{
	sigset_t wanted, old;
	struct session s;
	int r;

	session_start(&s, sock, options);
	signals_wanted(&wanted);
	s.signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s.signals < 0)
		return err_sys(err, "cannot wait for signals");
	sigprocmask(SIG_BLOCK, &wanted, &old);
	r = session_serve(&s, err);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(s.signals);
	spool_drop(&s.spool);
	if (r < 0)
		return -1;
	if (s.input_error)
		warn("pass standard input on: %s", strerror(s.input_error));
	if (s.how == ATTACH_EXITED || s.how == ATTACH_SIGNALLED)
		*ret_status = s.status;
	*ret_how = s.how;
	return 0;
}
