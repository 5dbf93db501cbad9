#include "image/treedir.h"

#include "base/fd.h"
#include "image/entry.h"
#include "image/whiteout.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

struct walk {
	struct below *below;
	treedir_made *made;
	void *arg;
	uint64_t *count;
	int dir;
	bool hidden; /* what the layers below have here */
};

int treedir_open(int top, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)flags | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};

	return (int)syscall(SYS_openat2, top, *path ? path : ".", &how, sizeof(how));
}

int treedir_refuse(const char *path, struct err *err)
{
	if (errno == ELOOP) {
		err_set(err, "a directory in its path is a symbolic link");
		return err_hint(err,
			"what that means depends on the layer that has the link; pack the "
			"tree again with names that lead through no link");
	}
	if (errno == ENOTDIR)
		return err_set(err, "a directory in its path is something else");
	return err_sys(err, "open directory %.200s", path);
}

static int make_like(struct walk *w, const char *path, const struct stat *st, struct err *err)
{
	if (fchown(w->dir, st->st_uid, st->st_gid) < 0 || fchmod(w->dir, st->st_mode & 07777) < 0)
		return err_sys(err, "set owner and mode of directory %.200s", path);
	return w->made(w->arg, path, st->st_mtim, err);
}

/* The directory `name` in the one at hand. *ret_new: made just now. */
static int open_one(struct walk *w, const char *name, bool *ret_new, struct err *err)
{
	struct stat st;
	int fd = treedir_open(w->dir, name, O_RDONLY);
	bool whiteout = fd < 0 && errno == ENOTDIR &&
			fstatat(w->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			below_is_whiteout(&st);

	*ret_new = false;
	if (fd >= 0)
		return fd;
	if (whiteout && unlinkat(w->dir, name, 0) < 0)
		return err_sys(err, "replace a whiteout");
	if (!whiteout && errno != ENOENT)
		return treedir_refuse(name, err);
	if (mkdirat(w->dir, name, 0755) < 0 || (fd = treedir_open(w->dir, name, O_RDONLY)) < 0)
		return err_sys(err, "make directory %.200s", name);
	if (whiteout && whiteout_mark_opaque(fd, err) < 0) {
		close(fd);
		return -1;
	}
	++*w->count;
	*ret_new = true;
	return fd;
}

static int step(struct walk *w, const char *parent, const char *name, const char *path,
	struct err *err)
{
	struct stat st;
	bool new;
	int fd = open_one(w, name, &new, err), r = 0;

	if (fd < 0)
		return -1;
	close(w->dir);
	w->dir = fd;
	w->hidden = w->hidden || (below_is_opaque(fd) > 0);
	if (new && !w->hidden)
		r = below_find(w->below, parent, name, &st, err);
	return r > 0 && S_ISDIR(st.st_mode) ? make_like(w, path, &st, err) : r < 0 ? -1 : 0;
}

static int make_all(struct walk *w, const char *path, struct err *err)
{
	char parent[ENTRY_PATH_MAX + 1], upto[ENTRY_PATH_MAX + 1], name[ENTRY_NAME_MAX + 1];

	for (const char *s = path; *s; s += *s == '/') {
		size_t len = strcspn(s, "/"), before = s == path ? 0 : (size_t)(s - path) - 1;

		snprintf(parent, sizeof(parent), "%.*s", (int)before, path);
		snprintf(upto, sizeof(upto), "%.*s", (int)(s - path + (ssize_t)len), path);
		snprintf(name, sizeof(name), "%.*s", (int)len, s);
		if (step(w, parent, name, upto, err) < 0)
			return -1;
		s += len;
	}
	return 0;
}

int treedir_open_or_make(int top, const char *path, struct below *below, treedir_made *made,
	void *arg, uint64_t *count, struct err *err)
{
	struct walk w = {.below = below, .made = made, .arg = arg, .count = count};
	int fd = treedir_open(top, path, O_PATH), r;

	if (fd >= 0)
		return fd;
	if (errno != ENOENT && errno != ENOTDIR)
		return treedir_refuse(path, err);
	w.dir = treedir_open(top, "", O_RDONLY);
	if (w.dir < 0)
		return err_sys(err, "open the top directory");
	w.hidden = below_is_opaque(w.dir) > 0;
	r = make_all(&w, path, err);
	close(w.dir);
	if (r < 0)
		return -1;
	fd = treedir_open(top, path, O_PATH);
	return fd < 0 ? treedir_refuse(path, err) : fd;
}
