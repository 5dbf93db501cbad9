#include "base/pump.h"

#include "base/unwaited.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BUFFER_SIZE = 256 << 10,
	PIPE_SIZE = 64 << 10, /* as made */
	PIPE_GROWN = 1 << 20,
	TERMINAL_HOLDS = 128 << 10 /* 64 kB on its way, 4 kB to be read, and some */
};

static int init(struct pump *p, int from, int to, bool outwards)
{
	*p = (struct pump){.from = from, .to = to, .outwards = outwards, .left = UINT64_MAX};
	return fcntl(outwards ? from : to, F_SETFL, O_NONBLOCK);
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

	if (p->over || ioctl(p->from, FIONREAD, &held) < 0)
		return;
	/* FIONREAD of a terminal does not count what is still on its way. */
	p->left = isatty(p->from) ? TERMINAL_HOLDS : (uint64_t)held;
	p->bounded = true;
}

bool pump_is_over(struct pump *p)
{
	struct pollfd held = {p->from, POLLIN, 0};

	/* Others may have read what there was to come. */
	if (!p->over && p->bounded && !p->len && poll(&held, 1, 0) >= 0 && !(held.revents & POLLIN))
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
	return p->outwards ? read(p->from, p->buf, max) : unwaited_read(p->from, p->buf, max);
}

static ssize_t put(struct pump *p)
{
	const char *from = p->buf + p->at;

	return p->outwards ? unwaited_write(p->to, from, p->len) : write(p->to, from, p->len);
}

/* Whether this error of a terminal means that it is gone, or belongs to another session by now. */
static bool is_an_end(const struct pump *p, int error)
{
	struct stat st;

	/* isatty(3) is false of one that has hung up. */
	return error == EIO && fstat(p->from, &st) == 0 && S_ISCHR(st.st_mode);
}

static void fill(struct pump *p)
{
	ssize_t n;
	int e;

	if (!p->buf && !(p->buf = malloc(BUFFER_SIZE))) {
		fail(p, ENOMEM);
		return;
	}
	n = take(p, p->left < BUFFER_SIZE ? (size_t)p->left : BUFFER_SIZE);
	e = errno;
	if (n < 0 && for_later(e))
		return;
	if (n < 0 && !is_an_end(p, e))
		p->error = e;
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
	/* Hung up and nothing to be read: as for most payloads, at both of their streams. */
	if (p->outwards && !p->len && polled[0].revents == POLLHUP)
		p->no_more = true;
	else if (polled[0].revents || polled[1].revents)
		copy(p);
	if (!p->len && (p->no_more || !p->left))
		pump_close(p);
}
