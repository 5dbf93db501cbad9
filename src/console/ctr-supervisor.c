/*
 * What stays behind with one detached container: it waits for PID 1, whose parent it is, keeps the
 * log, and serves those who attach (console/attach.h). Started by exec in the process that
 * started the container; everything it works on is a descriptor:
 *
 *   ctr-supervisor --pid PID --pidfd FD --listen FD --exit FD --lock FD
 *     (--tty FD | --stdout FD --stderr FD [--stdin FD]) [--log-dir FD --log-max BYTES]
 *     [--log-rate BYTES] [--ready FD] [--timeout-ns NS] [-- CLEANUP [ARGUMENT]...]
 *
 * --tty     master side of the container's terminal. It is kept open on the other side too, so
 *           that a getty which hangs up its line does not end it.
 * --exit    receives "STATUS\nNANOSECONDS\n" at offset 0, once, when PID 1 has ended and its output
 *           is in the log: 0..255, 128+n for signal n; time of day in decimal. Preallocated by
 *           the caller, so that a full disk does not lose it.
 * --lock    only kept open, also across the exec of CLEANUP; every other descriptor is closed there.
 * --log-dir directory of "log" and "log.1", together at most twice BYTES (at least 16 KiB). A record
 *           is "TIME stdout|stderr F|P TEXT": UTC with nanoseconds, P for a piece of a line whose
 *           rest follows. When it cannot be written, records are dropped and counted, and the
 *           count is written once that is possible again.
 * --log-rate  so many bytes a second are written to the log, on average, and once as much as one log file
 *           holds. Of what comes faster the last lines are logged, a second later or at the end, behind the
 *           number of bytes that are not. 0, the default: no limit.
 * --ready   gets one byte and is closed once clients are served; or what is wrong, behind a byte 1. Given
 *           first, it gets all of that; else standard error does.
 * --timeout-ns  PID 1 gets SIGKILL so long after the start, and 124 is its status, as timeout(1) has it.
 *
 * It sleeps in poll(2) alone and every descriptor is non-blocking: nothing a container or client
 * does stops it, and the container waits for a client no longer than attach.h says. All signals but
 * SIGKILL are ignored, and the OOM killer is asked to look elsewhere.
 *
 * What it does is done for a container that may have a small part of a CPU: it takes a twentieth of one, on
 * average, or a half with clients, who do not come from there. When it has had more, it waits a moment for more to
 * read at once; then it stops logging, as if too much came; and if that does not help, or there is no rate, it
 * rests, and what writes faster than that waits.
 *
 * It is two processes with one memory and one table of descriptors. The second, the guard, sleeps until
 * the first is killed; then it goes on where that was, with its clients, and makes a guard of its own. It
 * is not the parent of PID 1, whose status it has from the pidfd (Linux 6.15; on older kernels it is lost
 * if the host's init is faster). Whoever kills both leaves the container without a reader.
 *
 * No stdio and no heap: its private memory is what a thousand containers pay a thousand times.
 */
#include "console/attach.h"
#include "console/logfile.h"
#include "console/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h> /* renameat */
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

#define SECOND UINT64_C(1000000000)
#define MSEC   UINT64_C(1000000)
#define NEVER  UINT64_MAX

enum {
	LINE_BYTES = 2048, /* longer lines are logged in pieces */
	LOG_BYTES = 8192,  /* records written at once */
	LOG_HEADER = 48,
	DRAIN_BYTES = 1 << 20, /* read after PID 1's death, where others still hold its pipes */
	FIRST_FD = 3,
	TIMED_OUT = 124,
	UNKNOWN = -1, /* status of a PID 1 that was nobody's child here */
	STACK_BYTES = 16384,
	WORK_SHARE = 20, /* one part of so many of a CPU */
	WORK_SHARE_CLIENTS = 2,
	SMALL_BYTES = 1024,
};

static const uint64_t hold_ns = 1 * SECOND;   /* how long a piece of a line waits for its rest */
static const uint64_t hangup_ns = 200 * MSEC; /* rest after a hang-up of the terminal */
static const uint64_t drain_ns = 5 * SECOND;  /* clients' time to take the last output */
static const uint64_t guard_ns = 1 * SECOND;  /* without a guard, after the end of one */
static const uint64_t traced_ns = 20 *
				  MSEC; /* between looks at a PID 1 that another process traces */
static const uint64_t adopt_ns = 1 * SECOND; /* time of the host's init to reap a PID 1 */
static const uint64_t quiet_ns = 1 * SECOND; /* nothing is logged, once the log grew too fast */
static const uint64_t saved_ns = 5 * SECOND; /* of rest that work can make use of later */
static const uint64_t owed_ns = 2 * SECOND;  /* of rest that can be had later */
static const uint64_t gather_ns = 2 * MSEC;  /* for what comes in small pieces */

struct log {
	int dirfd, fd;
	uint64_t size, max;
	uint64_t lost;    /* records dropped since the last one written */
	uint64_t skipped; /* bytes that came too fast, since then */
	uint64_t rate, burst_ns;
	uint64_t paid_until; /* by what was written, at its rate */
	uint64_t quiet_until, tell_at;
	unsigned records, used;
	time_t second; /* the one in date */
	char date[20]; /* YYYY-MM-DDTHH:MM:SS. */
	char buf[LOG_BYTES];
};

struct stream {
	int fd;
	enum attach_kind kind;
	uint64_t rest_until;  /* not polled before; 0: no rest */
	uint64_t hold_until;  /* NEVER: no piece of a line is held */
	struct timespec time; /* of the held piece */
	unsigned held;
	char line[LINE_BYTES];
	struct tail
		tail; /* of what came too fast; if it is cut, the rest of the line is not to be logged */
	struct timespec tail_time;
};

struct client {
	int fd;
	bool behind; /* has yet to take the message in out */
	bool sized;
	uint64_t waits; /* what it asked for, 0: what is usual */
	uint64_t patience;
};

enum {
	POLL_PIDFD,
	POLL_GUARD,
	POLL_LISTEN,
	POLL_STDIN,
	POLL_STREAM,
	POLL_CLIENT = POLL_STREAM + 2,
	POLL_COUNT = POLL_CLIENT + ATTACH_CLIENTS_MAX
};

static struct supervisor {
	uint64_t pid, log_max, log_rate, timeout;
	int pidfd, tty, tty_peer, in_fd, out_fd, err_fd, log_dir, listen, exit, lock, ready;
	char **cleanup;

	int null;
	int self, guard;   /* pidfds of both; guard -1: there is none */
	uint64_t guard_at; /* when to make one */
	bool adopted;      /* PID 1 is not our child */

	uint64_t now, kill_at, drain_until, reap_at;
	uint64_t worked_until, cpu_ns; /* paid with rest; CPU time at the last look */
	bool dead, timed_out;
	int status;
	unsigned drained, turn;

	struct log log;
	struct stream stream[2];
	struct client client[ATTACH_CLIENTS_MAX];
	char oom_score[8];

	bool in_line; /* the last input did not end a line */
	unsigned in_pos, in_len, out_len, replay_len;
	bool replay_cut;
	char in[ATTACH_MESSAGE_MAX], out[ATTACH_MESSAGE_MAX], replay[ATTACH_REPLAY];
} super;

/* Small things */

static uint64_t monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

/* What costs so much at *until is paid for when that has gone by; a time without costs pays for later ones. */
static void pay(uint64_t *until, uint64_t cost, uint64_t saved)
{
	uint64_t earliest = super.now > saved ? super.now - saved : 0;

	*until = (*until > earliest ? *until : earliest) + cost;
}

static void fd_close(int *fd)
{
	int n = *fd;

	/* In this order: the guard must not find the number of what is closed. */
	*fd = -1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (n >= 0)
		close(n);
}

static char *put_text(char *p, const char *text)
{
	size_t len = strlen(text);

	memcpy(p, text, len);
	return p + len;
}

/* Decimal, with leading zeros up to width. */
static char *put_number(char *p, uint64_t n, int width)
{
	char digits[20];
	int len = 0;

	do
		digits[len++] = (char)('0' + n % 10);
	while ((n /= 10) || len < width);
	while (len)
		*p++ = digits[--len];
	return p;
}

static int number_parse(const char *s, uint64_t max, uint64_t *ret)
{
	uint64_t n = 0;

	if (!s || !*s)
		return -1;
	for (; *s; s++) {
		unsigned digit = (unsigned)(*s - '0');
		if (digit > 9 || n > (max - digit) / 10)
			return -1;
		n = n * 10 + digit;
	}
	*ret = n;
	return 0;
}

/* Log */

static void log_open(struct log *l)
{
	struct stat st;

	l->fd = openat(l->dirfd, "log",
		O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	l->size = l->fd >= 0 && fstat(l->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void log_rotate(struct log *l)
{
	if (renameat(l->dirfd, "log", l->dirfd, "log.1") < 0)
		return;
	fd_close(&l->fd);
	log_open(l);
}

/* Whole or not at all: half a record would damage the next one too. */
static bool log_write(struct log *l, const char *data, unsigned len)
{
	if (l->fd < 0)
		log_open(l);
	if (l->fd >= 0 && l->size + len > l->max)
		log_rotate(l);
	if (l->fd < 0 || l->size + len > l->max)
		return false;
	if (write(l->fd, data, len) == (ssize_t)len) {
		l->size += len;
		return true;
	}
	return ftruncate(l->fd, (off_t)l->size), false;
}

static void log_date(struct log *l, time_t second)
{
	struct tm tm;
	char *p = l->date;

	gmtime_r(&second, &tm);
	p = put_number(p, (uint64_t)tm.tm_year + 1900, 4);
	*p++ = '-';
	p = put_number(p, (uint64_t)tm.tm_mon + 1, 2);
	*p++ = '-';
	p = put_number(p, (uint64_t)tm.tm_mday, 2);
	*p++ = 'T';
	p = put_number(p, (uint64_t)tm.tm_hour, 2);
	*p++ = ':';
	p = put_number(p, (uint64_t)tm.tm_min, 2);
	*p++ = ':';
	p = put_number(p, (uint64_t)tm.tm_sec, 2);
	*p = '.';
	l->second = second;
}

static char *put_header(struct log *l, char *p, struct timespec t, enum attach_kind kind, bool full)
{
	if (t.tv_sec != l->second)
		log_date(l, t.tv_sec);
	memcpy(p, l->date, sizeof(l->date));
	p = put_number(p + sizeof(l->date), (uint64_t)t.tv_nsec, 9);
	p = put_text(p, kind == ATTACH_OUT ? "Z stdout " : "Z stderr ");
	return put_text(p, full ? "F " : "P ");
}

static bool log_tell(struct log *l, uint64_t n, const char *what)
{
	char text[LOG_HEADER + 96], *p;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	p = put_header(l, text, now, ATTACH_ERR, true);
	p = put_text(p, "[ctr-supervisor: ");
	p = put_number(p, n, 1);
	p = put_text(p, what);
	return log_write(l, text, (unsigned)(p - text));
}

static bool log_is_quiet(const struct log *l)
{
	return super.now < l->quiet_until;
}

static void log_tell_loss(struct log *l)
{
	if (l->lost && log_tell(l, l->lost, " records could not be written]\n"))
		l->lost = 0;
	if (l->skipped && !l->lost &&
		log_tell(l, l->skipped, " bytes above --log-rate are not here]\n"))
		l->skipped = 0;
	l->tell_at = l->lost || l->skipped ? super.now + quiet_ns
		     : log_is_quiet(l)     ? l->quiet_until
					   : NEVER;
}

static void log_pause(struct log *l, uint64_t paid_until)
{
	if (l->rate && paid_until > super.now && !log_is_quiet(l))
		l->quiet_until = l->tell_at = paid_until + quiet_ns;
}

static void log_pay(struct log *l, unsigned len)
{
	if (l->rate)
		pay(&l->paid_until, len * SECOND / l->rate, l->burst_ns);
	log_pause(l, l->paid_until);
}

static void log_flush(struct log *l)
{
	if (!l->used)
		return;
	if (l->lost || l->skipped)
		log_tell_loss(l);
	if (l->lost || !log_write(l, l->buf, l->used)) {
		l->lost += l->records;
		if (l->tell_at == NEVER)
			l->tell_at = super.now + quiet_ns;
	}
	log_pay(l, l->used);
	l->used = l->records = 0;
}

static void log_record(struct log *l, struct timespec t, enum attach_kind kind, bool full,
	const char *text, unsigned len)
{
	char *p;

	if (l->dirfd < 0)
		return;
	if (l->used + LOG_HEADER + len + 1 > LOG_BYTES)
		log_flush(l);
	p = put_header(l, l->buf + l->used, t, kind, full);
	memcpy(p, text, len);
	p[len] = '\n';
	l->used = (unsigned)(p + len + 1 - l->buf);
	l->records++;
}

/* Lines */

static void line_emit(struct stream *s, bool full)
{
	log_record(&super.log, s->time, s->kind, full, s->line, s->held);
	s->held = 0;
	s->hold_until = NEVER;
}

static unsigned line_hold(struct stream *s, const char *data, unsigned len)
{
	unsigned room = LINE_BYTES - s->held, n = len < room ? len : room;

	memcpy(s->line + s->held, data, n);
	s->held += n;
	if (s->hold_until == NEVER)
		s->hold_until = super.now + hold_ns;
	return n;
}

/* What came too fast: its end waits, and what was held of its first line in front of it. */
static void line_skip(struct stream *s, const char *data, unsigned len)
{
	super.log.skipped += tail_keep(&s->tail, s->line, s->held) + tail_keep(&s->tail, data, len);
	s->held = 0;
	s->hold_until = NEVER;
	clock_gettime(CLOCK_REALTIME, &s->tail_time);
}

/* What of data comes behind the line that was cut: one of which a part is missing would be a damaged one. */
static unsigned line_resume(struct stream *s, const char *data, unsigned len)
{
	const char *newline = s->tail.cut ? memchr(data, '\n', len) : NULL;

	if (!s->tail.cut)
		return len;
	s->tail.cut = !newline;
	super.log.skipped += newline ? (uint64_t)(newline + 1 - data) : len;
	return newline ? len - (unsigned)(newline + 1 - data) : 0;
}

static void line_split(struct stream *s, const char *data, unsigned len, struct timespec time)
{
	unsigned rest = line_resume(s, data, len);

	data += len - rest;
	len = rest;
	for (const char *end = data + len; data < end;) {
		const char *newline = memchr(data, '\n', (size_t)(end - data));

		rest = (unsigned)((newline ? newline : end) - data);
		if (s->held == LINE_BYTES)
			line_emit(s, false);
		if (!s->held)
			s->time = time;
		data += line_hold(s, data, rest);
		if (newline && data == newline) {
			line_emit(s, true);
			data++;
		}
	}
}

static bool came_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Before the first of them is written, the log says what is missing. */
static void tails_log(void)
{
	struct stream *s = super.stream;
	unsigned first = came_before(&s[1].tail_time, &s[0].tail_time);

	for (int i = 0; i < 2; i++)
		super.log.skipped += tail_trim(&s[i].tail, TAIL_ROOM, LOG_HEADER);
	for (unsigned i = 0; i < 2; i++) {
		struct tail *t = &s[first ^ i].tail;

		if (t->len)
			line_split(&s[first ^ i], t->buf, t->len, s[first ^ i].tail_time);
		t->len = 0;
	}
	log_flush(&super.log);
}

static void line_flush(struct stream *s)
{
	if (s->held)
		line_emit(s, false);
}

/* Clients */

static void client_drop(struct client *c)
{
	fd_close(&c->fd);
	c->behind = c->sized = false;
	c->waits = 0;
}

static uint64_t patience(const struct client *c)
{
	bool person = super.tty >= 0 && !super.dead;

	if (c->waits && !super.dead)
		return c->waits == NEVER ? NEVER : super.now + c->waits;
	return super.now + (person ? ATTACH_PATIENCE_TTY_MS : ATTACH_PATIENCE_PIPE_MS) * MSEC;
}

/* The message stays in out until everybody has it; no output is read before that. */
static void client_send(struct client *c)
{
	if (c->fd < 0)
		return;
	if (send(c->fd, super.out, super.out_len, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) {
		c->behind = false;
	} else if (errno != EAGAIN) {
		client_drop(c);
	} else if (!c->behind) {
		c->behind = true;
		c->patience = patience(c);
	} else if (super.now >= c->patience || super.now >= super.drain_until) {
		client_drop(c);
	}
}

static void clients_send(enum attach_kind kind, unsigned len)
{
	super.out[0] = (char)kind;
	super.out_len = 1 + len;
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		client_send(&super.client[i]);
}

static bool clients_behind(void)
{
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		if (super.client[i].behind)
			return true;
	return false;
}

static void message_send(int fd, enum attach_kind kind, const char *data, unsigned len)
{
	char k = (char)kind;
	struct iovec iov[2] = {{&k, 1}, {(char *)data, len}};
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2};

	(void)sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* From the first whole line, so that it begins neither inside a character nor an escape sequence. */
static void replay_send(int fd)
{
	const char *from = super.replay, *newline = NULL;
	unsigned len = super.replay_len;

	if (super.replay_cut)
		newline = memchr(from, '\n', len);
	if (newline) {
		len -= (unsigned)(newline + 1 - from);
		from = newline + 1;
	}
	if (len)
		message_send(fd, ATTACH_BEFORE, from, len);
}

static void replay_keep(const char *data, unsigned len)
{
	unsigned room = ATTACH_REPLAY - super.replay_len, excess = len > room ? len - room : 0;

	if (excess) {
		unsigned keep = super.replay_len > excess ? super.replay_len - excess : 0;
		memmove(super.replay, super.replay + super.replay_len - keep, keep);
		super.replay_len = keep;
		super.replay_cut = true;
	}
	memcpy(super.replay + super.replay_len, data, len);
	super.replay_len += len;
}

static struct client *client_slot(void)
{
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		if (super.client[i].fd < 0)
			return &super.client[i];
	return NULL;
}

static void client_accept(int fd)
{
	static const char full[] = "too many clients are attached already";
	int half = ATTACH_BACKLOG_BYTES / 2; /* the kernel doubles it */
	struct client *c = client_slot();

	if (!c) {
		message_send(fd, ATTACH_REFUSED, full, sizeof(full) - 1);
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof(half));
	c->fd = fd;
	replay_send(fd);
}

static void clients_accept(void)
{
	for (int i = 0; i < 2 * ATTACH_CLIENTS_MAX; i++) {
		int fd = accept4(super.listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		client_accept(fd);
	}
}

/* Input */

static void input_push(void)
{
	while (super.in_pos < super.in_len) {
		ssize_t n = super.in_fd < 0 ? -1
					    : write(super.in_fd, super.in + super.in_pos,
						      super.in_len - super.in_pos);
		if (n == 0 || (n < 0 && super.in_fd >= 0 && errno == EAGAIN))
			return;
		if (n < 0 && super.tty < 0)
			fd_close(&super.in_fd);
		if (n < 0)
			break;
		super.in_pos += (unsigned)n;
	}
	super.in_pos = super.in_len = 0;
}

static bool input_pending(void)
{
	return super.in_len > 0;
}

/* What was typed before is not read yet: an end would be lost in it, or end something else. */
static bool typed_unread(void)
{
	struct pollfd p = {super.tty_peer, POLLIN, 0};

	return super.tty_peer >= 0 && poll(&p, 1, 0) > 0 && (p.revents & POLLIN);
}

/* A terminal has no end; its reader sees one when the end-of-file character is typed at the beginning of a line,
 * or twice. A program that reads lines by itself, as shells do, takes the character for the same. */
static void input_end(void)
{
	struct termios t;

	if (super.tty < 0) {
		fd_close(&super.in_fd);
	} else if (!typed_unread() && tcgetattr(super.tty, &t) == 0) {
		super.in[1] = super.in[2] = (char)t.c_cc[VEOF];
		super.in_pos = 1;
		super.in_len = super.in_line && (t.c_lflag & ICANON) ? 3 : 2;
		super.in_line = false;
		input_push();
	}
}

static void input_data(unsigned len)
{
	char last = super.in[len - 1];

	super.in_line = last != '\n' && last != '\r';
	super.in_pos = 1;
	super.in_len = len;
	input_push();
}

static unsigned u16_at(const char *p)
{
	return (unsigned char)p[0] | (unsigned)(unsigned char)p[1] << 8;
}

/* The kernel signals a change only, but who attaches anew wants the screen drawn: it changes twice. */
static void window_set(struct client *c, const char *data)
{
	struct winsize old, new = {.ws_row = (unsigned short)u16_at(data),
				    .ws_col = (unsigned short)u16_at(data + 2)};

	if (super.tty < 0)
		return;
	if (!c->sized && ioctl(super.tty, TIOCGWINSZ, &old) == 0 &&
		old.ws_row == new.ws_row &&old.ws_col == new.ws_col) {
		old.ws_row++;
		ioctl(super.tty, TIOCSWINSZ, &old);
	}
	c->sized = true;
	ioctl(super.tty, TIOCSWINSZ, &new);
}

static void patience_set(struct client *c, const char *data)
{
	unsigned seconds = u16_at(data);

	c->waits = seconds == ATTACH_PATIENCE_ENDLESS ? NEVER : seconds * SECOND;
	if (c->behind)
		c->patience = patience(c);
}

static void client_read(struct client *c)
{
	ssize_t n = recv(c->fd, super.in, sizeof(super.in), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0 || n > (ssize_t)sizeof(super.in))
		client_drop(c);
	else if (super.in[0] == ATTACH_INPUT && n > 1)
		input_data((unsigned)n);
	else if (super.in[0] == ATTACH_INPUT_END && n == 1)
		input_end();
	else if (super.in[0] == ATTACH_WINDOW && n == 5)
		window_set(c, super.in + 1);
	else if (super.in[0] == ATTACH_PATIENCE && n == 3)
		patience_set(c, super.in + 1);
	else
		client_drop(c);
}

/* With input pending nobody is read from, but a slot must not stay with who has gone. */
static void client_serve(struct client *c, short events)
{
	if (c->fd < 0)
		return;
	if (c->behind && (events || super.now >= c->patience || super.now >= super.drain_until))
		client_send(c);
	if (c->fd >= 0 && (events & (POLLIN | POLLHUP | POLLERR))) {
		if (!input_pending())
			client_read(c);
		else if (events & (POLLHUP | POLLERR))
			client_drop(c);
	}
}

/* Output */

static void tty_hold(void)
{
	fd_close(&super.tty_peer);
	super.tty_peer = ioctl(super.tty, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static void stream_end(struct stream *s)
{
	line_flush(s);
	s->fd = -1;
}

static void stream_fail(struct stream *s, ssize_t n)
{
	if (n < 0 && (errno == EAGAIN || errno == EINTR) && !super.dead)
		return;
	if (s->fd != super.tty || super.dead) {
		stream_end(s);
		return;
	}
	tty_hold();
	s->rest_until = super.now + hangup_ns;
}

static bool clients_any(void)
{
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		if (super.client[i].fd >= 0)
			return true;
	return false;
}

/* Of a pipe that nobody listens to: away with it without a look, but for its end. */
static void stream_skip(struct stream *s)
{
	int waiting;
	ssize_t n;

	if (super.null < 0 || s->fd == super.tty || clients_any() ||
		ioctl(s->fd, FIONREAD, &waiting) < 0 || waiting <= TAIL_BYTES)
		return;
	n = splice(s->fd, NULL, super.null, NULL, (size_t)waiting - TAIL_BYTES, SPLICE_F_NONBLOCK);
	if (n <= 0)
		return;
	super.log.skipped += (uint64_t)n + s->held + tail_clear(&s->tail);
	s->held = 0;
	s->hold_until = NEVER;
}

static void stream_log(struct stream *s, unsigned len)
{
	struct timespec now;

	if (super.log.dirfd < 0)
		return;
	if (log_is_quiet(&super.log)) {
		line_skip(s, super.out + 1, len);
	} else {
		tails_log();
		clock_gettime(CLOCK_REALTIME, &now);
		line_split(s, super.out + 1, len, now);
	}
	log_flush(&super.log);
}

static void stream_read(struct stream *s)
{
	ssize_t n;

	if (log_is_quiet(&super.log) && !super.dead)
		stream_skip(s);
	n = read(s->fd, super.out + 1, ATTACH_DATA_MAX);
	if (n <= 0) {
		stream_fail(s, n);
		return;
	}
	stream_log(s, (unsigned)n);
	if (s->fd == super.tty)
		replay_keep(super.out + 1, (unsigned)n);
	clients_send(s->kind, (unsigned)n);
	if (n < SMALL_BYTES && super.worked_until > super.now && !log_is_quiet(&super.log))
		s->rest_until = super.now + gather_ns;
	if (super.dead && (super.drained += (unsigned)n) > DRAIN_BYTES)
		stream_end(s);
}

static void work_pay(void)
{
	uint64_t share = clients_any() ? WORK_SHARE_CLIENTS : WORK_SHARE;
	struct timespec t;
	uint64_t cpu;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	cpu = (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
	pay(&super.worked_until, (cpu - super.cpu_ns) * share, saved_ns);
	super.cpu_ns = cpu;
	if (super.worked_until > super.now + quiet_ns)
		log_pause(&super.log, super.worked_until - quiet_ns);
}

static void stream_serve(struct stream *s, short events)
{
	if (s->fd >= 0 && (events || super.dead) && !clients_behind()) {
		stream_read(s);
		work_pay();
	}
	if (super.now >= s->hold_until) {
		line_flush(s);
		log_flush(&super.log);
	}
}

static bool streams_open(void)
{
	return super.stream[0].fd >= 0 || super.stream[1].fd >= 0;
}

/* PID 1 */

/* Of the kernel's struct pidfd_info, version 0; headers have it from 6.13 on. */
struct pidfd_info_v0 {
	uint64_t mask, cgroupid;
	uint32_t pid, tgid, ppid, ids[8];
	int32_t exit_code;
};
#define PIDFD_INFO_GET  _IOWR(0xFF, 11, struct pidfd_info_v0)
#define PIDFD_INFO_EXIT (UINT64_C(1) << 3) /* 6.15; known once its parent has reaped it */

static bool status_if_reaped(int *ret)
{
	struct pidfd_info_v0 info = {.mask = PIDFD_INFO_EXIT};

	if (ioctl(super.pidfd, PIDFD_INFO_GET, &info) < 0 || !(info.mask & PIDFD_INFO_EXIT))
		return false;
	*ret = info.exit_code;
	return true;
}

/* The last field of /proc/PID/stat, for as long as nobody has reaped it. */
static bool status_if_zombie(int *ret)
{
	char text[1024], *end, *p = put_number(put_text(text, "/proc/"), super.pid, 1);
	uint64_t status;
	ssize_t n;
	int fd;

	*put_text(p, "/stat") = '\0';
	fd = open(text, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	fd_close(&fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	end = strrchr(text, ')');
	p = strrchr(text, ' ');
	if (!end || !p || end + 2 >= p || end[2] != 'Z')
		return false;
	text[n - 1] = '\0'; /* the newline */
	if (number_parse(p + 1, UINT16_MAX, &status) < 0)
		return false;
	*ret = (int)status;
	return true;
}

static int adopted_status(void)
{
	const struct timespec rest = {0, 10 * (long)MSEC};
	uint64_t until = monotonic() + adopt_ns;
	int status;

	do {
		if (status_if_reaped(&status) || status_if_zombie(&status))
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		ppoll(NULL, 0, &rest, NULL);
	} while (monotonic() < until);
	return UNKNOWN;
}

static void payload_reap(void)
{
	siginfo_t end = {0};

	if (super.adopted)
		super.status = adopted_status();
	else if (waitid(P_PID, (id_t)super.pid, &end, WEXITED | WNOHANG) < 0 || !end.si_pid) {
		super.reap_at = super.now + traced_ns;
		return;
	} else
		super.status = end.si_code == CLD_EXITED ? end.si_status & 0xff
							 : 128 + end.si_status;
	if (super.timed_out)
		super.status = TIMED_OUT;
	super.dead = true;
	super.drain_until = super.now + drain_ns;
	super.kill_at = NEVER;
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		if (super.client[i].patience > patience(&super.client[i]))
			super.client[i].patience = patience(&super.client[i]);
}

static void payload_kill(void)
{
	super.kill_at = NEVER;
	super.timed_out = true;
	if (syscall(SYS_pidfd_send_signal, super.pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		super.kill_at = super.now + guard_ns;
}

/* The guard */

static void serve(void);
static _Noreturn void finish(void);

/* The one in the memory of whoever was killed, who may have been in the middle of anything. */
static void take_over(void)
{
	struct stat st;

	super.adopted = true;
	super.now = monotonic();
	super.cpu_ns = 0;
	fd_close(&super.self);
	fd_close(&super.guard);
	super.guard_at = super.now;
	super.in_pos = super.in_len = super.replay_len = 0;
	for (int i = 0; i < 2; i++) {
		super.stream[i].held = super.stream[i].tail.len = 0;
		super.stream[i].hold_until = NEVER;
	}
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		super.client[i].behind = false;
	super.log.used = super.log.records = 0;
	super.log.second = -1;
	/* What was being written, and is not in the count yet, may be half a record. */
	if (super.log.fd >= 0 && fstat(super.log.fd, &st) == 0 &&
		(uint64_t)st.st_size > super.log.size)
		(void)!ftruncate(super.log.fd, (off_t)super.log.size);
}

/* errno is in the memory of both: as long as the first lives, nothing here may set it. */
static int guard_main(void *arg)
{
	struct pollfd first = {super.self, POLLIN, 0};

	(void)arg;
	while (ppoll(&first, 1, NULL, NULL) != 1)
		;
	take_over();
	serve();
	finish();
}

/* Who was guard before runs on one of the stacks, and needs it to the end: the new one gets the other. */
static void guard_start(void)
{
	static char stack[2][STACK_BYTES] __attribute__((aligned(64)));
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	bool on_first = here - (uintptr_t)stack[0] < STACK_BYTES;
	char *top = stack[on_first] + STACK_BYTES;

	super.guard_at = NEVER;
	if (super.self < 0)
		super.self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (super.self >= 0 &&
		clone(guard_main, top, CLONE_VM | CLONE_FILES | CLONE_PIDFD | SIGCHLD, NULL,
			&super.guard) > 0)
		return;
	super.guard = -1;
	super.guard_at = super.now + guard_ns;
}

static void guard_reap(void)
{
	siginfo_t end;

	(void)waitid(P_PIDFD, (id_t)super.guard, &end, WEXITED);
	fd_close(&super.guard);
	super.guard_at = super.now + guard_ns;
}

static void guard_end(void)
{
	if (super.guard < 0)
		return;
	/* One that is not killed would be waited for for ever, or come to life behind us. */
	while (syscall(SYS_pidfd_send_signal, super.guard, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		poll(NULL, 0, 10);
	guard_reap();
}

/* The loop */

static bool must_rest(void)
{
	return super.now + owed_ns < super.worked_until;
}

static int stream_interest(const struct stream *s, bool behind)
{
	return behind || super.now < s->rest_until || must_rest() ? -1 : s->fd;
}

static void interest(struct pollfd p[POLL_COUNT])
{
	bool behind = clients_behind(), pending = input_pending();

	p[POLL_PIDFD] = (struct pollfd){super.dead || super.now < super.reap_at ? -1 : super.pidfd,
		POLLIN, 0};
	p[POLL_GUARD] = (struct pollfd){super.guard, POLLIN, 0};
	p[POLL_LISTEN] = (struct pollfd){super.listen, POLLIN, 0};
	p[POLL_STDIN] = (struct pollfd){pending ? super.in_fd : -1, POLLOUT, 0};
	for (int i = 0; i < 2; i++)
		p[POLL_STREAM + i] = (struct pollfd){stream_interest(&super.stream[i], behind),
			POLLIN, 0};
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++) {
		const struct client *c = &super.client[i];
		short events = (short)((pending ? 0 : POLLIN) | (c->behind ? POLLOUT : 0));

		p[POLL_CLIENT + i] = (struct pollfd){c->fd, events, 0};
	}
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t next_deadline(void)
{
	uint64_t t = earlier(earlier(super.kill_at, super.guard_at), super.log.tell_at);

	if (super.now < super.reap_at)
		t = earlier(t, super.reap_at);
	if (must_rest())
		t = earlier(t, super.worked_until - owed_ns);
	for (int i = 0; i < 2; i++) {
		t = earlier(t, super.stream[i].hold_until);
		if (super.now < super.stream[i].rest_until)
			t = earlier(t, super.stream[i].rest_until);
	}
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		if (super.client[i].behind)
			t = earlier(t, earlier(super.client[i].patience, super.drain_until));
	return t;
}

static void sleep_until(struct pollfd p[POLL_COUNT], uint64_t deadline)
{
	uint64_t rest = deadline > super.now ? deadline - super.now : 0;
	struct timespec t = {(time_t)(rest / SECOND), (long)(rest % SECOND)};

	if (ppoll(p, POLL_COUNT, deadline == NEVER ? NULL : &t, NULL) < 0)
		for (int i = 0; i < POLL_COUNT; i++)
			p[i].revents = 0;
	super.now = monotonic();
}

static void turn(void)
{
	struct pollfd p[POLL_COUNT];

	interest(p);
	sleep_until(p, super.dead && !clients_behind() ? 0 : next_deadline());
	if (super.now >= super.kill_at)
		payload_kill();
	if (p[POLL_GUARD].revents)
		guard_reap();
	if (super.now >= super.guard_at)
		guard_start();
	if (super.now >= super.log.tell_at) {
		tails_log();
		log_tell_loss(&super.log);
	}
	if (p[POLL_PIDFD].revents)
		payload_reap();
	if (p[POLL_LISTEN].revents)
		clients_accept();
	if (p[POLL_STDIN].revents)
		input_push();
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		client_serve(&super.client[i], p[POLL_CLIENT + i].revents);
	for (unsigned i = 0; i < 2; i++) {
		unsigned which = (super.turn + i) & 1; /* neither stream can starve the other */
		stream_serve(&super.stream[which], p[POLL_STREAM + which].revents);
	}
	super.turn++;
}

static void exit_record(void)
{
	char text[32], *p = text;
	struct timespec now;

	if (super.status == UNKNOWN)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	p = put_number(p, (uint64_t)super.status, 1);
	*p++ = '\n';
	p = put_number(p, (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec, 1);
	*p++ = '\n';
	/* There is nobody to tell, and nobody else who knows: what fails for the moment is tried again. */
	for (int tries = 0; tries < 10; tries++) {
		if (pwrite(super.exit, text, (size_t)(p - text), 0) == p - text)
			return;
		poll(NULL, 0, 10);
	}
}

static void serve(void)
{
	clients_accept();
	if (super.ready >= 0)
		(void)!write(super.ready, "", 1);
	fd_close(&super.ready);
	while (!super.dead || streams_open() || clients_behind())
		turn();
	tails_log();
	for (int i = 0; i < 2; i++)
		line_flush(&super.stream[i]);
	log_flush(&super.log);
	log_tell_loss(&super.log);
	if (super.log.dirfd >= 0 && super.log.fd < 0)
		log_open(&super.log);
	exit_record();
	clients_accept();
	super.out[1] = (char)super.status;
	if (super.status != UNKNOWN)
		clients_send(ATTACH_EXIT, 1);
	while (clients_behind())
		turn();
}

/* Start and end */

/* By the kernel's own call: the C library keeps 32 to 34 for itself, of which 34 is SIGRTMIN to
 * those that send it. */
static void signal_set(int sig, void (*handler)(int))
{
	struct {
		void (*handler)(int);
		unsigned long flags, restorer, mask[2];
	} action = {.handler = handler};

	syscall(SYS_rt_sigaction, sig, &action, NULL, sizeof(uint64_t));
}

static void signals_set(void (*handler)(int))
{
	uint64_t none = 0;

	/* Ignored for a moment only, the kernel would reap a PID 1 that ends then in our place. */
	for (int sig = 1; sig < NSIG; sig++)
		signal_set(sig, sig == SIGCHLD ? SIG_DFL : handler);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
}

static void oom_score_protect(void)
{
	int fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read(fd, super.oom_score, sizeof(super.oom_score) - 1) > 0)
		(void)pwrite(fd, "-999", 4, 0);
	close(fd);
}

/* CLEANUP may start the container again. */
static void oom_score_restore(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)write(fd, super.oom_score, strlen(super.oom_score));
	close(fd);
}

static void detach_from_caller(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	(void)chdir("/");
	for (int fd = 0; fd < FIRST_FD && null >= 0; fd++)
		dup2(null, fd);
	if (null >= FIRST_FD)
		close(null);
	super.null = null < 0 ? -1 : STDOUT_FILENO;
	syscall(SYS_close_range, FIRST_FD, ~0U, CLOSE_RANGE_CLOEXEC);
	fcntl(super.lock, F_SETFD, 0);
	signals_set(SIG_IGN);
	oom_score_protect();
}

static int nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static int usage(const char *what, const char *why)
{
	const char *part[] = {"ctr-supervisor: ", what, ": ", why, "\n"};
	struct iovec iov[5];

	if (super.ready >= 0) {
		part[4] = "";
		part[0] = "\1ctr-supervisor: ";
	}
	for (int i = 0; i < 5; i++)
		iov[i] = (struct iovec){(char *)part[i], strlen(part[i])};
	(void)writev(super.ready >= 0 ? super.ready : STDERR_FILENO, iov, 5);
	return -1;
}

static const struct option {
	const char *name;
	int *fd;
	uint64_t *number;
	bool required;
} option_table[] = {
	{"--pid", NULL, &super.pid, true},
	{"--pidfd", &super.pidfd, NULL, true},
	{"--listen", &super.listen, NULL, true},
	{"--exit", &super.exit, NULL, true},
	{"--lock", &super.lock, NULL, true},
	{"--tty", &super.tty, NULL, false},
	{"--stdin", &super.in_fd, NULL, false},
	{"--stdout", &super.out_fd, NULL, false},
	{"--stderr", &super.err_fd, NULL, false},
	{"--log-dir", &super.log_dir, NULL, false},
	{"--log-max", NULL, &super.log_max, false},
	{"--log-rate", NULL, &super.log_rate, false},
	{"--ready", &super.ready, NULL, false},
	{"--timeout-ns", NULL, &super.timeout, false},
};
enum { OPTIONS = sizeof(option_table) / sizeof(*option_table) };

static int option_read(const char *name, const char *value)
{
	for (int i = 0; i < OPTIONS; i++) {
		const struct option *o = &option_table[i];
		uint64_t n;

		if (strcmp(o->name, name) != 0)
			continue;
		if (number_parse(value, o->fd ? INT32_MAX : INT64_MAX, &n) < 0)
			return usage(name, "needs a number");
		if (o->number)
			*o->number = n;
		else
			*o->fd = (int)n;
		if (o->fd && (n < FIRST_FD || fcntl((int)n, F_GETFD) < 0))
			return usage(name, "is not an open descriptor above 2");
		return 0;
	}
	return usage(name, "unknown option");
}

static int options_check(void)
{
	bool pipes = super.out_fd >= 0 && super.err_fd >= 0;

	for (int i = 0; i < OPTIONS; i++) {
		const struct option *o = &option_table[i];
		if (o->required && (o->fd ? *o->fd < 0 : !*o->number))
			return usage(o->name, "is missing");
	}
	if (super.tty >= 0 ? super.in_fd >= 0 || super.out_fd >= 0 || super.err_fd >= 0 : !pipes)
		return usage("--tty", "either this, or --stdout and --stderr");
	if (super.log_dir >= 0 && super.log_max < LOG_MAX_LEAST)
		return usage("--log-max", "at least 16384");
	return 0;
}

static int options_parse(char **argv)
{
	char **arg = argv + 1;

	for (int i = 0; i < OPTIONS; i++)
		if (option_table[i].fd)
			*option_table[i].fd = -1;
	for (; *arg && strcmp(*arg, "--") != 0; arg += 2)
		if (option_read(arg[0], arg[1]) < 0)
			return -1;
	if (*arg && arg[1])
		super.cleanup = arg + 1;
	return options_check();
}

static int payload_check(void)
{
	siginfo_t end;

	if (waitid(P_PID, (id_t)super.pid, &end, WEXITED | WNOHANG | WNOWAIT) < 0)
		return usage("--pid", "is not a child of this process");
	return 0;
}

static int descriptors_prepare(void)
{
	if (nonblocking(super.listen) < 0)
		return usage("--listen", "cannot be made non-blocking");
	if (super.tty >= 0)
		super.in_fd = super.out_fd = super.tty;
	if (nonblocking(super.out_fd) < 0 || (super.in_fd >= 0 && nonblocking(super.in_fd) < 0) ||
		(super.err_fd >= 0 && nonblocking(super.err_fd) < 0))
		return usage("--stdout", "cannot be made non-blocking");
	return 0;
}

static void state_prepare(void)
{
	static char tail[2][TAIL_ROOM];

	super.tty_peer = super.self = super.guard = -1;
	super.now = super.guard_at = monotonic();
	super.kill_at = super.timeout ? super.now + super.timeout : NEVER;
	super.drain_until = NEVER;
	super.log = (struct log){.dirfd = super.log_dir,
		.fd = -1,
		.max = super.log_max,
		.rate = super.log_rate,
		.tell_at = NEVER,
		.second = -1};
	if (super.log_rate)
		super.log.burst_ns = (1 + earlier(super.log_max / super.log_rate, 1 << 30)) *
				     SECOND;
	/* Even if nothing will be written: a log that is there says that there is one. */
	if (super.log_dir >= 0)
		log_open(&super.log);
	super.stream[0].fd = super.out_fd;
	super.stream[1].fd = super.err_fd;
	super.stream[0].tail.buf = tail[0];
	super.stream[1].tail.buf = tail[1];
	super.stream[0].kind = ATTACH_OUT;
	super.stream[1].kind = ATTACH_ERR;
	super.stream[0].hold_until = super.stream[1].hold_until = NEVER;
	for (int i = 0; i < ATTACH_CLIENTS_MAX; i++)
		super.client[i].fd = -1;
	if (super.tty >= 0)
		tty_hold();
}

static _Noreturn void finish(void)
{
	guard_end();
	oom_score_restore();
	signals_set(SIG_DFL);
	if (super.cleanup)
		execv(super.cleanup[0], super.cleanup);
	_exit(super.cleanup ? ERR_STATUS_OURS : 0);
}

int main(int argc, char **argv)
{
	(void)argc;
	if (options_parse(argv) < 0 || payload_check() < 0 || descriptors_prepare() < 0)
		return ERR_STATUS_OURS;
	detach_from_caller();
	state_prepare();
	serve();
	finish();
}
