#include "rootfs/layout.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* The mount that a clean path lies in, and what is left of the path there. */
struct place {
	int fd;
	size_t from;
};

static struct place place_find(const struct layout *l, const char *path)
{
	struct place p = {l->rootfd, 1};

	for (size_t i = 0; i < l->count; i++) {
		const char *rest = l->fds[i] < 0 ? NULL : pathname_below(path, l->mounts[i].target);

		if (rest)
			p = (struct place){l->fds[i], (size_t)(rest - path)};
	}
	return p;
}

int layout_root(const struct layout *l)
{
	return place_find(l, "/").fd;
}

static int place_open(const struct place *p, const char *path, int flags, enum inside_links links)
{
	if (path[p->from])
		return inside_open_beneath(p->fd, path + p->from, flags, links);
	/* A mount itself may be a file, which has no ".". */
	return flags & O_PATH ? fcntl(p->fd, F_DUPFD_CLOEXEC, 3)
			      : inside_open_beneath(p->fd, ".", flags, links);
}

/* Links are followed in the names, not by the kernel: each may lead into another mount of ours. The kernel's
 * own, in procfs, are for the kernel to follow. */
static int open_followed(const struct layout *l, char at[PATHNAME_SIZE], int flags)
{
	char next[PATHNAME_SIZE];

	for (int links = 0; links < INSIDE_LINKS_MAX; links++) {
		struct place p = place_find(l, at);
		int fd = place_open(&p, at, flags, INSIDE_NO_LINKS);

		if (fd >= 0 || errno != ELOOP)
			return fd;
		fd = inside_descend(p.fd, at, p.from, INSIDE_MAKE_NOTHING, next);
		if (fd != INSIDE_LINK) {
			if (fd >= 0)
				close(fd);
			return place_open(&p, at, flags, INSIDE_OWN_LINKS);
		}
		memcpy(at, next, PATHNAME_SIZE);
	}
	errno = ELOOP;
	return -1;
}

static int make_followed(const struct layout *l, char at[PATHNAME_SIZE], enum inside_make make)
{
	char next[PATHNAME_SIZE];

	for (int links = 0; links < INSIDE_LINKS_MAX; links++) {
		struct place p = place_find(l, at);
		int fd = inside_descend(p.fd, at, p.from, make, next);

		if (fd != INSIDE_LINK)
			return fd;
		memcpy(at, next, PATHNAME_SIZE);
	}
	errno = ELOOP;
	return -1;
}

static int start(const char *path, char at[PATHNAME_SIZE], struct err *err)
{
	if (pathname_join("", 0, path, at))
		return 0;
	errno = ENAMETOOLONG;
	return err_sys(err, "open %.60s… in the container", path);
}

int layout_open(const struct layout *l, const char *path, int flags, struct err *err)
{
	char at[PATHNAME_SIZE];
	int fd;

	if (start(path, at, err) < 0)
		return -1;
	fd = open_followed(l, at, flags);
	return fd < 0 ? err_sys(err, "open %s in the container", path) : fd;
}

int layout_ensure(const struct layout *l, const char *path, enum inside_kind kind, struct err *err)
{
	const bool dir = kind == INSIDE_DIR;
	char at[PATHNAME_SIZE];
	int fd;

	if (start(path, at, err) < 0)
		return -1;
	fd = open_followed(l, at, O_PATH | (dir ? O_DIRECTORY : 0));
	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return err_sys(err, "open %s in the container", path);
	fd = make_followed(l, at, dir ? INSIDE_MAKE_DIR : INSIDE_MAKE_FILE);
	return fd < 0 ? err_sys(err, "make %s in the container", path) : fd;
}
