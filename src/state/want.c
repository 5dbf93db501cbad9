#include "state/want.h"

#include "base/fd.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Of one length. */
static const char running[] = "running\n", stopped[] = "stopped\n";

static int put(int fd, const char *word)
{
	return fd < 0 || pwrite(fd, word, sizeof(running) - 1, 0) != (ssize_t)sizeof(running) - 1 ||
			       fdatasync(fd) < 0
		       ? -1
		       : 0;
}

int want_running(int data_fd, struct err *err)
{
	autofd int fd = openat(data_fd, WANT_FILE, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC,
		0600);

	return put(fd, running) < 0 ? err_sys(err, "write " WANT_FILE) : 0;
}

int want_stopped(const struct store *store, const char *name, struct err *err)
{
	char path[SPEC_NAME_MAX + 16];
	autofd int fd = -1;

	snprintf(path, sizeof(path), "%s/" WANT_FILE, name);
	fd = openat(store->containers_fd, path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	return put(fd, stopped) < 0 ? err_sys(err, "write that %s is to stay stopped", name) : 0;
}

static int read_want(int dirfd, const char *path)
{
	char text[sizeof(stopped)];
	ssize_t n = file_peek(dirfd, path, text, sizeof(text));

	if (n < 0)
		return errno == ENOENT ? 0 : -1;
	return strncmp(text, stopped, sizeof(stopped) - 2) == 0;
}

int want_is_stopped(int data_fd)
{
	return read_want(data_fd, WANT_FILE);
}

bool want_stays_stopped(const struct store *store, const char *name)
{
	char path[SPEC_NAME_MAX + 16];

	snprintf(path, sizeof(path), "%s/" WANT_FILE, name);
	return read_want(store->containers_fd, path) > 0;
}
