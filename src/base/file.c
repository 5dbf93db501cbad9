#include "base/file.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void temporary_name(char *buf, size_t size, const char *name)
{
	snprintf(buf, size, ".%.200s.new", name);
}

bool file_is_blank(const char *data, size_t len)
{
	while (len && !data[len - 1])
		len--;
	return len == 0;
}

int file_prepare(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
	enum file_sync sync, struct err *err)
{
	char tmp[256];
	autofd int fd = -1;

	temporary_name(tmp, sizeof(tmp), name);
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return err_sys(err, "create %s", name);
	if (fd_write_all(fd, data, len) == 0 && (sync != FILE_SYNC || fsync(fd) == 0)) {
		/* Gives it its blocks, without which not even its size gets to disk. */
		if (sync == FILE_SOON)
			sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
		return 0;
	}
	err_sys(err, "write %s", name);
	unlinkat(dirfd, tmp, 0);
	return -1;
}

int file_publish(int dirfd, const char *name, enum file_sync sync, struct err *err)
{
	char tmp[256];

	temporary_name(tmp, sizeof(tmp), name);
	if (renameat(dirfd, tmp, dirfd, name) < 0) {
		err_sys(err, "rename %s into place", name);
		unlinkat(dirfd, tmp, 0);
		return -1;
	}
	if (sync == FILE_SYNC && fsync(dirfd) < 0)
		return err_sys(err, "sync the directory of %s", name);
	return 0;
}

int file_drop(int dirfd, const char *name, struct err *err)
{
	char tmp[256];

	temporary_name(tmp, sizeof(tmp), name);
	return unlinkat(dirfd, tmp, 0) < 0 && errno != ENOENT ? err_sys(err, "remove %s", tmp) : 0;
}

int file_write(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
	enum file_sync sync, struct err *err)
{
	if (file_prepare(dirfd, name, data, len, mode, sync, err) < 0)
		return -1;
	return file_publish(dirfd, name, sync, err);
}

int file_read(int dirfd, const char *name, size_t max, char **ret_data, size_t *ret_len,
	struct err *err)
{
	autofd int fd = openat(dirfd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	autofree char *buf = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return err_sys(err, "open %s", name);
	if (fstat(fd, &st) < 0)
		return err_sys(err, "stat %s", name);
	if (!S_ISREG(st.st_mode))
		return err_set(err, "%s is not a regular file", name);
	if ((uint64_t)st.st_size > max)
		return err_set(err, "%s is larger than %zu bytes", name, max);
	buf = malloc((size_t)st.st_size + 1);
	if (!buf)
		return err_sys(err, "read %s", name);
	n = fd_read_all(fd, buf, (size_t)st.st_size);
	if (n < 0)
		return err_sys(err, "read %s", name);
	buf[n] = '\0';
	if (ret_len)
		*ret_len = (size_t)n;
	*ret_data = take_ptr(&buf);
	return 0;
}

int file_read_fd(int fd, const char *name, size_t max, char **ret_data, size_t *ret_len,
	struct err *err)
{
	size_t size = 4096, len = 0;
	autofree char *buf = NULL;

	for (;;) {
		char *more = realloc(buf, size + 1);
		ssize_t n;

		if (!more)
			return err_sys(err, "read %s", name);
		buf = more;
		n = fd_read_all(fd, buf + len, size - len);
		if (n < 0)
			return err_sys(err, "read %s", name);
		len += (size_t)n;
		if (len > max)
			return err_set(err, "%s is larger than %zu bytes", name, max);
		if (len < size)
			break;
		size *= 2;
	}
	buf[len] = '\0';
	if (ret_len)
		*ret_len = len;
	*ret_data = take_ptr(&buf);
	return 0;
}

int file_read_given(const char *path, size_t max, char **ret_data, size_t *ret_len, struct err *err)
{
	autofd int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "open %s", path);
	return file_read_fd(fd, path, max, ret_data, ret_len, err);
}

int file_poke(int dirfd, const char *name, const char *value)
{
	autofd int fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(value);
	ssize_t n;

	if (fd < 0)
		return -1;
	do
		n = write(fd, value, len);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len ? 0 : -1;
}

ssize_t file_peek(int dirfd, const char *name, char *buf, size_t size)
{
	autofd int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = fd_read_all(fd, buf, size - 1);
	if (n < 0)
		return -1;
	if (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return n;
}

int dir_make_path(const char *path, mode_t mode, struct err *err)
{
	char part[4096];
	size_t len = strlen(path);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return err_sys(err, "open %s", path);
	if (len >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return err_sys(err, "make %.60s…", path);
	}
	memcpy(part, path, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		part[i] = '\0';
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return err_sys(err, "make directory %s", part);
		if (i < len)
			part[i] = '/';
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open %s", path);
	return fd;
}

int file_still_named(int fd, int dirfd, const char *name)
{
	struct stat ours, there;

	if (fstat(fd, &ours) < 0 ||
		fstatat(dirfd, name, &there, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) < 0)
		return -1;
	if (ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
		return 0;
	errno = ENOENT;
	return -1;
}
