#include "state/want.h"

#include "base/fd.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* All have the same length, so that one replaces another in place. */
static const char running[] = "running\n", stopped[] = "stopped\n", resting[] = "resting\n";

enum { OPEN_FLAGS = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC };

static int put(int fd, const char *word)
{
	return fd < 0 || pwrite(fd, word, sizeof(running) - 1, 0) != (ssize_t)sizeof(running) - 1 ||
			       fdatasync(fd) < 0
		       ? -1
		       : 0;
}

int want_running(int data_fd, struct err *err)
{
	autofd int fd = openat(data_fd, WANT_FILE, O_WRONLY | O_CREAT | OPEN_FLAGS, 0600);

	return put(fd, running) < 0 ? err_sys(err, "write " WANT_FILE) : 0;
}

static void path_of(const char *name, char ret[SPEC_NAME_MAX + 16])
{
	snprintf(ret, SPEC_NAME_MAX + 16, "%s/" WANT_FILE, name);
}

static int put_down(const struct store *store, const char *name, const char *word, struct err *err)
{
	char path[SPEC_NAME_MAX + 16];
	autofd int fd = -1;
	struct err second;

	path_of(name, path);
	fd = openat(store->containers_fd, path, O_WRONLY | OPEN_FLAGS);
	if ((fd < 0 && errno == ENOENT) || put(fd, word) == 0)
		return 0;
	err_sys(err, "write that %s is to stay stopped", name);
	if (tree_remove(store->containers_fd, path, &second) < 0)
		return -1;
	warn("%s; ctr autostart may start it", err->text);
	return 0;
}

int want_stopped(const struct store *store, const char *name, struct err *err)
{
	return put_down(store, name, stopped, err);
}

int want_resting(const struct store *store, const char *name, struct err *err)
{
	return put_down(store, name, resting, err);
}

static int read_word(int fd, char ret[sizeof(stopped)])
{
	ssize_t n = fd < 0 ? -1 : pread(fd, ret, sizeof(stopped) - 1, 0);

	ret[n > 0 ? n : 0] = '\0';
	return n < 0 ? -1 : 0;
}

static bool says_running(int fd)
{
	char text[sizeof(stopped)];

	return read_word(fd, text) == 0 && strcmp(text, running) == 0;
}

int want_look(const struct store *store, const char *name, struct err *err)
{
	char path[SPEC_NAME_MAX + 16];

	path_of(name, path);
	if (faccessat(store->containers_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	return errno == ENOENT ? 0 : err_sys(err, "look for containers/%s", path);
}

bool want_exists(const struct store *store, const char *name)
{
	struct err ignored;

	return want_look(store, name, &ignored) > 0;
}

int want_begin(int data_fd, struct err *err)
{
	return faccessat(data_fd, WANT_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0
		       ? 0
		       : want_running(data_fd, err);
}

void want_end(int data_fd)
{
	unlinkat(data_fd, WANT_FILE, 0);
}

int want_runs(int data_fd, struct err *err)
{
	autofd int fd = openat(data_fd, WANT_FILE, O_RDONLY | OPEN_FLAGS);
	char text[sizeof(stopped)];

	if (fd < 0 && errno == ENOENT)
		return 0;
	return read_word(fd, text) < 0 ? err_sys(err, "read " WANT_FILE)
				       : strcmp(text, running) == 0;
}

bool want_stays_running(const struct store *store, const char *name)
{
	char path[SPEC_NAME_MAX + 16];
	autofd int fd = -1;

	path_of(name, path);
	fd = openat(store->containers_fd, path, O_RDONLY | OPEN_FLAGS);
	return says_running(fd);
}

int want_read(int data_fd, enum want *ret)
{
	autofd int fd = openat(data_fd, WANT_FILE, O_RDONLY | OPEN_FLAGS);
	char text[sizeof(stopped)] = "";

	if (read_word(fd, text) < 0 && errno != ENOENT)
		return -1;
	*ret = strcmp(text, stopped) == 0   ? WANT_STOPPED
	       : strcmp(text, resting) == 0 ? WANT_RESTING
					    : WANT_RUNNING;
	return 0;
}
