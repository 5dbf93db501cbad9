#include "console/logfile.h"

#include "base/escapes.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

enum {
	BUFFER_BYTES = 65536, /* far longer than any record: a longer line is damage */
	QUIET_MS = 100,       /* after the end, the writer has said its last */
	OPEN_TRIES = 16,
};

#define NS UINT64_C(1000000000)

/* Parsing */

static int digits(const char **s, const char *end, int count, unsigned *ret)
{
	unsigned n = 0;

	if (end - *s < count)
		return -1;
	for (; count; count--, (*s)++) {
		unsigned d = (unsigned)(**s - '0');
		if (d > 9)
			return -1;
		n = n * 10 + d;
	}
	*ret = n;
	return 0;
}

static int literal(const char **s, const char *end, char c)
{
	if (*s == end || **s != c)
		return -1;
	(*s)++;
	return 0;
}

static bool leap(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static unsigned days_in(unsigned year, unsigned month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return days[month - 1] + (month == 2 && leap(year));
}

static uint64_t days_since_1970(unsigned year, unsigned month, unsigned day)
{
	uint64_t before = year - 1;
	uint64_t days = before * 365 + before / 4 - before / 100 + before / 400 - 719162;

	for (unsigned m = 1; m < month; m++)
		days += days_in(year, m);
	return days + day - 1;
}

static int parse_date(const char **s, const char *end, uint64_t *ret_seconds)
{
	unsigned y, m, d;

	if (digits(s, end, 4, &y) < 0 || literal(s, end, '-') < 0 || digits(s, end, 2, &m) < 0 ||
		literal(s, end, '-') < 0 || digits(s, end, 2, &d) < 0)
		return -1;
	if (y < 1970 || y > 2261 || m < 1 || m > 12 || d < 1 || d > days_in(y, m))
		return -1;
	*ret_seconds = days_since_1970(y, m, d) * 86400;
	return 0;
}

static int parse_clock(const char **s, const char *end, uint64_t *ret_seconds)
{
	unsigned h, m, sec;

	if (digits(s, end, 2, &h) < 0 || literal(s, end, ':') < 0 || digits(s, end, 2, &m) < 0 ||
		literal(s, end, ':') < 0 || digits(s, end, 2, &sec) < 0)
		return -1;
	if (h > 23 || m > 59 || sec > 60)
		return -1;
	*ret_seconds = (h * 60 + m) * 60 + sec;
	return 0;
}

static int parse_fraction(const char **s, const char *end, uint64_t *ret_ns)
{
	uint64_t unit = NS / 10, ns = 0;
	unsigned d;

	if (literal(s, end, '.') == 0) {
		if (digits(s, end, 1, &d) < 0)
			return -1;
		do {
			ns += d * unit;
			unit /= 10;
		} while (unit && digits(s, end, 1, &d) == 0);
	}
	*ret_ns = ns;
	return 0;
}

/* Seconds east of Greenwich. */
static int parse_zone(const char **s, const char *end, int64_t *ret)
{
	bool west = *s < end && **s == '-';
	unsigned h, m;

	*ret = 0;
	if (literal(s, end, 'Z') == 0)
		return 0;
	if (literal(s, end, west ? '-' : '+') < 0 || digits(s, end, 2, &h) < 0 ||
		literal(s, end, ':') < 0 || digits(s, end, 2, &m) < 0 || h > 23 || m > 59)
		return -1;
	*ret = (int64_t)(h * 60 + m) * 60 * (west ? -1 : 1);
	return 0;
}

int logfile_parse_time(const char *s, size_t len, uint64_t *ret_ns)
{
	const char *end = s + len;
	uint64_t date, clock, ns;
	int64_t zone, seconds;

	if (parse_date(&s, end, &date) < 0 || literal(&s, end, 'T') < 0 ||
		parse_clock(&s, end, &clock) < 0 || parse_fraction(&s, end, &ns) < 0 ||
		parse_zone(&s, end, &zone) < 0 || s != end)
		return -1;
	seconds = (int64_t)(date + clock) - zone;
	if (seconds < 0)
		return -1;
	*ret_ns = (uint64_t)seconds * NS + ns;
	return 0;
}

int logfile_parse(const char *line, size_t len, struct logfile_record *ret)
{
	const char *space = memchr(line, ' ', len), *end = line + len;
	struct logfile_record r = {.time = line};

	if (!space)
		return -1;
	r.time_len = (size_t)(space - line);
	if (logfile_parse_time(line, r.time_len, &r.time_ns) < 0)
		return -1;
	r.text = space + sizeof(" stdout F ") - 1;
	if (r.text > end)
		return -1;
	if (memcmp(space, " stderr ", 8) == 0)
		r.stream = LOGFILE_STDERR;
	else if (memcmp(space, " stdout ", 8) != 0)
		return -1;
	if ((space[8] != 'F' && space[8] != 'P') || space[9] != ' ')
		return -1;
	r.full = space[8] == 'F';
	r.text_len = (size_t)(end - r.text);
	*ret = r;
	return 0;
}

/* Printing */

struct printer {
	const struct logfile_options *o;
	uint64_t skip;  /* lines of the beginning that tail leaves out */
	uint64_t lines; /* ended so far */
	uint64_t damaged;
	bool inside[2]; /* a line of that stream has begun and not ended */
	struct escapes escapes[2];
};

typedef int (*record_fn)(struct printer *p, const struct logfile_record *r);

static int stream_fd(const struct printer *p, const struct logfile_record *r)
{
	return r->stream == LOGFILE_STDOUT ? p->o->stdout_fd : p->o->stderr_fd;
}

static bool wanted(const struct printer *p, const struct logfile_record *r)
{
	const struct logfile_options *o = p->o;

	return stream_fd(p, r) >= 0 && (!o->since_ns || r->time_ns >= o->since_ns) &&
	       (!o->until_ns || r->time_ns <= o->until_ns);
}

/* A piece without an end yet counts as a line only through its end, or at the end of the log. */
static int record_count(struct printer *p, const struct logfile_record *r)
{
	p->lines += r->full;
	p->inside[r->stream] = !r->full;
	return 0;
}

static int record_print(struct printer *p, const struct logfile_record *r)
{
	bool shown = p->lines >= p->skip, begins = !p->inside[r->stream];
	int fd = stream_fd(p, r);

	p->lines += r->full;
	p->inside[r->stream] = !r->full;
	if (!shown)
		return 0;
	if (p->o->timestamps && begins &&
		(fd_write_all(fd, r->time, r->time_len) < 0 || fd_write_all(fd, " ", 1) < 0))
		return -1;
	/* In the record, the newline lies behind the text. */
	if (r->stream == LOGFILE_STDOUT ? p->o->clean_stdout : p->o->clean_stderr)
		return escapes_write(&p->escapes[r->stream], fd, r->text, r->text_len + r->full);
	return fd_write_all(fd, r->text, r->text_len + r->full);
}

struct reader {
	int fd;
	int next;      /* what was written after it, if that is known already, or -1 */
	bool overlong; /* inside a line that does not fit */
	size_t used;
	char buf[BUFFER_BYTES];
};

static int line_take(struct printer *p, record_fn fn, const char *line, size_t len)
{
	struct logfile_record r;

	if (logfile_parse(line, len, &r) < 0)
		p->damaged++;
	else if (wanted(p, &r))
		return fn(p, &r);
	return 0;
}

/* Hands on the whole lines of the buffer and keeps the rest. */
static int lines_take(struct reader *rd, struct printer *p, record_fn fn)
{
	char *line = rd->buf, *end = rd->buf + rd->used, *newline;

	while ((newline = memchr(line, '\n', (size_t)(end - line)))) {
		if (rd->overlong)
			p->damaged++;
		else if (line_take(p, fn, line, (size_t)(newline - line)) < 0)
			return -1;
		rd->overlong = false;
		line = newline + 1;
	}
	rd->used = (size_t)(end - line);
	if (rd->used == BUFFER_BYTES) {
		rd->overlong = true;
		rd->used = 0;
	}
	memmove(rd->buf, line, rd->used);
	return 0;
}

/* Files: each function of this part returns -1 with err, or a descriptor, or ABSENT. */

enum { ABSENT = -2 };

static int log_open(int dirfd, const char *name, struct stat *ret, struct err *err)
{
	autofd int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? ABSENT : err_sys(err, "cannot open the log \"%s\"", name);
	if (fstat(fd, ret) < 0)
		return err_sys(err, "cannot examine the log \"%s\"", name);
	if (!S_ISREG(ret->st_mode))
		return err_set(err, "the log \"%s\" is not a regular file", name);
	return take_fd(&fd);
}

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* What was written after the file behind `now` (a descriptor, or ABSENT for the very beginning):
 * ABSENT if nothing yet. `log` is looked at first: a rotation in between is seen at `log.1`. */
static int log_next(int dirfd, int now, struct err *err)
{
	for (int i = 0; i < OPEN_TRIES; i++) {
		struct stat mine = {0}, st, older_st, again;
		autofd int log = log_open(dirfd, "log", &st, err);
		if (log == -1)
			return -1;
		if (now >= 0 && fstat(now, &mine) < 0)
			return err_sys(err, "cannot examine the log");
		if (now >= 0 && log >= 0 && same(&mine, &st))
			return ABSENT;
		autofd int older = log_open(dirfd, "log.1", &older_st, err);
		if (older == -1)
			return -1;
		if (log >= 0 && (fstatat(dirfd, "log", &again, AT_SYMLINK_NOFOLLOW) < 0 ||
					!same(&st, &again)))
			continue; /* rotated between the two */
		if (older >= 0 && !(now >= 0 && same(&mine, &older_st)))
			return take_fd(&older);
		return take_fd(&log);
	}
	return err_set(err, "the log is rotated faster than it can be read");
}

/* What is read is where the file that was read begins, and its size. */
static void tell_loss(const struct reader *rd, const struct printer *p, int next)
{
	off_t read = lseek(rd->fd, 0, SEEK_CUR);
	uint64_t here = logfile_before(rd->fd) + (read > 0 ? (uint64_t)read : 0);
	uint64_t there = logfile_before(next);

	if (p->o->lost && there > here)
		p->o->lost(p->o->arg, there - here);
}

static void reader_switch(struct reader *rd, struct printer *p, record_fn fn, int fd)
{
	if (rd->fd >= 0 && fn == record_print)
		tell_loss(rd, p, fd);
	if (rd->fd >= 0)
		close(rd->fd);
	p->damaged += rd->used || rd->overlong; /* the end of a file is the end of a record */
	*rd = (struct reader){.fd = fd, .next = -1};
}

/* Printing can take long. What is open by then does not go when the log is rotated once more. */
static int file_take(struct reader *rd, int dirfd, struct printer *p, record_fn fn, struct err *err)
{
	for (;;) {
		ssize_t n = read(rd->fd, rd->buf + rd->used, BUFFER_BYTES - rd->used);

		if (n < 0)
			return err_sys(err, "cannot read the log");
		if (n == 0)
			return 0;
		if (rd->next < 0 && (rd->next = log_next(dirfd, rd->fd, err)) == -1)
			return -1;
		rd->used += (size_t)n;
		if (lines_take(rd, p, fn) < 0)
			return err_sys(err, "cannot print the log");
	}
	return 0;
}

/* Reads all there is: this file to its end, then the ones after it. */
static int chain_take(struct reader *rd, int dirfd, struct printer *p, record_fn fn,
	struct err *err)
{
	for (;;) {
		if (rd->fd >= 0 && file_take(rd, dirfd, p, fn, err) < 0)
			return -1;
		if (rd->next < 0 && (rd->next = log_next(dirfd, rd->fd, err)) == -1)
			return -1;
		if (rd->next == ABSENT)
			return 0;
		/* What came between the last read and the rotation. */
		if (rd->fd >= 0 && file_take(rd, dirfd, p, fn, err) < 0)
			return -1;
		reader_switch(rd, p, fn, take_fd(&rd->next));
	}
}

static void reader_free(struct reader **rd)
{
	if (*rd && (*rd)->fd >= 0)
		close((*rd)->fd);
	if (*rd && (*rd)->next >= 0)
		close((*rd)->next);
	free(*rd);
}

static struct reader *reader_new(void)
{
	struct reader *rd = malloc(sizeof(*rd));

	if (rd)
		*rd = (struct reader){.fd = -1, .next = -1};
	return rd;
}

/* How many lines precede the last o->tail ones: one pass that only counts. What is added
 * before the second pass makes the tail longer, never shorter. */
static int tail_measure(int dirfd, struct printer *p, struct err *err)
{
	__attribute__((cleanup(reader_free))) struct reader *rd = reader_new();
	struct printer count = {.o = p->o};
	uint64_t lines;

	if (!rd)
		return err_sys(err, "cannot read the log");
	if (p->o->tail == LOGFILE_ALL)
		return 0;
	if (chain_take(rd, dirfd, &count, record_count, err) < 0)
		return -1;
	lines = count.lines + (count.inside[0] || count.inside[1]);
	p->skip = lines > p->o->tail ? lines - p->o->tail : 0;
	return 0;
}

static int watch_new(int dirfd, struct err *err)
{
	autofd int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", dirfd);
	if (fd < 0 || inotify_add_watch(fd, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		return err_sys(err, "cannot watch the log");
	return take_fd(&fd);
}

struct watch {
	int fd;
	int end_fd; /* of the writer, or -1: it has ended */
};

/* 1: there may be more; 0: the writer is gone and all is quiet, or whoever read what we print is. */
static int watch_wait(struct watch *w, const struct logfile_options *o, struct err *err)
{
	struct pollfd p[] = {{w->fd, POLLIN, 0}, {w->end_fd, POLLIN, 0}, {o->stdout_fd, 0, 0}};
	_Alignas(struct inotify_event) char events[4096];
	int n = poll(p, 3, w->end_fd < 0 ? QUIET_MS : o->look ? LOGFILE_LOOK_MS : -1);

	if (n < 0 && errno != EINTR)
		return err_sys(err, "cannot wait for the log");
	if (n == 0 && w->end_fd >= 0)
		o->look(o->arg);
	else if ((n == 0 && !(o->next && o->next(o->arg, &w->end_fd))) || (n > 0 && p[2].revents))
		return 0;
	if (n > 0 && p[1].revents)
		w->end_fd = -1;
	if (n > 0 && p[0].revents)
		while (read(w->fd, events, sizeof(events)) > 0)
			;
	return 1;
}

/* Watched before it is read, so that nothing is missed in between. */
static int log_follow(int dirfd, struct reader *rd, struct printer *p, struct err *err)
{
	autofd int fd = watch_new(dirfd, err);
	struct watch w = {fd, p->o->end_fd};
	int more = 1;

	if (fd < 0)
		return -1;
	while (more > 0) {
		if (chain_take(rd, dirfd, p, record_print, err) < 0)
			return -1;
		more = watch_wait(&w, p->o, err);
	}
	return more;
}

int logfile_print(int dirfd, const struct logfile_options *options, uint64_t *ret_damaged,
	struct err *err)
{
	__attribute__((cleanup(reader_free))) struct reader *rd = reader_new();
	struct printer p = {.o = options};
	int r;

	if (!rd)
		return err_sys(err, "cannot read the log");
	if (tail_measure(dirfd, &p, err) < 0)
		return -1;
	r = options->follow ? log_follow(dirfd, rd, &p, err)
			    : chain_take(rd, dirfd, &p, record_print, err);
	if (r < 0)
		return -1;
	escapes_end(&p.escapes[LOGFILE_STDOUT], options->stdout_fd);
	escapes_end(&p.escapes[LOGFILE_STDERR], options->stderr_fd);
	*ret_damaged = p.damaged;
	return 0;
}
