#include "base/inside.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static int open_as(int dirfd, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = resolve,
	};
	int fd, tries = 0;

	/* EAGAIN: a rename raced with the walk; the kernel asks for another try. */
	do
		fd = (int)syscall(SYS_openat2, dirfd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++tries < 1000)));
	return fd;
}

static int open_inside(int rootfd, const char *path, int flags, mode_t mode)
{
	return open_as(rootfd, path, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int inside_open_beneath(int dirfd, const char *path, int flags, enum inside_links links)
{
	static const uint64_t resolve[] = {
		[INSIDE_NO_LINKS] = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
		[INSIDE_OWN_LINKS] = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
		[INSIDE_NO_LINKS_OR_MOUNTS] = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
					      RESOLVE_NO_XDEV,
	};

	return open_as(dirfd, path, flags, 0, resolve[links]);
}

int inside_open(int rootfd, const char *path, int flags, mode_t mode, struct err *err)
{
	int fd = open_inside(rootfd, path, flags, mode);

	return fd < 0 ? err_sys(err, "open %s in the container", path) : fd;
}

static int open_component(int dirfd, const char *name)
{
	return openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

static int make_component(int dirfd, const char *name, bool file)
{
	int fd, r;

	if (file) {
		r = fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0644);
		if (fd >= 0)
			close(fd);
	} else {
		r = mkdirat(dirfd, name, 0755);
	}
	return r < 0 && errno != EEXIST ? -1 : open_component(dirfd, name);
}

/* Where the link behind fd, the component of path that ends at end, leads to with what follows it. What
 * the links of procfs say is not where they lead (CVE-2024-21626). */
static int follow(int fd, const char *path, size_t start, size_t end, char next[PATHNAME_SIZE])
{
	char target[2 * PATHNAME_SIZE];
	struct statfs fs;
	ssize_t n = readlinkat(fd, "", target, PATHNAME_SIZE);

	if (n < 0 || fstatfs(fd, &fs) < 0)
		return -1;
	if (n == 0 || n == PATHNAME_SIZE || fs.f_type == PROC_SUPER_MAGIC) {
		errno = ELOOP;
		return -1;
	}
	snprintf(target + n, sizeof(target) - (size_t)n, "%s", path + end);
	if (pathname_join(path, start, target, next))
		return INSIDE_LINK;
	errno = ENAMETOOLONG;
	return -1;
}

int inside_descend(int dirfd, const char *path, size_t from, enum inside_make make,
	char next[PATHNAME_SIZE])
{
	autofd int dir = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
	char name[NAME_MAX + 1];

	while (dir >= 0 && path[from]) {
		size_t len = strcspn(path + from, "/");
		bool last = !path[from + len];
		struct stat st;
		int fd;

		if (len >= sizeof(name)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(name, path + from, len);
		name[len] = '\0';
		fd = open_component(dir, name);
		if (fd < 0 && errno == ENOENT && make != INSIDE_MAKE_NOTHING)
			fd = make_component(dir, name, last && make == INSIDE_MAKE_FILE);
		fd_cleanup(&dir);
		dir = fd;
		if (dir < 0 || fstat(dir, &st) < 0)
			return -1;
		if (S_ISLNK(st.st_mode))
			return follow(dir, path, from, from + len, next);
		from += len + !last;
	}
	return take_fd(&dir);
}

/* /etc/resolv.conf often leads to a file of a service that does not run here, and /var/run to a /run
 * that a root has not got. */
int inside_ensure(int rootfd, const char *path, enum inside_kind kind, struct err *err)
{
	int flags = O_PATH | (kind == INSIDE_DIR ? O_DIRECTORY : 0);
	int fd = open_inside(rootfd, path, flags, 0);
	char at[PATHNAME_SIZE], next[PATHNAME_SIZE];

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return err_sys(err, "open %s in the container", path);
	errno = ENAMETOOLONG;
	fd = pathname_join("", 0, path, at) ? INSIDE_LINK : -1;
	memcpy(next, at, sizeof(next));
	for (int links = 0; fd == INSIDE_LINK && links < INSIDE_LINKS_MAX; links++) {
		memcpy(at, next, sizeof(at));
		fd = inside_descend(rootfd, at, 1,
			kind == INSIDE_DIR ? INSIDE_MAKE_DIR : INSIDE_MAKE_FILE, next);
	}
	if (fd == INSIDE_LINK)
		errno = ELOOP;
	return fd < 0 ? err_sys(err, "make %s in the container", path) : fd;
}
