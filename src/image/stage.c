#include "image/stage.h"

#include "base/fd.h"
#include "base/file.h"
#include "image/digest.h"
#include "image/reference.h"
#include "image/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

static int make_dir_at(int dir, const char *name, struct err *err)
{
	int fd;

	if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
		return err_sys(err, "make %s in the image store", name);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "open %s in the image store", name) : fd;
}

static int make_store_dirs(int images, struct err *err)
{
	static const char *const names[] = {"blobs", "blobs/sha256", "diffs", "layers", "refs",
		"staging"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (mkdirat(images, names[i], 0700) < 0 && errno != EEXIST)
			return err_sys(err, "make images/%s", names[i]);
	return 0;
}

int stage_random_name(char name[STAGE_NAME], struct err *err)
{
	uint64_t r;

	if (getrandom(&r, sizeof(r), 0) != sizeof(r))
		return err_sys(err, "get a random number");
	snprintf(name, STAGE_NAME, "%016llx", (unsigned long long)r);
	return 0;
}

/* Under the shared lock, so that gc never sees a stage that is not locked yet. */
static int make_stage(struct stage *s, struct err *err)
{
	autofd int staging = make_dir_at(s->images, "staging", err);

	if (staging < 0 || stage_random_name(s->name, err) < 0)
		return -1;
	s->dir = make_dir_at(staging, s->name, err);
	if (s->dir < 0)
		return -1;
	if (flock(s->dir, LOCK_EX | LOCK_NB) < 0)
		return err_sys(err, "lock the staging directory");
	if ((s->blobs = make_dir_at(s->dir, "blobs", err)) < 0 ||
		(s->layers = make_dir_at(s->dir, "layers", err)) < 0 ||
		(s->diffs = make_dir_at(s->dir, "diffs", err)) < 0 ||
		(s->keep = make_dir_at(s->dir, "keep", err)) < 0)
		return -1;
	return 0;
}

static int open_locked(int root_fd, struct stage *ret, struct err *err)
{
	struct stage s = {root_fd, -1, -1, -1, -1, -1, -1, ""};

	s.images = make_dir_at(root_fd, "images", err);
	if (s.images < 0 || make_store_dirs(s.images, err) < 0 || make_stage(&s, err) < 0) {
		stage_close(&s);
		return -1;
	}
	*ret = s;
	return 0;
}

int stage_open(int root_fd, struct stage *ret, struct err *err)
{
	autofd int lock = image_lock(root_fd, IMAGE_SHARED, err);

	return lock < 0 ? -1 : open_locked(root_fd, ret, err);
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void stage_close(struct stage *s)
{
	struct err err = {0};
	autofd int staging = -1;

	if (s->images >= 0 && s->dir >= 0) {
		staging = openat(s->images, "staging", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (staging < 0)
			err_sys(&err, "open images/staging");
		if (staging < 0 || tree_remove(staging, s->name, &err) < 0)
			warn("%s left over in staging: %s", s->name, err.text);
	}
	close_one(&s->blobs);
	close_one(&s->layers);
	close_one(&s->diffs);
	close_one(&s->keep);
	close_one(&s->dir);
	close_one(&s->images);
}

/* The mark comes before the look, and the look waits for a gc that is under way: it has seen the
 * mark, or what it removed is gone before we look. */
static int keep_and_look(struct stage *s, const char *hex, const char *path, bool *ret,
	struct err *err)
{
	autofd int fd = openat(s->keep, hex, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	autofd int lock = -1;

	if (fd < 0)
		return err_sys(err, "mark %s", path);
	lock = image_lock(s->root, IMAGE_SHARED, err);
	if (lock < 0)
		return -1;
	*ret = faccessat(s->images, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	return *ret || errno == ENOENT ? 0 : err_sys(err, "look for %s", path);
}

int stage_has_layer(struct stage *s, const char *chain, bool *ret, struct err *err)
{
	char path[100];

	if (faccessat(s->layers, chain, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		*ret = true;
		return 0;
	}
	snprintf(path, sizeof(path), "layers/%s", chain);
	return keep_and_look(s, chain, path, ret, err);
}

int stage_has_blob(struct stage *s, const char *hex, bool *ret, struct err *err)
{
	char path[100];

	if (faccessat(s->blobs, hex, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		*ret = true;
		return 0;
	}
	snprintf(path, sizeof(path), "blobs/sha256/%s", hex);
	return keep_and_look(s, hex, path, ret, err);
}

int stage_new_blob(struct stage *s, struct err *err)
{
	int fd = openat(s->dir, "blob", O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? err_sys(err, "create a blob in the image store") : fd;
}

int stage_name_blob(struct stage *s, const char *hex, struct err *err)
{
	if (renameat(s->dir, "blob", s->blobs, hex) < 0)
		return err_sys(err, "name the blob %s", hex);
	return 0;
}

int stage_drop_blob(struct stage *s, struct err *err)
{
	return tree_remove(s->dir, "blob", err);
}

int stage_write_blob(struct stage *s, const void *data, size_t len, char ret_hex[65],
	struct err *err)
{
	char hex[DIGEST_HEX + 1];

	digest_of(data, len, hex);
	if (file_write(s->blobs, hex, data, len, 0600, FILE_NOSYNC, err) < 0)
		return -1;
	memcpy(ret_hex, hex, sizeof(hex));
	return 0;
}

int stage_note_diff(struct stage *s, const char *blob, const struct diff *diff, struct err *err)
{
	return diff_write(s->diffs, blob, diff, err);
}

int stage_find_diff(struct stage *s, const char *blob, struct diff *ret, bool *ret_known,
	struct err *err)
{
	autofd int dir = openat(s->images, "diffs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = diff_read(s->diffs, blob, ret, err);

	if (dir < 0)
		return err_sys(err, "open images/diffs");
	r = r == 0 ? diff_read(dir, blob, ret, err) : r;
	*ret_known = r > 0;
	return r < 0 ? -1 : 0;
}

int stage_new_tree(struct stage *s, struct err *err)
{
	if (tree_remove(s->dir, "tree", err) < 0)
		return -1;
	return make_dir_at(s->dir, "tree", err);
}

int stage_name_tree(struct stage *s, const char *chain, struct err *err)
{
	if (renameat(s->dir, "tree", s->layers, chain) < 0)
		return err_sys(err, "name the layer %s", chain);
	return 0;
}

int stage_set_aside(struct stage *s, struct err *err)
{
	if (renameat(s->dir, "tree", s->dir, "source") < 0)
		return err_sys(err, "set the archive's tree aside");
	return 0;
}

int stage_open_layer(struct stage *s, const char *chain, struct err *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	char path[100];
	int fd = openat(s->layers, chain, flags);

	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "layers/%s", chain);
	fd = openat(s->images, path, flags);
	return fd < 0 ? err_sys(err, "open layer %s", chain) : fd;
}

/* Moves every entry of from into the directory to; what is there already is the same, and stays, or is
 * replaced (RENAME_NOREPLACE, 0). */
static int move_all(int from, int to, unsigned how, struct err *err)
{
	autodir DIR *d = dir_open_at(from, ".");
	struct dirent *e;

	if (!d)
		return err_sys(err, "read the staging directory");
	while ((errno = 0, e = readdir(d))) {
		if (!digest_hex_valid(e->d_name))
			continue;
		if (renameat2(from, e->d_name, to, e->d_name, how) < 0 && errno != EEXIST)
			return err_sys(err, "move %s into the image store", e->d_name);
	}
	if (errno)
		return err_sys(err, "read the staging directory");
	return fsync(to) < 0 ? err_sys(err, "sync the image store") : 0;
}

/* What would not read back is not written: it would be in the way of every other image. */
static char *record_checked(const struct stage_name *n, struct err *err)
{
	struct image named = *n->image, again;
	autofree char *text = NULL;
	autojson json_t *doc = NULL;

	named.name = n->name;
	text = record_text(&named, err);
	doc = text ? json_parse("its record", text, strlen(text), err) : NULL;
	if (!doc || record_parse("its record", doc, &again, err) < 0)
		return NULL;
	image_free(&again);
	return take_ptr(&text);
}

static int write_record(struct stage *s, const struct stage_name *n, struct err *err)
{
	autofd int refs = openat(s->images, "refs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autofree char *text = record_checked(n, err);
	struct reference ref;
	char file[256];

	if (!text || reference_parse(n->name, &ref, err) < 0)
		return -1;
	if (refs < 0)
		return err_sys(err, "open images/refs");
	return file_write(refs, reference_file(&ref, file), text, strlen(text), 0600, FILE_SYNC,
		err);
}

int stage_check_name(struct stage *s, const struct stage_name *n, struct err *err)
{
	struct image there;
	bool same;

	if (n->replace)
		return 0;
	if (image_read(s->root, n->name, &there, err) < 0)
		return err->sys == ENOENT ? 0 : -1;
	same = strcmp(there.id, n->image->id) == 0;
	if (!same)
		err_set(err, "the name %s is that of another image, %.12s", n->name, there.id);
	image_free(&there);
	if (same)
		return 0;
	return err_hint(err, "give it a name of your own, ctr image import FILE NAME, or take that "
			     "one with --replace");
}

static int write_records(struct stage *s, const struct stage_name *names, size_t count,
	struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (stage_check_name(s, &names[i], err) < 0)
			return -1;
	for (size_t i = 0; i < count; i++)
		if (write_record(s, &names[i], err) < 0)
			return -1;
	return 0;
}

int stage_commit(struct stage *s, const struct stage_name *names, size_t count, struct err *err)
{
	autofd int lock = -1, blobs = -1, layers = -1, diffs = -1;
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

	if (syncfs(s->dir) < 0)
		return err_sys(err, "write the image to disk");
	lock = image_lock(s->root, IMAGE_EXCLUSIVE, err);
	if (lock < 0)
		return -1;
	blobs = openat(s->images, "blobs/sha256", flags);
	layers = openat(s->images, "layers", flags);
	diffs = openat(s->images, "diffs", flags);
	if (blobs < 0 || layers < 0 || diffs < 0)
		return err_sys(err, "open the image store");
	if (move_all(s->blobs, blobs, RENAME_NOREPLACE, err) < 0 ||
		move_all(s->diffs, diffs, 0, err) < 0 ||
		move_all(s->layers, layers, RENAME_NOREPLACE, err) < 0)
		return -1;
	return write_records(s, names, count, err);
}
