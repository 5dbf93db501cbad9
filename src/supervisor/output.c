#include "supervisor/output.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	DRAIN_BYTES = 1 << 20, /* read after PID 1's death, where others still hold its pipes */
	WORK_SHARE = 20,       /* one part of so many of a CPU */
	WORK_SHARE_CLIENTS = 2,
	SMALL_BYTES = 1024,
};

static const uint64_t hangup_ns = 200 * MS_NS; /* rest after a hang-up of the terminal */
static const uint64_t gather_ns = 2 * MS_NS;   /* for what comes in small pieces */

bool output_open(const struct output *o)
{
	return o->of[0].fd >= 0 || o->of[1].fd >= 0;
}

static void stream_end(struct output *o, unsigned which, uint64_t now)
{
	lines_flush(o->lines, which, now);
	o->of[which].fd = -1;
}

static void stream_fail(struct output *o, unsigned which, ssize_t n, uint64_t now)
{
	if (n < 0 && (errno == EAGAIN || errno == EINTR) && !o->ending)
		return;
	if (o->of[which].fd != o->terminal->fd || o->ending) {
		stream_end(o, which, now);
		return;
	}
	terminal_hold(o->terminal);
	o->of[which].rest_until = now + hangup_ns;
}

/* Throws away what is in a pipe that nobody reads; only its end is noticed. */
static void stream_skip(struct output *o, unsigned which)
{
	int fd = o->of[which].fd, waiting;
	ssize_t n;

	if (o->null < 0 || fd == o->terminal->fd || clients_any(o->clients) ||
		ioctl(fd, FIONREAD, &waiting) < 0 || waiting <= TAIL_BYTES)
		return;
	n = splice(fd, NULL, o->null, NULL, (size_t)waiting - TAIL_BYTES, SPLICE_F_NONBLOCK);
	if (n > 0)
		lines_skip(o->lines, which, (uint64_t)n);
}

static void stream_read(struct output *o, unsigned which, uint64_t now)
{
	struct stream *s = &o->of[which];
	const struct log *log = o->lines->log;
	char *data = o->clients->out + 1;
	ssize_t n;

	if (log_is_quiet(log, now) && !o->ending)
		stream_skip(o, which);
	n = read(s->fd, data, ATTACH_DATA_MAX);
	if (n <= 0) {
		stream_fail(o, which, n, now);
		return;
	}
	lines_add(o->lines, which, data, (unsigned)n, now);
	if (s->fd == o->terminal->fd)
		clients_replay(o->clients, data, (unsigned)n);
	clients_send(o->clients, which == LOGFILE_STDOUT ? ATTACH_OUT : ATTACH_ERR, (unsigned)n,
		now);
	if (n < SMALL_BYTES && o->work.paid_until > now && !log_is_quiet(log, now))
		s->rest_until = now + gather_ns;
	if (o->ending && (o->drained += (unsigned)n) > DRAIN_BYTES)
		stream_end(o, which, now);
}

static void output_pay(struct output *o, uint64_t now)
{
	work_pay(&o->work, clients_any(o->clients) ? WORK_SHARE_CLIENTS : WORK_SHARE, now);
	if (o->work.paid_until > now + LOG_QUIET_NS)
		log_pause(o->lines->log, o->work.paid_until - LOG_QUIET_NS, now);
}

void output_serve(struct output *o, const struct pollfd p[2], uint64_t now)
{
	for (unsigned i = 0; i < 2; i++) {
		unsigned which = (o->turn + i) & 1; /* neither stream can starve the other */

		if (o->of[which].fd < 0 || !(p[which].revents || o->ending) ||
			clients_behind(o->clients))
			continue;
		stream_read(o, which, now);
		output_pay(o, now);
	}
	o->turn++;
}

void output_poll(const struct output *o, struct pollfd p[2], uint64_t now)
{
	bool none = clients_behind(o->clients) || now < work_rest_until(&o->work);

	for (int i = 0; i < 2; i++)
		p[i] = (struct pollfd){none || now < o->of[i].rest_until ? -1 : o->of[i].fd, POLLIN,
			0};
}

uint64_t output_deadline(const struct output *o, uint64_t now)
{
	const uint64_t rest[] = {work_rest_until(&o->work), o->of[0].rest_until,
		o->of[1].rest_until};
	uint64_t t = NEVER;

	for (int i = 0; i < 3; i++)
		if (now < rest[i])
			t = earlier(t, rest[i]);
	return t;
}
