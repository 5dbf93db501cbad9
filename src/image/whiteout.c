#include "image/whiteout.h"

#include "base/fd.h"
#include "image/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

int whiteout_mark_opaque(int dir, struct err *err)
{
	if (fsetxattr(dir, "user.overlay.opaque", "y", 1, 0) < 0)
		return err_sys(err, "mark the directory opaque");
	return 0;
}

int whiteout_make(int parent, const char *path, const char *base, FILE *list, struct err *err)
{
	struct stat st;

	if (fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		autofd int dir = -1;

		if (!S_ISDIR(st.st_mode))
			return 0;
		dir = openat(parent, base, DIR_FLAGS);
		return dir < 0 ? err_sys(err, "open directory") : whiteout_mark_opaque(dir, err);
	}
	if (mknodat(parent, base, S_IFCHR, makedev(0, 0)) < 0)
		return err_sys(err, "make whiteout");
	if (fwrite(path, strlen(path) + 1, 1, list) != 1 ||
		fwrite(base, strlen(base) + 1, 1, list) != 1)
		return err_sys(err, "write a temporary file");
	return 0;
}

/* One string of the list; 0 at its end. */
static int read_string(FILE *list, char *buf, size_t size)
{
	for (size_t n = 0; n < size; n++) {
		int c = getc(list);

		if (c == EOF)
			return 0;
		buf[n] = (char)c;
		if (!c)
			return 1;
	}
	return 0;
}

/* The directory of the layer itself, and whether one above it, or itself, hides what is below. */
struct own {
	char path[ENTRY_PATH_MAX + 1];
	int dir;
	bool hidden;
};

static int enter(struct own *own, int top, const char *path, struct below *below, struct err *err)
{
	char part[ENTRY_PATH_MAX + 1];
	autofd int dir = openat(top, ".", DIR_FLAGS);
	bool hidden = dir >= 0 && below_is_opaque(dir) > 0;

	strcpy(part, path);
	for (char *s = part, *rest = part; dir >= 0 && *part && (s = strsep(&rest, "/"));) {
		int next;

		if (below_step(below, err) < 0)
			return -1;
		next = openat(dir, s, DIR_FLAGS);
		close(dir);
		dir = next;
		hidden = hidden || (dir >= 0 && below_is_opaque(dir) > 0);
	}
	/* Replaced by something else later on. */
	if (dir < 0 && errno != ENOENT && errno != ENOTDIR && errno != ELOOP)
		return err_sys(err, "open directory %.200s", path);
	if (own->dir >= 0)
		close(own->dir);
	own->dir = take_fd(&dir);
	own->hidden = hidden;
	strcpy(own->path, path);
	return 0;
}

static int settle_one(struct own *own, const char *base, struct below *below, struct err *err)
{
	struct stat st, hidden;
	int r = own->hidden ? 0 : below_find(below, own->path, base, &hidden, err);

	if (r != 0)
		return r < 0 ? -1 : 0;
	if (fstatat(own->dir, base, &st, AT_SYMLINK_NOFOLLOW) < 0 || !below_is_whiteout(&st))
		return 0;
	return unlinkat(own->dir, base, 0) < 0 ? err_sys(err, "remove a whiteout") : 0;
}

int whiteout_settle(int top, FILE *list, struct below *below, struct err *err)
{
	char path[ENTRY_PATH_MAX + 1], base[ENTRY_NAME_MAX + 1];
	struct own own = {.dir = -1};
	int r = 0;

	if (fflush(list) != 0 || fseek(list, 0, SEEK_SET) != 0)
		return err_sys(err, "write a temporary file");
	while (r == 0 && read_string(list, path, sizeof(path)) &&
		read_string(list, base, sizeof(base))) {
		if (own.dir < 0 || strcmp(own.path, path) != 0)
			r = enter(&own, top, path, below, err);
		if (r == 0 && own.dir >= 0)
			r = settle_one(&own, base, below, err);
	}
	if (own.dir >= 0)
		close(own.dir);
	return r;
}
