#include "supervisor/log.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/pace.h"
#include "base/puttext.h"

#include <fcntl.h>
#include <stdio.h> /* renameat */
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static void log_open(struct log *l)
{
	struct stat st;

	l->fd = openat(l->dirfd, "log",
		O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	l->size = l->fd >= 0 && fstat(l->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	l->before = l->fd >= 0 ? logfile_before(l->fd) : 0;
}

void log_start(struct log *l, int dirfd, uint64_t max, uint64_t rate)
{
	*l = (struct log){.dirfd = dirfd,
		.fd = -1,
		.max = max,
		.rate = rate,
		.tell_at = NEVER,
		.second = -1};
	if (rate)
		l->burst_ns = (1 + earlier(max / rate, 1 << 30)) * SECOND_NS;
	if (dirfd >= 0)
		log_open(l);
}

static void log_rotate(struct log *l)
{
	uint64_t before = l->before + l->size;
	char text[24];

	if (renameat(l->dirfd, "log", l->dirfd, "log.1") < 0)
		return;
	fd_forget(&l->fd);
	log_open(l);
	if (l->fd < 0 || l->size)
		return;
	/* Where there are no attributes, a reader does not know what it has missed. */
	*put_number(text, before, 1) = '\0';
	(void)!fsetxattr(l->fd, LOGFILE_BEFORE_XATTR, text, strlen(text), 0);
	l->before = before;
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
	(void)!ftruncate(l->fd, (off_t)l->size);
	return false;
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

static char *put_header(struct log *l, char *p, struct timespec t, enum logfile_stream stream,
	bool full)
{
	if (t.tv_sec != l->second)
		log_date(l, t.tv_sec);
	memcpy(p, l->date, sizeof(l->date));
	p = put_number(p + sizeof(l->date), (uint64_t)t.tv_nsec, 9);
	p = put_text(p, stream == LOGFILE_STDOUT ? "Z stdout " : "Z stderr ");
	return put_text(p, full ? "F " : "P ");
}

static bool log_tell(struct log *l, uint64_t n, const char *what)
{
	char text[LOG_HEADER + 96], *p;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	p = put_header(l, text, now, LOGFILE_STDERR, true);
	p = put_text(p, "[ctr-supervisor: ");
	p = put_number(p, n, 1);
	p = put_text(p, what);
	return log_write(l, text, (unsigned)(p - text));
}

bool log_is_quiet(const struct log *l, uint64_t now)
{
	return now < l->quiet_until;
}

void log_tell_loss(struct log *l, uint64_t now)
{
	if (l->lost && log_tell(l, l->lost, " records could not be written]\n"))
		l->lost = 0;
	if (l->skipped && !l->lost &&
		log_tell(l, l->skipped, " bytes above --log-rate are not here]\n"))
		l->skipped = 0;
	l->tell_at = l->lost || l->skipped  ? now + LOG_QUIET_NS
		     : log_is_quiet(l, now) ? l->quiet_until
					    : NEVER;
}

void log_pause(struct log *l, uint64_t paid_until, uint64_t now)
{
	if (l->rate && paid_until > now && !log_is_quiet(l, now))
		l->quiet_until = l->tell_at = paid_until + LOG_QUIET_NS;
}

static void log_pay(struct log *l, unsigned len, uint64_t now)
{
	if (l->rate)
		pace_pay(&l->paid_until, len * SECOND_NS / l->rate, l->burst_ns, now);
	log_pause(l, l->paid_until, now);
}

void log_flush(struct log *l, uint64_t now)
{
	if (!l->used)
		return;
	if (l->lost || l->skipped)
		log_tell_loss(l, now);
	if (l->lost || !log_write(l, l->buf, l->used)) {
		l->lost += l->records;
		if (l->tell_at == NEVER)
			l->tell_at = now + LOG_QUIET_NS;
	}
	log_pay(l, l->used, now);
	l->used = l->records = 0;
}

void log_record(struct log *l, struct timespec time, enum logfile_stream stream, bool full,
	const char *text, unsigned len, uint64_t now)
{
	char *p;

	if (l->dirfd < 0)
		return;
	if (l->used + LOG_HEADER + len + 1 > LOG_BYTES)
		log_flush(l, now);
	p = put_header(l, l->buf + l->used, time, stream, full);
	memcpy(p, text, len);
	p[len] = '\n';
	l->used = (unsigned)(p + len + 1 - l->buf);
	l->records++;
}

void log_recover(struct log *l)
{
	struct stat st;

	l->used = l->records = 0;
	l->second = -1;
	/* What was being written, and is not in the count yet. */
	if (l->fd >= 0 && fstat(l->fd, &st) == 0 && (uint64_t)st.st_size > l->size)
		(void)!ftruncate(l->fd, (off_t)l->size);
}

void log_finish(struct log *l, uint64_t now)
{
	log_tell_loss(l, now);
	if (l->dirfd >= 0 && l->fd < 0)
		log_open(l);
}
