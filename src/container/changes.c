#include "container/changes.h"

#include "base/arena.h"
#include "base/dents.h"
#include "base/fd.h"
#include "base/inside.h"
#include "image/below.h"
#include "spec/spec.h"
#include "state/configfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
	DEPTH_MAX = 400, /* directories in each other; each holds a descriptor */
	DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
};

/* What a directory of the upper layer does with that of the layers below. */
enum cover {
	COVER_MERGES,
	COVER_REPLACES,
	COVER_NOTHING, /* there is none */
};

struct found {
	char *name;
	enum change change;
	struct stat upper, lower;
};

struct listing {
	struct arena names;
	struct found *items;
	size_t count, room;
};

struct walk {
	struct below below;
	const struct spec *spec;
	change_fn *f;
	void *arg;
	char path[DEPTH_MAX * 256 + 1]; /* with a '/' before each name */
	size_t len;
	/* Directories on the way here that are only worth telling if something in them is: the lengths of
	 * their paths. */
	size_t pending[DEPTH_MAX], pending_count;
	size_t depth;
	bool too_deep;
};

static void listing_free(struct listing *l)
{
	free(l->items);
	arena_free(&l->names);
}
#define autolisting __attribute__((cleanup(listing_free)))

/* NULL with err. */
static struct found *listing_add(struct listing *l, const char *name, struct err *err)
{
	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 16;
		struct found *items = reallocarray(l->items, room, sizeof(*items));

		if (!items) {
			err_sys(err, "list what has changed");
			return NULL;
		}
		l->items = items;
		l->room = room;
	}
	l->items[l->count] = (struct found){.name = arena_strdup(&l->names, name)};
	return &l->items[l->count++];
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct found *)a)->name, ((const struct found *)b)->name);
}

static bool has_name(const struct listing *l, size_t count, const char *name)
{
	const struct found key = {.name = (char *)name};

	return count && bsearch(&key, l->items, count, sizeof(key), by_name);
}

static int tell(struct walk *w, enum change change, struct err *err)
{
	size_t pending = w->pending_count;
	int r = 0;

	w->pending_count = 0;
	for (size_t i = 0; i < pending && r == 0; i++) {
		char cut = w->path[w->pending[i]];

		w->path[w->pending[i]] = '\0';
		r = w->f(CHANGE_CHANGED, w->path, w->arg, err);
		w->path[w->pending[i]] = cut;
	}
	return r ? r : w->f(change, w->path, w->arg, err);
}

/* The path at hand as it is in the layers below. */
static const char *below_path(const struct walk *w)
{
	return w->path + (w->len > 0);
}

static int ask_below(struct walk *w, enum cover cover, const char *name, struct stat *ret,
	struct err *err)
{
	return cover == COVER_NOTHING ? 0 : below_find(&w->below, below_path(w), name, ret, err);
}

/* What is in the upper layer. */
static int list_upper(struct walk *w, int dir, enum cover cover, struct listing *l, struct err *err)
{
	unsigned char type;
	const char *name;
	struct dents d;

	dents_init(&d, dir);
	while ((name = dents_next(&d, &type))) {
		struct stat st, lower = {0};
		struct found *f;
		int r;

		r = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW);
		if (r < 0 && errno == ENOENT)
			continue;
		if (r < 0)
			return err_sys(err, "look at %.200s/%.200s of the container", w->path,
				name);
		r = ask_below(w, cover, name, &lower, err);
		if (r < 0)
			return -1;
		if (r == 0 && below_is_whiteout(&st))
			continue;
		f = listing_add(l, name, err);
		if (!f)
			return -1;
		f->change = r == 0                   ? CHANGE_ADDED
			    : below_is_whiteout(&st) ? CHANGE_DELETED
						     : CHANGE_CHANGED;
		f->upper = st;
		f->lower = lower;
	}
	return errno && errno != ENOENT ? err_sys(err, "read %.200s of the container", w->path) : 0;
}

/* What only the layers below a directory that replaces theirs have. */
static int list_replaced(struct walk *w, struct listing *l, struct err *err)
{
	const size_t ours = l->count;
	struct stat st;

	if (below_find(&w->below, below_path(w), ".", &st, err) < 0)
		return -1;
	for (size_t i = 0; i < w->below.dir_count; i++) {
		autofd int dir = openat(w->below.dirs[i], ".", DIR_FLAGS);
		unsigned char type;
		const char *name;
		struct dents d;

		if (dir < 0)
			return err_sys(err, "open a layer below");
		dents_init(&d, dir);
		while ((name = dents_next(&d, &type))) {
			struct found *f;
			int r = has_name(l, ours, name)
					? 0
					: below_find(&w->below, below_path(w), name, &st, err);

			if (r < 0 || (r > 0 && !(f = listing_add(l, name, err))))
				return -1;
			if (r > 0)
				f->change = CHANGE_DELETED;
		}
		if (errno)
			return err_sys(err, "read a layer below");
	}
	return 0;
}

static void sort(struct listing *l)
{
	size_t kept = 0;

	if (l->count)
		qsort(l->items, l->count, sizeof(*l->items), by_name);
	/* More than one layer has it. */
	for (size_t i = 0; i < l->count; i++)
		if (kept && strcmp(l->items[kept - 1].name, l->items[i].name) == 0)
			free(l->items[i].name);
		else
			l->items[kept++] = l->items[i];
	l->count = kept;
}

/* -1 with errno. */
static int is_empty(int dir, const struct found *f)
{
	unsigned char type;
	struct dents d;
	autofd int fd = -1;

	if (!S_ISDIR(f->upper.st_mode))
		return S_ISREG(f->upper.st_mode) && f->upper.st_size == 0;
	fd = inside_open_beneath(dir, f->name, DIR_FLAGS, INSIDE_NO_LINKS_OR_MOUNTS);
	if (fd < 0)
		return -1;
	dents_init(&d, fd);
	return dents_next(&d, &type) ? 0 : errno ? -1 : 1;
}

/* Made for something to be mounted at, and hidden by it ever since. */
static int is_mount_point(const struct walk *w, int dir, const struct found *f)
{
	static const char *const ours[] = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf"};
	bool is = false;

	if (f->change != CHANGE_ADDED)
		return 0;
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		is = is || strcmp(w->path, ours[i]) == 0;
	for (size_t i = 0; i < w->spec->mount_count; i++)
		is = is || strcmp(w->path, w->spec->mounts[i].target) == 0;
	return is ? is_empty(dir, f) : 0;
}

/* What has gone meanwhile, or become something else, is not there. */
static bool has_gone(void)
{
	return errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
}

static bool differs(const struct found *f, bool by_us)
{
	const struct stat *a = &f->upper, *b = &f->lower;

	return a->st_mode != b->st_mode || a->st_uid != b->st_uid || a->st_gid != b->st_gid ||
	       (!by_us && (a->st_mtim.tv_sec != b->st_mtim.tv_sec ||
				  a->st_mtim.tv_nsec != b->st_mtim.tv_nsec));
}

static int walk_dir(struct walk *w, int dir, enum cover cover, bool *ret_mount_points,
	struct err *err);

static int walk_below(struct walk *w, int parent, const char *name, enum cover cover,
	bool *ret_mount_points, struct err *err)
{
	autofd int dir = inside_open_beneath(parent, name, DIR_FLAGS, INSIDE_NO_LINKS_OR_MOUNTS);
	int r;

	*ret_mount_points = false;
	if (dir < 0)
		return has_gone() ? 0 : err_sys(err, "open %.200s of the container", w->path);
	if (w->depth + 1 == DEPTH_MAX) {
		w->too_deep = true;
		return 0;
	}
	r = cover == COVER_MERGES ? below_is_opaque(dir) : 0;
	if (r < 0)
		return err_sys(err, "look at %.200s of the container", w->path);
	w->depth++;
	r = walk_dir(w, dir, r ? COVER_REPLACES : cover, ret_mount_points, err);
	w->depth--;
	return r;
}

static int walk_both(struct walk *w, int dir, const struct found *f, enum cover cover,
	struct err *err)
{
	size_t before = w->pending_count;
	bool mount_points;
	int r;

	w->pending[w->pending_count++] = w->len;
	r = walk_below(w, dir, f->name, cover, &mount_points, err);
	if (r || w->pending_count <= before)
		return r;
	w->pending_count = before;
	return differs(f, mount_points) ? tell(w, CHANGE_CHANGED, err) : 0;
}

static int walk_found(struct walk *w, int dir, const struct found *f, enum cover cover,
	bool *ret_mount_points, struct err *err)
{
	bool is_dir = f->change != CHANGE_DELETED && S_ISDIR(f->upper.st_mode), ignored;
	int r = is_mount_point(w, dir, f);

	if (r < 0)
		return has_gone() ? 0 : err_sys(err, "open %.200s of the container", w->path);
	if (r > 0) {
		*ret_mount_points = true;
		return 0;
	}
	if (is_dir && f->change == CHANGE_CHANGED && S_ISDIR(f->lower.st_mode))
		return walk_both(w, dir, f, cover, err);
	r = tell(w, f->change, err);
	return r || !is_dir ? r : walk_below(w, dir, f->name, COVER_NOTHING, &ignored, err);
}

static int walk_dir(struct walk *w, int dir, enum cover cover, bool *ret_mount_points,
	struct err *err)
{
	autolisting struct listing l = {0};
	const size_t len = w->len;
	int r = list_upper(w, dir, cover, &l, err);

	sort(&l);
	if (r == 0 && cover == COVER_REPLACES)
		r = list_replaced(w, &l, err);
	sort(&l);
	for (size_t i = 0; i < l.count && r == 0; i++) {
		w->len = len + (size_t)sprintf(w->path + len, "/%s", l.items[i].name);
		r = walk_found(w, dir, &l.items[i], cover, ret_mount_points, err);
		w->path[w->len = len] = '\0';
	}
	return r;
}

static int open_below(struct walk *w, const struct store *store, struct err *err)
{
	const struct root_spec *root = &w->spec->root;
	char path[256];

	if (root->dir) {
		int fd = open(root->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		return fd < 0 ? err_sys(err, "open %s", root->dir) : below_add(&w->below, fd, err);
	}
	for (size_t i = 0; i < root->layer_count; i++) {
		int fd;

		snprintf(path, sizeof(path), "images/layers/%s", root->layers[i]);
		fd = openat(store->root_fd, path, DIR_FLAGS);
		if (fd < 0)
			return err_sys(err, "open %s/%s", store->root, path);
		if (below_add(&w->below, fd, err) < 0)
			return -1;
	}
	return 0;
}

static void make_room(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
}

static int walk_upper(struct walk *w, const struct store *store, const char *name, struct err *err)
{
	char path[SPEC_NAME_MAX + 16];
	autofd int upper = -1;
	bool ignored = false;

	snprintf(path, sizeof(path), "%s/upper", name);
	upper = openat(store->containers_fd, path, DIR_FLAGS);
	if (upper < 0)
		return errno == ENOENT ? 0 : err_sys(err, "open the writable layer of %s", name);
	return open_below(w, store, err) < 0 ? -1 : walk_dir(w, upper, COVER_MERGES, &ignored, err);
}

int changes_each(const struct store *store, const char *name, change_fn *f, void *arg,
	struct err *err)
{
	autofree struct walk *w = calloc(1, sizeof(*w));
	struct spec spec;
	int r;

	if (!w)
		return err_sys(err, "look at what %s has changed", name);
	if (container_spec(store, name, &spec, err) < 0)
		return -1;
	make_room();
	w->spec = &spec;
	w->f = f;
	w->arg = arg;
	r = walk_upper(w, store, name, err);
	if (r == 0 && w->too_deep)
		warn("what lies deeper than %d directories is not shown", DEPTH_MAX);
	below_close(&w->below);
	spec_free(&spec);
	return r;
}
