#include "base/dents.h"
#include "base/fd.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

/* Directories that are open at once, each where its reading stands: file systems keep the room of what was
 * removed, and a directory that is read again from its beginning takes that much longer each time. */
enum { OPEN_MAX = 16, OPEN_DIR = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

struct level {
	int fd;
	bool removed;   /* something, since it was last read from the beginning */
	char name[256]; /* of the directory in it that we are in */
	struct dents dents;
};

/* The way down; of what is deeper than OPEN_MAX only the end is open. */
struct walk {
	unsigned depth, open; /* where we are, and how many of the levels that end there are open */
	struct level levels[OPEN_MAX];
};

static struct level *level(struct walk *w, unsigned depth)
{
	return &w->levels[depth % OPEN_MAX];
}

static void enter(struct walk *w, unsigned depth, int fd)
{
	struct level *l = level(w, depth);

	l->fd = fd;
	l->removed = false;
	dents_init(&l->dents, fd);
	w->depth = depth;
}

/* Reads on; returns 1 with the name of a directory that is not empty, 0 at the end, -1 with errno. */
static int empty(struct level *l)
{
	unsigned char type;
	const char *name;

	while ((name = dents_next(&l->dents, &type))) {
		if ((type != DT_DIR && unlinkat(l->fd, name, 0) == 0) ||
			unlinkat(l->fd, name, AT_REMOVEDIR) == 0) {
			l->removed = true;
			continue;
		}
		if (errno == ENOENT)
			continue;
		if (errno != ENOTEMPTY && errno != EEXIST)
			return -1;
		snprintf(l->name, sizeof(l->name), "%s", name);
		return 1;
	}
	return errno ? -1 : 0;
}

static int descend(struct walk *w)
{
	int fd = openat(level(w, w->depth)->fd, level(w, w->depth)->name, OPEN_DIR);

	if (fd < 0)
		return -1;
	if (w->open == OPEN_MAX)
		close(level(w, w->depth + 1)->fd);
	else
		w->open++;
	enter(w, w->depth + 1, fd);
	return 0;
}

/* To a parent that is not open any more, through "..": it is read from its beginning. */
static int ascend_closed(struct walk *w)
{
	int fd = openat(level(w, w->depth)->fd, "..", OPEN_DIR);

	if (fd < 0)
		return -1;
	close(level(w, w->depth)->fd);
	enter(w, w->depth - 1, fd);
	return 0;
}

/* A file system may leave out some names while others go: then again, as long as there is progress. */
static int ascend(struct walk *w)
{
	struct level *left = level(w, w->depth), *l = level(w, w->depth - 1);
	bool progress = left->removed;

	if (w->open == 1)
		return ascend_closed(w);
	close(left->fd);
	w->open--;
	w->depth--;
	if (unlinkat(l->fd, l->name, AT_REMOVEDIR) == 0 || errno == ENOENT) {
		l->removed = true;
		return 0;
	}
	return progress && (errno == ENOTEMPTY || errno == EEXIST) ? descend(w) : -1;
}

static int empty_all(struct walk *w)
{
	for (;;) {
		int more = empty(level(w, w->depth));

		if (more == 0 && w->depth == 0)
			return 0;
		if (more < 0 || (more > 0 ? descend(w) : ascend(w)) < 0)
			return -1;
	}
}

static int remove_below(int fd)
{
	struct walk w; /* 50 kB, of which an empty directory needs a tenth: nothing is cleared */
	int r, sys;

	w.open = 1;
	enter(&w, 0, fd);
	r = empty_all(&w);
	sys = errno;
	while (w.open--)
		close(level(&w, w.depth--)->fd);
	errno = sys;
	return r;
}

int tree_remove(int dirfd, const char *name, struct err *err)
{
	int fd;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_sys(err, "remove %s", name);
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0)
		return 0;
	fd = openat(dirfd, name, OPEN_DIR);
	if (fd < 0)
		return err_sys(err, "remove %s", name);
	if (remove_below(fd) < 0)
		return err_sys(err, "remove what is in %s", name);
	if (unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(err, "remove %s", name);
	return 0;
}
