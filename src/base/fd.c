#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>

DIR *dir_open_at(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d;

	if (fd < 0)
		return NULL;
	d = fdopendir(fd);
	if (!d)
		close(fd);
	return d;
}

void fd_forget(int *fd)
{
	int n = *fd;

	*fd = -1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (n >= 0)
		close(n);
}

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

ssize_t fd_read_all(int fd, void *buf, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = read(fd, (char *)buf + got, size - got);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

/* The lowest of keep that is at least `from`; UINT_MAX if there is none. */
static unsigned next_kept(unsigned from, const int *keep, size_t n)
{
	unsigned best = UINT_MAX;

	for (size_t i = 0; i < n; i++)
		if (keep[i] >= 0 && (unsigned)keep[i] >= from && (unsigned)keep[i] < best)
			best = (unsigned)keep[i];
	return best;
}

int fd_close_others(unsigned first, const int *keep, size_t n)
{
	unsigned kept;

	for (unsigned fd = STDERR_FILENO + 1; fd < first; fd++)
		if (next_kept(fd, keep, n) != fd && fcntl((int)fd, F_GETFD) > 0)
			close((int)fd);
	while ((kept = next_kept(first, keep, n)) != UINT_MAX) {
		if (kept > first && syscall(SYS_close_range, first, kept - 1, 0U) < 0)
			return -1;
		first = kept + 1;
	}
	return (int)syscall(SYS_close_range, first, UINT_MAX, 0U);
}
