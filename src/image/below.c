#include "image/below.h"

#include "base/fd.h"
#include "image/interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

/* What a layer of 4,000,000 entries takes on some ten others, and nobody sees the end of. */
enum { STEPS_MAX = 50000000 };
enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

bool below_is_whiteout(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

int below_is_opaque(int dir)
{
	char value;

	if (fgetxattr(dir, "user.overlay.opaque", &value, 1) == 1)
		return value == 'y';
	return errno == ENODATA || errno == ERANGE ? 0 : -1;
}

int below_add(struct below *b, int layer, struct err *err)
{
	int *more = layer < 0 ? NULL : realloc(b->layers, (b->count + 1) * sizeof(*more));

	if (!more) {
		if (layer >= 0) {
			err_sys(err, "open the layers below");
			close(layer);
		}
		return -1;
	}
	b->layers = more;
	b->layers[b->count++] = layer;
	return 0;
}

static void close_dirs(int *dirs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(dirs[i]);
	free(dirs);
}

void below_close(struct below *b)
{
	close_dirs(b->dirs, b->dir_count);
	close_dirs(b->layers, b->count);
	free(b->path);
	*b = (struct below){0};
}

int below_step(struct below *b, struct err *err)
{
	if (++b->steps > STEPS_MAX)
		return err_set(err, "it hides or leaves out too much, too deep, above %zu layers",
			b->count);
	return interrupt_check(err);
}

/* 1 if the layer has the name, 0 if not, -1 with err. */
static int look(struct below *b, int dir, const char *name, struct stat *ret, struct err *err)
{
	if (below_step(b, err) < 0)
		return -1;
	if (fstatat(dir, name, ret, AT_SYMLINK_NOFOLLOW) == 0)
		return 1;
	if (errno == ENOENT)
		return 0;
	err_sys(err, "look at %.100s in a layer below", name);
	return -1;
}

/* One directory down, in each layer that takes part: a whiteout, a file or an opaque mark ends the row. */
static int descend(struct below *b, const int *dirs, size_t count, const char *name, int **ret,
	size_t *ret_count, struct err *err)
{
	int *into = calloc(count ? count : 1, sizeof(*into));
	bool more = true;
	size_t n = 0;
	int r = 0;

	if (!into)
		return err_sys(err, "look at the layers below");
	for (size_t i = 0; i < count && more && r >= 0; i++) {
		struct stat st;

		r = look(b, dirs[i], name, &st, err);
		if (r <= 0)
			continue;
		more = S_ISDIR(st.st_mode);
		if (!more)
			continue;
		into[n] = openat(dirs[i], name, DIR_FLAGS);
		r = into[n] < 0 ? err_sys(err, "open %.100s in a layer below", name) : 0;
		n += r == 0;
		more = r == 0 && below_is_opaque(into[n - 1]) == 0;
	}
	if (r < 0) {
		close_dirs(into, n);
		return -1;
	}
	*ret = into;
	*ret_count = n;
	return 0;
}

static int start_at_top(struct below *b, struct err *err)
{
	int *dirs = calloc(b->count ? b->count : 1, sizeof(*dirs));
	char *path = calloc(1, 1);

	close_dirs(b->dirs, b->dir_count);
	free(b->path);
	b->dirs = dirs;
	b->path = path;
	b->dir_count = 0;
	if (!dirs || !path)
		return err_sys(err, "look at the layers below");
	for (size_t i = b->count; i-- > 0;) {
		int dir = openat(b->layers[i], ".", DIR_FLAGS);

		if (dir < 0)
			return err_sys(err, "open a layer below");
		dirs[b->dir_count++] = dir;
		if (below_is_opaque(dir) > 0)
			break;
	}
	return 0;
}

/* The part of parent that is still to go from where we are, or NULL if it does not lie below. */
static const char *way_to(const struct below *b, const char *parent)
{
	size_t n = b->path ? strlen(b->path) : 0;

	if (!b->path || strncmp(parent, b->path, n) != 0 || (n && parent[n] && parent[n] != '/'))
		return NULL;
	return parent + n + (n && parent[n] == '/');
}

static int enter(struct below *b, const char *parent, struct err *err)
{
	const char *way = way_to(b, parent);

	if (!way && start_at_top(b, err) < 0)
		return -1;
	for (const char *s = way ? way : parent; *s;) {
		size_t len = strcspn(s, "/"), count = 0;
		autofree char *name = strndup(s, len),
			      *path = strndup(parent, (size_t)(s - parent) + len);
		int *dirs = NULL;

		if (!name || !path)
			return err_sys(err, "look at the layers below");
		if (below_step(b, err) < 0)
			return -1;
		if (descend(b, b->dirs, b->dir_count, name, &dirs, &count, err) < 0)
			return -1;
		close_dirs(b->dirs, b->dir_count);
		free(b->path);
		b->dirs = dirs;
		b->dir_count = count;
		b->path = take_ptr(&path);
		s += len + (s[len] == '/');
	}
	return 0;
}

int below_find(struct below *b, const char *parent, const char *base, struct stat *ret,
	struct err *err)
{
	if (enter(b, parent, err) < 0)
		return -1;
	for (size_t i = 0; i < b->dir_count; i++) {
		struct stat st;
		int r = look(b, b->dirs[i], base, &st, err);

		if (r < 0)
			return -1;
		if (r == 0)
			continue;
		if (below_is_whiteout(&st))
			return 0;
		*ret = st;
		return 1;
	}
	return 0;
}

int below_top(const struct below *b, struct stat *ret, struct err *err)
{
	if (!b->count)
		return 0;
	return fstat(b->layers[b->count - 1], ret) < 0 ? err_sys(err, "stat the layer below") : 1;
}
