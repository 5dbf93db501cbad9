#include "base/names.h"

#include "base/fd.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* If so much is renamed that the kernel loses count, or if it cannot tell. */
enum { ROUNDS = 4, ROUNDS_UNTOLD = 2 };

typedef int name_fn(const char *name, void *arg, struct err *err);

struct names {
	int dirfd, notify;
	const char *what;
	name_fn *f;
	void *arg;
};

static int watch(int dirfd)
{
	int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", dirfd);
	if (notify >= 0 && inotify_add_watch(notify, path, IN_MOVED_TO | IN_ONLYDIR) < 0) {
		close(notify);
		return -1;
	}
	return notify;
}

static int list(const struct names *n, struct err *err)
{
	autodir DIR *d = dir_open_at(n->dirfd, ".");
	struct dirent *e;

	if (!d)
		return err_sys(err, "read %s", n->what);
	while ((errno = 0, e = readdir(d))) {
		int r = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0
				? 0
				: n->f(e->d_name, n->arg, err);

		if (r != 0)
			return r;
	}
	return errno ? err_sys(err, "read %s", n->what) : 0;
}

/* What one read gives. */
static int take(const struct names *n, const char *buf, size_t len, bool *lost, struct err *err)
{
	const struct inotify_event *e;

	for (size_t at = 0; at < len; at += sizeof(*e) + e->len) {
		int r = 0;

		e = (const struct inotify_event *)(buf + at);
		if (e->mask & IN_Q_OVERFLOW)
			*lost = true;
		else if ((e->mask & IN_MOVED_TO) && e->len)
			r = n->f(e->name, n->arg, err);
		if (r != 0)
			return r;
	}
	return 0;
}

static int follow(const struct names *n, bool *lost, struct err *err)
{
	_Alignas(struct inotify_event) char buf[4096];
	ssize_t len;
	int r = 0;

	while (r == 0 && (len = read(n->notify, buf, sizeof(buf))) > 0)
		r = take(n, buf, (size_t)len, lost, err);
	return r;
}

int names_each(int dirfd, const char *what, name_fn *f, void *arg, struct err *err)
{
	autofd int notify = watch(dirfd);
	const struct names n = {dirfd, notify, what, f, arg};
	int rounds = notify < 0 ? ROUNDS_UNTOLD : ROUNDS, r = 0;
	bool again = true;

	for (int i = 0; r == 0 && again && i < rounds; i++) {
		again = notify < 0;
		r = list(&n, err);
		if (r == 0 && notify >= 0)
			r = follow(&n, &again, err);
	}
	return r;
}
