#include "cli/devicedir.h"

#include "base/dents.h"
#include "base/fd.h"
#include "spec/deviceflag.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 16 };

struct walk {
	struct spec *spec;
	const char *access;
	size_t found;
	struct err *err;
};

static int walk_dir(struct walk *w, int dirfd, const char *from, const char *to, int depth);

static int walk_entry(struct walk *w, int dirfd, const char *name, const char *from, const char *to,
	int depth)
{
	struct arena *a = &w->spec->arena;
	struct device d = {.access = w->access, .path = arena_printf(a, "%s/%s", to, name)};
	const char *source = arena_printf(a, "%s/%s", from, name);
	autofd int fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	autofd int below = -1;
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(w->err, "%s", source);
	if (S_ISDIR(st.st_mode)) {
		below = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return below < 0 ? err_sys(w->err, "%s", source)
				 : walk_dir(w, below, source, d.path, depth + 1);
	}
	if (!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode))
		return 0;
	w->found++;
	if (device_fill(&d, source, &st, w->err) < 0)
		return -1;
	device_add(w->spec, &d);
	return 0;
}

static int walk_dir(struct walk *w, int dirfd, const char *from, const char *to, int depth)
{
	struct dents entries;
	unsigned char type;
	const char *name;

	if (depth > DEPTH_MAX)
		return err_set(w->err, "%s: more than %d directories deep", from, DEPTH_MAX);
	dents_init(&entries, dirfd);
	while ((name = dents_next(&entries, &type)))
		if (walk_entry(w, dirfd, name, from, to, depth) < 0)
			return -1;
	return errno ? err_sys(w->err, "read %s", from) : 0;
}

int devicedir_add(struct spec *spec, int dirfd, const char *source, const struct device *like,
	struct err *err)
{
	struct walk w = {.spec = spec, .access = like->access, .err = err};

	if (walk_dir(&w, dirfd, source, like->path, 0) < 0)
		return -1;
	return w.found ? 0 : err_set(err, "%s: there is no device below it", source);
}
