#include "base/inside.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LINKS_MAX = 8 };

static int open_inside(int rootfd, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int fd, tries = 0;

	/* EAGAIN: a rename raced with the walk; the kernel asks for another try. */
	do
		fd = (int)syscall(SYS_openat2, rootfd, path, &how, sizeof(how));
	while (fd < 0 && (errno == EINTR || (errno == EAGAIN && ++tries < 1000)));
	return fd;
}

int inside_open(int rootfd, const char *path, int flags, mode_t mode, struct err *err)
{
	int fd = open_inside(rootfd, path, flags, mode);

	return fd < 0 ? err_sys(err, "open %s in the container", path) : fd;
}

/* Makes the missing tail of path. Every step opens its parent in root first; a link planted by
 * somebody else is followed inside the root only. */
static int make_missing(int rootfd, const char *path, enum inside_kind kind, struct err *err)
{
	char part[4096];
	size_t len = strlen(path);

	if (len >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return err_sys(err, "make %.60s… in the container", path);
	}
	for (size_t i = 1; i <= len; i++) {
		autofd int parent = -1;
		const char *name;
		char *slash;
		bool last = i == len;

		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		slash = strrchr(part, '/');
		name = slash ? slash + 1 : part;
		if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		if (slash)
			*slash = '\0';
		parent = open_inside(rootfd, slash && part[0] ? part : "/", O_PATH | O_DIRECTORY,
			0);
		if (parent < 0)
			return err_sys(err, "make %s in the container", path);
		if (last && kind == INSIDE_FILE) {
			int fd = openat(parent, name,
				O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
			if (fd >= 0)
				close(fd);
			else if (errno != EEXIST)
				return err_sys(err, "make %s in the container", path);
		} else if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST) {
			return err_sys(err, "make %s in the container", path);
		}
	}
	return 0;
}

/* If path is a link to something that is missing: the path that it leads to, from the root. */
static bool follow_dangling(int rootfd, const char *path, char ret[4096])
{
	const char *slash = strrchr(path, '/');
	size_t dir = slash ? (size_t)(slash - path) : 0;
	char target[4096];
	struct err ignored;
	autofd int fd = inside_open(rootfd, path, O_PATH | O_NOFOLLOW, 0, &ignored);
	ssize_t n = fd < 0 ? -1 : readlinkat(fd, "", target, sizeof(target) - 1);
	int len;

	if (n <= 0)
		return false;
	target[n] = '\0';
	len = target[0] == '/' ? snprintf(ret, 4096, "%s", target)
			       : snprintf(ret, 4096, "%.*s/%s", (int)dir, path, target);
	return len > 0 && len < 4096;
}

/* /etc/resolv.conf often leads to a file of a service that does not run here. */
int inside_ensure(int rootfd, const char *path, enum inside_kind kind, struct err *err)
{
	int flags = O_PATH | (kind == INSIDE_DIR ? O_DIRECTORY : 0);
	int fd = open_inside(rootfd, path, flags, 0);
	char at[4096], next[4096];

	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return err_sys(err, "open %s in the container", path);
	snprintf(at, sizeof(at), "%s", path);
	for (int links = 0; links < LINKS_MAX && follow_dangling(rootfd, at, next); links++)
		memcpy(at, next, sizeof(at));
	if (make_missing(rootfd, at, kind, err) < 0)
		return -1;
	return inside_open(rootfd, path, flags, 0, err);
}
