#include "base/pump.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

/* musl has these from 1.2.5. */
#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

enum {
	BUFFER_SIZE = 256 << 10,
	PIPE_SIZE = 64 << 10, /* as made */
	PIPE_GROWN = 1 << 20,
	GUARD_US = 20000
};

static void wake(int sig)
{
	(void)sig;
}

static void guard(bool on)
{
	const struct itimerval t = {{0, on ? GUARD_US : 0}, {0, on ? GUARD_US : 0}};

	setitimer(ITIMER_REAL, &t, NULL);
}

/* What others read and write too may block although poll(2) saw it ready, and O_NONBLOCK would be theirs
 * as well. Where the kernel does not take RWF_NOWAIT (of pipes it does since 6.5) the call is interrupted,
 * again and again, as the first time may be before it began. */
static ssize_t unwaited(bool out, int fd, char *buf, size_t n)
{
	const struct iovec v = {buf, n};
	ssize_t r = syscall(out ? SYS_pwritev2 : SYS_preadv2, fd, &v, 1, -1L, -1L, RWF_NOWAIT);
	int e;

	if (r >= 0 || (errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS))
		return r;
	guard(true);
	r = out ? write(fd, buf, n) : read(fd, buf, n);
	e = errno;
	guard(false);
	errno = e;
	return r;
}

static int init(struct pump *p, int from, int to, bool outwards)
{
	const int ours = outwards ? from : to, theirs = outwards ? to : from;
	struct stat st = {0};

	*p = (struct pump){.from = from, .to = to, .outwards = outwards, .left = UINT64_MAX};
	if (fcntl(ours, F_SETFL, O_NONBLOCK) < 0)
		return -1;
	if (fstat(theirs, &st) < 0)
		st.st_mode = 0; /* then reading or writing says why */
	p->is_socket = S_ISSOCK(st.st_mode);
	p->may_block = !S_ISSOCK(st.st_mode) && !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode);
	if (p->may_block)
		sigaction(SIGALRM, &(struct sigaction){.sa_handler = wake}, NULL);
	return 0;
}

int pump_out(struct pump *p, int from, int to)
{
	return init(p, from, to, true);
}

int pump_in(struct pump *p, int from, int to)
{
	return init(p, from, to, false);
}

void pump_close(struct pump *p)
{
	if (p->over)
		return;
	close(p->outwards ? p->from : p->to);
	free(p->buf);
	p->buf = NULL;
	p->over = true;
}

static void fail(struct pump *p, int error)
{
	p->error = error;
	pump_close(p);
}

void pump_bound(struct pump *p)
{
	int held;

	if (!p->over && ioctl(p->from, FIONREAD, &held) == 0) {
		p->left = (uint64_t)held;
		p->bounded = true;
	}
}

bool pump_is_over(struct pump *p)
{
	int held;

	/* Others may have read what there was to come. */
	if (!p->over && p->bounded && !p->len && ioctl(p->from, FIONREAD, &held) == 0 && held == 0)
		pump_close(p);
	return p->over;
}

void pump_poll(const struct pump *p, struct pollfd ret[2])
{
	/* Not asked about, a pipe without writers would answer all the same, at once. */
	ret[0] = (struct pollfd){p->over || p->wants_room ? -1 : p->from, POLLIN, 0};
	ret[1] = (struct pollfd){p->over ? -1 : p->to, p->wants_room ? POLLOUT : 0, 0};
}

static bool for_later(int error)
{
	return error == EAGAIN || error == EINTR;
}

/* Between two processes a third makes more switches than it is worth, unless each of them has more to do at
 * a time: once it is clear that much is coming. Who has chosen a size keeps it, and a user may be refused
 * another. */
static void grow(struct pump *p)
{
	const int ends[] = {p->from, p->to};

	if (p->grown || UINT64_MAX - p->left < PIPE_GROWN)
		return;
	p->grown = true;
	for (size_t i = 0; i < 2; i++)
		if (fcntl(ends[i], F_GETPIPE_SZ) == PIPE_SIZE)
			fcntl(ends[i], F_SETPIPE_SZ, PIPE_GROWN);
}

static ssize_t take(struct pump *p, size_t max)
{
	if (p->outwards || !(p->is_socket || p->may_block))
		return read(p->from, p->buf, max);
	return p->is_socket ? recv(p->from, p->buf, max, MSG_DONTWAIT)
			    : unwaited(false, p->from, p->buf, max);
}

static ssize_t put(struct pump *p)
{
	char *from = p->buf + p->at;

	if (!p->outwards || !(p->is_socket || p->may_block))
		return write(p->to, from, p->len);
	return p->is_socket ? send(p->to, from, p->len, MSG_DONTWAIT | MSG_NOSIGNAL)
			    : unwaited(true, p->to, from, p->len);
}

static void fill(struct pump *p)
{
	ssize_t n;

	if (!p->buf && !(p->buf = malloc(BUFFER_SIZE))) {
		fail(p, ENOMEM);
		return;
	}
	n = take(p, p->left < BUFFER_SIZE ? (size_t)p->left : BUFFER_SIZE);
	if (n < 0 && for_later(errno))
		return;
	/* A terminal that is gone, or another's, is an end like any. */
	if (n < 0 && (errno != EIO || p->outwards))
		p->error = errno;
	p->no_more = n <= 0;
	p->at = 0;
	p->len = n > 0 ? (size_t)n : 0;
	p->left -= p->len;
}

static void drain(struct pump *p)
{
	ssize_t n = put(p);

	if (n < 0 && !for_later(errno)) {
		fail(p, errno == EPIPE ? 0 : errno);
		return;
	}
	if (n > 0) {
		grow(p);
		p->at += (size_t)n;
		p->len -= (size_t)n;
	}
	p->wants_room = p->len;
}

static void copy(struct pump *p)
{
	if (!p->len)
		fill(p);
	if (!p->over && p->len)
		drain(p);
}

void pump_serve(struct pump *p, const struct pollfd polled[2])
{
	if (p->over)
		return;
	if (polled[1].revents & (POLLERR | POLLHUP | POLLNVAL)) {
		fail(p, polled[1].revents & POLLNVAL ? EBADF : 0);
		return;
	}
	if (polled[0].revents || polled[1].revents)
		copy(p);
	if (!p->len && (p->no_more || !p->left))
		pump_close(p);
}
