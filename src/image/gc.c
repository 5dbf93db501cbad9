#include "image/gc.h"

#include "base/arena.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/names.h"
#include "image/reference.h"
#include "image/stage.h"
#include "image/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

static void want(json_t *set, const char *hex)
{
	json_object_set_new(set, hex, json_true());
}

static void want_image(struct gc_wanted *w, const struct image *image)
{
	want(w->blobs, image->manifest);
	want(w->blobs, image->id);
	for (size_t i = 0; i < image->blob_count; i++)
		want(w->blobs, image->blobs[i]);
	for (size_t i = 0; i < image->layer_count; i++)
		want(w->layers, image->layers[i]);
}

/* A broken document is no reason to do nothing; that we cannot read at all (err->sys) is. */
static int overlook(bool quiet, const struct err *err)
{
	if (err->sys)
		return -1;
	if (!quiet)
		warn("%s; what it needs is unknown, so that more is kept than may be wanted",
			err->text);
	return 0;
}

static int survey_images(int root_fd, struct gc_wanted *w, struct err *err)
{
	struct arena a = {0};
	struct image image;
	const char **names;
	size_t count;
	int r = image_names(root_fd, &a, &names, &count, err);

	for (size_t i = 0; r == 0 && i < count; i++) {
		if (image_read(root_fd, names[i], &image, err) == 0) {
			want_image(w, &image);
			image_free(&image);
			continue;
		}
		r = overlook(w->quiet, err);
		w->keep_blobs = w->keep_layers = true;
	}
	arena_free(&a);
	return r;
}

static int want_layers(const char *name, const json_t *layers, struct gc_wanted *w, struct err *err)
{
	size_t n = json_array_size(layers);

	if (layers && !json_is_array(layers))
		return err_set(err, "container %s: 'layers' is not a list", name);
	for (size_t i = 0; i < n; i++) {
		const char *hex = json_string_value(json_array_get(layers, i));

		if (!hex)
			return err_set(err, "container %s: 'layers' is not a list of strings",
				name);
		want(w->layers, hex);
		if (i + 1 == n)
			json_object_set_new(w->tops, hex, json_string(name));
	}
	return 0;
}

static int read_container(int dir, const char *name, struct gc_wanted *w, struct err *err)
{
	autojson json_t *doc = NULL;
	autofree char *text = NULL;
	char path[300];
	size_t n;

	snprintf(path, sizeof(path), "%.255s/container.json", name);
	if (file_read(dir, path, JSON_MAX_BYTES, &text, &n, err) < 0)
		return err->sys == ENOENT || err->sys == ENOTDIR ? 0 : err_wrap(err, "container");
	/* The machine lost its power before the document was on disk: ctr gc removes that container. */
	if (file_is_blank(text, n))
		return 0;
	doc = json_parse(path, text, n, err);
	if (!doc)
		return err_wrap(err, "container");
	return want_layers(name, json_object_get(doc, "layers"), w, err);
}

struct survey {
	int dir;
	struct gc_wanted *wanted;
};

static int survey_container(const char *name, void *arg, struct err *err)
{
	const struct survey *s = arg;

	if (name[0] == '.' || read_container(s->dir, name, s->wanted, err) == 0)
		return 0;
	s->wanted->keep_layers = true;
	return overlook(s->wanted->quiet, err);
}

/* One that is renamed meanwhile keeps its layers. */
static int survey_containers(int root_fd, struct gc_wanted *w, struct err *err)
{
	autofd int dir = openat(root_fd, "containers", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return errno == ENOENT ? 0 : err_sys(err, "open the containers");
	return names_each(dir, "the containers", survey_container, &(struct survey){dir, w}, err);
}

static void survey_stage(int dir, struct gc_wanted *w)
{
	autodir DIR *d = dir_open_at(dir, "keep");
	struct dirent *e;

	while (d && (e = readdir(d))) {
		if (!digest_hex_valid(e->d_name))
			continue;
		want(w->blobs, e->d_name);
		want(w->layers, e->d_name);
	}
}

/* A stage that nobody has locked belongs to the dead. Its descriptor, or -1. */
static int open_dead_stage(int staging, const char *name)
{
	int fd = openat(staging, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int survey_stages(int root_fd, struct gc_wanted *w, struct err *err)
{
	autodir DIR *d = dir_open_at(root_fd, "images/staging");
	struct dirent *e;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(err, "open images/staging");
	while ((errno = 0, e = readdir(d))) {
		autofd int dead = -1, fd = -1;

		if (e->d_name[0] == '.')
			continue;
		dead = open_dead_stage(dirfd(d), e->d_name);
		if (dead >= 0)
			continue;
		fd = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0)
			survey_stage(fd, w);
	}
	return errno ? err_sys(err, "read images/staging") : 0;
}

static int survey(int root_fd, bool quiet, struct gc_wanted *ret, struct err *err)
{
	struct gc_wanted w = {.blobs = json_object(),
		.layers = json_object(),
		.tops = json_object(),
		.quiet = quiet};

	if (survey_images(root_fd, &w, err) < 0 || survey_containers(root_fd, &w, err) < 0 ||
		survey_stages(root_fd, &w, err) < 0) {
		gc_wanted_free(&w);
		return -1;
	}
	*ret = w;
	return 0;
}

int gc_survey(int root_fd, struct gc_wanted *ret, struct err *err)
{
	return survey(root_fd, false, ret, err);
}

int gc_survey_again(int root_fd, struct gc_wanted *ret, struct err *err)
{
	return survey(root_fd, true, ret, err);
}

void gc_wanted_free(struct gc_wanted *w)
{
	json_decref(w->blobs);
	json_decref(w->layers);
	json_decref(w->tops);
}

/* What goes: names below images/staging, where a directory that nobody has locked is a dead stage to everyone.
 * Nothing is made for it. A full disk must not keep what fills it. */
struct trash {
	struct arena arena;
	int staging;
	const char **names;
	size_t count;
};

/* Locked meanwhile, so that of two who remove the same one the second passes on. */
static void trash_empty(struct trash *t)
{
	for (size_t i = 0; i < t->count; i++) {
		autofd int held = open_dead_stage(t->staging, t->names[i]);
		struct err err = {0};

		if (held < 0 && errno == EWOULDBLOCK)
			continue;
		if (tree_remove(t->staging, t->names[i], &err) < 0)
			warn("%s left over in staging: %s", t->names[i], err.text);
	}
	t->count = 0;
}

/* A directory of a full disk may have no room for one more name: what was moved before makes it. */
static int trash_move(struct trash *t, int dir, const char *name, struct err *err)
{
	char to[STAGE_NAME];

	if (stage_random_name(to, err) < 0)
		return -1;
	if (renameat(dir, name, t->staging, to) < 0) {
		if (errno != ENOSPC && errno != EDQUOT)
			return -1;
		trash_empty(t);
		if (renameat(dir, name, t->staging, to) < 0)
			return -1;
	}
	arena_push(&t->arena, t->names, t->count, arena_strdup(&t->arena, to));
	return 0;
}

/* A file goes at once, as it goes whole. A tree, of which an end midway would leave half, has no name in the
 * store any more when it goes. */
static int remove_unwanted(int root_fd, const char *path, const json_t *wanted, struct trash *t,
	uint64_t *count, struct err *err)
{
	autodir DIR *d = dir_open_at(root_fd, path);
	struct dirent *e;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(err, "open %s", path);
	while ((errno = 0, e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
			json_object_get(wanted, e->d_name))
			continue;
		if (unlinkat(dirfd(d), e->d_name, 0) < 0 &&
			(errno != EISDIR || trash_move(t, dirfd(d), e->d_name, err) < 0))
			return err_sys(err, "remove %s/%s", path, e->d_name);
		(*count)++;
	}
	return errno ? err_sys(err, "read %s", path) : 0;
}

static int find_dead_stages(struct trash *t, uint64_t *count, struct err *err)
{
	autodir DIR *d = dir_open_at(t->staging, ".");
	struct dirent *e;

	if (!d)
		return err_sys(err, "open images/staging");
	while ((errno = 0, e = readdir(d))) {
		autofd int fd = -1;

		if (e->d_name[0] == '.')
			continue;
		fd = open_dead_stage(t->staging, e->d_name);
		if (fd < 0)
			continue;
		arena_push(&t->arena, t->names, t->count, arena_strdup(&t->arena, e->d_name));
		(*count)++;
	}
	return errno ? err_sys(err, "read images/staging") : 0;
}

/* A name is written under the exclusive lock, which is ours: what has only a temporary one is dead. */
static int remove_half_written(int root_fd, struct err *err)
{
	autodir DIR *d = dir_open_at(root_fd, "images/refs");
	struct dirent *e;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(err, "open images/refs");
	while ((errno = 0, e = readdir(d))) {
		if (e->d_name[0] != '.' || strcmp(e->d_name, ".") == 0 ||
			strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(d), e->d_name, 0) < 0)
			return err_sys(err, "remove images/refs/%s", e->d_name);
	}
	return errno ? err_sys(err, "read images/refs") : 0;
}

/* Files first: what they free may be what a name needs. */
static int remove_all(int root_fd, const struct gc_wanted *w, struct trash *t,
	struct gc_result *done, struct err *err)
{
	uint64_t ignored = 0;

	if (find_dead_stages(t, &done->stages, err) < 0 || remove_half_written(root_fd, err) < 0)
		return -1;
	if (!w->keep_blobs &&
		(remove_unwanted(root_fd, "images/blobs/sha256", w->blobs, t, &done->blobs, err) <
				0 ||
			remove_unwanted(root_fd, "images/diffs", w->blobs, t, &ignored, err) < 0))
		return -1;
	if (w->keep_layers)
		return 0;
	return remove_unwanted(root_fd, "images/layers", w->layers, t, &done->layers, err);
}

/* Only of a store that nothing was imported into it is missing. */
static int open_staging(int root_fd, struct err *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(root_fd, "images/staging", flags);

	if (fd < 0 && errno == ENOENT && mkdirat(root_fd, "images/staging", 0700) == 0)
		fd = openat(root_fd, "images/staging", flags);
	return fd < 0 ? err_sys(err, "open images/staging") : fd;
}

int gc_run(int root_fd, const struct gc_wanted *w, int *lock_fd, struct gc_result *ret,
	struct err *err)
{
	struct gc_result done = {0};
	autofd int staging = open_staging(root_fd, err);
	struct trash trash = {.staging = staging};
	int r;

	if (staging < 0)
		return -1;
	r = remove_all(root_fd, w, &trash, &done, err);
	close(take_fd(lock_fd));
	trash_empty(&trash);
	arena_free(&trash.arena);
	if (r == 0 && ret)
		*ret = done;
	return r;
}
