#include "base/eventlog.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#define OLD_FILE EVENTLOG_FILE ".1"

enum { OPEN_FLAGS = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC };

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* Of several who find it full the one with the lock moves it, and whoever gets that later finds another there. Who has
 * it open still writes to it. */
static void rotate(int dirfd, int fd)
{
	struct stat ours, named;

	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &ours) == 0 &&
		fstatat(dirfd, EVENTLOG_FILE, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
		is_same(&ours, &named))
		renameat(dirfd, EVENTLOG_FILE, dirfd, OLD_FILE);
}

void eventlog_add(int dirfd, const struct event *events, size_t n)
{
	autofd int fd = -1;
	char *text = NULL, *more;
	size_t len = 0;

	for (size_t i = 0; dirfd >= 0 && i < n; i++) {
		autofree char *line = event_format(&events[i]);
		size_t add = line ? strlen(line) + 1 : 0;

		if (!add || !(more = realloc(text, len + add)))
			continue;
		text = more;
		memcpy(text + len, line, add);
		text[len + add - 1] = '\n';
		len += add;
	}
	if (len)
		fd = openat(dirfd, EVENTLOG_FILE, O_WRONLY | O_APPEND | O_CREAT | OPEN_FLAGS, 0600);
	if (fd >= 0 && write(fd, text, len) > 0 && lseek(fd, 0, SEEK_CUR) > EVENTLOG_MAX)
		rotate(dirfd, fd);
	free(text);
}

static void part_close(struct eventlog_part *p)
{
	if (p->fd >= 0)
		close(p->fd);
	free(p->held);
	*p = (struct eventlog_part){.fd = -1};
}

static int part_open(struct eventlog_part *p, int dirfd, const char *name, struct err *err)
{
	*p = (struct eventlog_part){.fd = openat(dirfd, name, O_RDONLY | OPEN_FLAGS)};
	return p->fd >= 0 || errno == ENOENT ? 0 : err_sys(err, "open %s", name);
}

/* 1 if both are one file, 0, or -1 with errno; nothing is no file. */
static int are_same(int a, int b)
{
	struct stat one, other;

	if (a < 0 || b < 0)
		return 0;
	if (fstat(a, &one) < 0 || fstat(b, &other) < 0)
		return -1;
	return is_same(&one, &other);
}

int eventlog_open(struct eventlog *l, int dirfd, struct err *err)
{
	*l = (struct eventlog){.dirfd = dirfd, .old = {.fd = -1}, .now = {.fd = -1}};
	if (dirfd < 0)
		return 0;
	/* In this order: what becomes the old one in between is known then. */
	if (part_open(&l->now, dirfd, EVENTLOG_FILE, err) < 0 ||
		part_open(&l->old, dirfd, OLD_FILE, err) < 0) {
		eventlog_close(l);
		return -1;
	}
	if (are_same(l->now.fd, l->old.fd) == 1)
		part_close(&l->old);
	return 0;
}

void eventlog_close(struct eventlog *l)
{
	part_close(&l->old);
	part_close(&l->now);
}

struct reading {
	int (*f)(const struct event *e, void *arg, struct err *err);
	void *arg;
};

static int take_line(const struct reading *r, const char *line, size_t len, struct err *err)
{
	struct arena a = {0};
	struct event e;
	int v = event_parse(&a, line, len, &e, err);

	if (v > 0)
		v = r->f(&e, r->arg, err);
	arena_free(&a);
	return v;
}

/* What is whole of text; what is not yet stays. One that is too long for an event is none. */
static int take_lines(struct eventlog_part *p, const struct reading *r, struct err *err)
{
	char *from = p->held, *end = p->held + p->held_len, *newline;
	int v = 0;

	while (v == 0 && (newline = memchr(from, '\n', (size_t)(end - from)))) {
		v = take_line(r, from, (size_t)(newline - from), err);
		from = newline + 1;
	}
	p->held_len = (size_t)(end - from);
	if (p->held_len > EVENT_LINE_MAX)
		p->held_len = 0;
	memmove(p->held, from, p->held_len);
	return v;
}

static int part_read(struct eventlog_part *p, const struct reading *r, struct err *err)
{
	enum { READ_BYTES = 64 << 10 };
	ssize_t n = 0;
	int v = 0;

	if (p->fd >= 0 && !p->held && !(p->held = malloc(EVENT_LINE_MAX + READ_BYTES)))
		return err_sys(err, "read the events");
	while (v == 0 && p->fd >= 0 && (n = read(p->fd, p->held + p->held_len, READ_BYTES)) > 0) {
		p->held_len += (size_t)n;
		v = take_lines(p, r, err);
	}
	return n < 0 ? err_sys(err, "read the events") : v;
}

/* What has come in its place is read as a new one; the one before is kept open, as somebody may be writing to it. */
static int follow_rotation(struct eventlog *l, const struct reading *r, bool *ret_more,
	struct err *err)
{
	struct eventlog_part next;
	int same, v;

	*ret_more = false;
	if (l->dirfd < 0)
		return 0;
	if (part_open(&next, l->dirfd, EVENTLOG_FILE, err) < 0)
		return -1;
	same = are_same(next.fd, l->now.fd);
	if (next.fd < 0 || same) {
		part_close(&next);
		return same < 0 ? err_sys(err, "see which file has the events") : 0;
	}
	v = part_read(&l->now, r, err);
	if (v == 0) {
		struct eventlog_part before = l->now;

		l->now = next;
		part_close(&l->old);
		l->old = before;
		*ret_more = true;
	} else {
		part_close(&next);
	}
	return v;
}

int eventlog_read(struct eventlog *l, int (*f)(const struct event *e, void *arg, struct err *err),
	void *arg, struct err *err)
{
	const struct reading r = {f, arg};
	bool more = true;
	int v = 0;

	while (v == 0 && more) {
		v = part_read(&l->old, &r, err);
		if (v == 0)
			v = part_read(&l->now, &r, err);
		if (v == 0)
			v = follow_rotation(l, &r, &more, err);
	}
	return v;
}

int eventlog_watch(int dirfd, struct err *err)
{
	autofd int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", dirfd);
	if (notify < 0 || inotify_add_watch(notify, path, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
		return err_sys(err, "watch for events");
	return take_fd(&notify);
}
