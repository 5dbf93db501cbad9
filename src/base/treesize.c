#include "base/treesize.h"

#include "base/arena.h"
#include "base/dents.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_DIR = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, BLOCK = 512 };

struct pending {
	struct pending *next;
	size_t depth;
	char *name;
};

struct place {
	dev_t dev;
	ino_t ino;
};

struct walk {
	int fd;    /* the directory at hand */
	dev_t dev; /* what is on another file system is not counted */
	size_t depth, way_count;
	struct place *way; /* from the top to it */
	struct pending *pending;
	uint64_t bytes;
};

/* Each of its names has its part of it: no need to know which were met. */
static void count(struct walk *w, const struct stat *st)
{
	uint64_t bytes = (uint64_t)st->st_blocks * BLOCK;

	w->bytes += S_ISDIR(st->st_mode) || st->st_nlink < 2 ? bytes : bytes / st->st_nlink;
}

static int push(struct walk *w, const char *name, struct err *err)
{
	struct pending *p = malloc(sizeof(*p));

	if (!p || !(p->name = strdup(name))) {
		free(p);
		return err_sys(err, "measure a tree");
	}
	p->depth = w->depth + 1;
	p->next = w->pending;
	w->pending = p;
	return 0;
}

static int pop(struct walk *w, char name[256])
{
	struct pending *p = w->pending;
	size_t depth = p->depth;

	memcpy(name, p->name, strlen(p->name) + 1);
	w->pending = p->next;
	free(p->name);
	free(p);
	return (int)depth;
}

/* Whoever is in it by now is told apart from who was. */
static int enter(struct walk *w, int fd, size_t depth, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_sys(err, "measure a tree");
	if (depth >= w->way_count) {
		size_t room = w->way_count ? 2 * w->way_count : 64;
		struct place *way = reallocarray(w->way, room, sizeof(*way));

		if (!way)
			return err_sys(err, "measure a tree");
		w->way = way;
		w->way_count = room;
	}
	w->way[depth] = (struct place){st.st_dev, st.st_ino};
	w->depth = depth;
	if (w->fd >= 0)
		close(w->fd);
	w->fd = fd;
	return 0;
}

static int read_one(struct walk *w, struct err *err)
{
	unsigned char type;
	const char *name;
	struct stat st;
	struct dents d;

	dents_init(&d, w->fd);
	while ((name = dents_next(&d, &type))) {
		if (fstatat(w->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue; /* it has just gone */
		if (st.st_dev != w->dev)
			continue;
		count(w, &st);
		if (S_ISDIR(st.st_mode) && push(w, name, err) < 0)
			return -1;
	}
	return errno && errno != ENOENT ? err_sys(err, "measure a tree") : 0;
}

/* 1; 0: what is above by now is not what we came from; or -1. */
static int ascend(struct walk *w, size_t depth, struct err *err)
{
	while (w->depth > depth) {
		const struct place *above = &w->way[w->depth - 1];
		struct stat st;
		int fd = openat(w->fd, "..", OPEN_DIR);

		if (fd < 0)
			return err_sys(err, "measure a tree");
		if (fstat(fd, &st) < 0 || st.st_dev != above->dev || st.st_ino != above->ino) {
			close(fd);
			return 0;
		}
		close(w->fd);
		w->fd = fd;
		w->depth--;
	}
	return 1;
}

static int moved(struct err *err)
{
	err_set(err, "directories are moved while they are measured");
	err->sys = EAGAIN;
	return -1;
}

static int walk_all(struct walk *w, struct err *err)
{
	while (w->pending) {
		char name[256];
		size_t depth = (size_t)pop(w, name);
		int r = ascend(w, depth - 1, err), fd;

		if (r <= 0)
			return r < 0 ? -1 : moved(err);
		fd = openat(w->fd, name, OPEN_DIR);
		if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
			continue;
		if (fd < 0)
			return err_sys(err, "measure a tree");
		if (enter(w, fd, depth, err) < 0) {
			if (w->fd != fd)
				close(fd);
			return -1;
		}
		if (read_one(w, err) < 0)
			return -1;
	}
	return 0;
}

static int walk_from(struct walk *w, int fd, struct err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || enter(w, fd, 0, err) < 0)
		return err->text[0] ? -1 : err_sys(err, "measure a tree");
	w->dev = st.st_dev;
	count(w, &st);
	return read_one(w, err) < 0 ? -1 : walk_all(w, err);
}

int tree_size(int dirfd, const char *name, uint64_t *ret_bytes, struct err *err)
{
	struct walk w = {.fd = -1};
	int fd = openat(dirfd, name, OPEN_DIR), r;
	char ignored[256];

	if (fd < 0)
		return err_sys(err, "open %s", name);
	*err = (struct err){0};
	r = walk_from(&w, fd, err);
	if (w.fd < 0)
		close(fd);
	else
		close(w.fd);
	while (w.pending)
		pop(&w, ignored);
	free(w.way);
	if (r == 0)
		*ret_bytes = w.bytes;
	return r;
}
