#include "base/fd.h"
#include "base/json.h"
#include "base/output.h"
#include "image/commands.h"
#include "image/diff.h"
#include "image/digest.h"
#include "image/progress.h"
#include "image/store.h"
#include "image/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct tally {
	uint64_t blobs, images, bytes, problems;
	json_t *diffs; /* blob of a layer → its diff id, null before it is computed */
};

static void problem(struct tally *t, const char *what, const char *why)
{
	progress_end();
	output_print(stdout, "%s: %s\n", what, why);
	t->problems++;
}

/* A layer is decompressed, to know what it unpacks to. */
static int measure_layer(int fd, char ret_hex[DIGEST_HEX + 1], struct diff *ret, uint64_t *ret_size,
	struct err *err)
{
	struct stream *s = stream_start(fd, -1, STREAM_COPY_NONE, UINT64_MAX, UINT64_MAX, err);
	struct stream_totals t;

	if (!s || stream_end(s, &t, err) < 0)
		return -1;
	strcpy(ret_hex, t.input);
	strcpy(ret->id, t.diff);
	ret->size = t.output_size;
	*ret_size = t.input_size;
	return 0;
}

static void check_record(int root_fd, const char *blob, const char *what, const struct diff *found,
	struct tally *t)
{
	autofd int dir = openat(root_fd, "images/diffs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err err = {0};
	struct diff known;

	if (dir >= 0 && diff_read(dir, blob, &known, &err) == 1 &&
		(strcmp(known.id, found->id) != 0 || known.size != found->size))
		problem(t, what, "the record of what it unpacks to is wrong");
	json_object_set_new(t->diffs, blob, json_string(found->id));
}

static void check_blob(int root_fd, int dir, const char *name, struct tally *t)
{
	autofd int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool layer = json_object_get(t->diffs, name) != NULL;
	char what[300], hex[DIGEST_HEX + 1];
	struct err err = {0};
	struct diff diff;
	uint64_t size;

	snprintf(what, sizeof(what), "blob sha256:%s", name);
	t->blobs++;
	if (fd < 0)
		problem(t, what, strerror(errno));
	else if ((layer ? measure_layer(fd, hex, &diff, &size, &err)
			: digest_of_file(fd, hex, &size, &err)) < 0)
		problem(t, what, err.text);
	else if (strcmp(hex, name) != 0)
		problem(t, what, "damaged: its digest differs");
	else
		t->bytes += size;
	if (!err.text[0] && fd >= 0 && layer && strcmp(hex, name) == 0)
		check_record(root_fd, name, what, &diff, t);
	progress_show(t->bytes);
}

static int check_blobs(int root_fd, struct tally *t, struct err *err)
{
	autodir DIR *d = dir_open_at(root_fd, "images/blobs/sha256");
	struct dirent *e;

	if (!d)
		return errno == ENOENT ? 0 : err_sys(err, "open the blobs");
	while ((errno = 0, e = readdir(d)))
		if (e->d_name[0] != '.')
			check_blob(root_fd, dirfd(d), e->d_name, t);
	return errno ? err_sys(err, "read the blobs") : 0;
}

static void check_exists(int root_fd, const char *image, const char *dir, const char *hex,
	mode_t kind, struct tally *t)
{
	char path[200], what[REFERENCE_MAX + 240];
	struct stat st;

	snprintf(path, sizeof(path), "images/%s/%s", dir, hex);
	snprintf(what, sizeof(what), "image %s: %s", image, path);
	if (fstatat(root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		problem(t, what, errno == ENOENT ? "missing" : strerror(errno));
	else if ((st.st_mode & S_IFMT) != kind)
		problem(t, what, "of the wrong kind");
}

/* A config has a diff id for each layer; the record need not have the lowest layers, where one above hides
 * all that they have. */
static void check_layers(const char *name, const struct image *i, const json_t *diffs,
	struct tally *t)
{
	char chain[DIGEST_HEX + 1] = "", below[DIGEST_HEX + 1], what[REFERENCE_MAX + 64];
	size_t hidden = i->blob_count - i->layer_count;

	for (size_t n = 0; n < i->blob_count; n++) {
		const char *text = json_string_value(json_array_get(diffs, n));
		const char *said = text ? digest_hex(text) : NULL;
		const char *found = json_string_value(json_object_get(t->diffs, i->blobs[n]));

		snprintf(what, sizeof(what), "image %s: layer %zu", name, n + 1);
		if (!said || (found && strcmp(said, found) != 0)) {
			problem(t, what, "its blob does not unpack to what the config says");
			return;
		}
		memcpy(below, chain, sizeof(below));
		digest_chain(n ? below : NULL, said, chain);
		if (n >= hidden && strcmp(chain, i->layers[n - hidden]) != 0)
			problem(t, what, "its tree is not that of the config");
	}
}

static void check_config(int root_fd, const char *name, const struct image *i, struct tally *t)
{
	char path[120], what[REFERENCE_MAX + 64];
	struct err err = {0};
	autojson json_t *config = NULL;
	const json_t *diffs;

	snprintf(path, sizeof(path), "images/blobs/sha256/%s", i->id);
	snprintf(what, sizeof(what), "image %s: config", name);
	config = json_read(root_fd, path, &err);
	if (!config && err.sys == ENOENT)
		return;
	diffs = json_object_get(json_object_get(config, "rootfs"), "diff_ids");
	if (!config)
		problem(t, what, err.text);
	else if (json_array_size(diffs) != i->blob_count || i->layer_count > i->blob_count)
		problem(t, what, "its layers are not those of the image");
	else
		check_layers(name, i, diffs, t);
}

/* For each image twice: which blobs are layers is known before they are read, what they are after. */
static void note_layers(int root_fd, const char *name, struct tally *t)
{
	struct err ignored;
	struct image i;

	if (image_read(root_fd, name, &i, &ignored) < 0)
		return;
	for (size_t n = 0; n < i.blob_count; n++)
		json_object_set_new(t->diffs, i.blobs[n], json_null());
	image_free(&i);
}

static void check_image(int root_fd, const char *name, struct tally *t)
{
	struct err err = {0};
	struct image i;

	t->images++;
	if (image_read(root_fd, name, &i, &err) < 0) {
		problem(t, name, err.text);
		return;
	}
	check_config(root_fd, name, &i, t);
	check_exists(root_fd, name, "blobs/sha256", i.manifest, S_IFREG, t);
	check_exists(root_fd, name, "blobs/sha256", i.id, S_IFREG, t);
	for (size_t n = 0; n < i.blob_count; n++)
		check_exists(root_fd, name, "blobs/sha256", i.blobs[n], S_IFREG, t);
	for (size_t n = 0; n < i.layer_count; n++)
		check_exists(root_fd, name, "layers", i.layers[n], S_IFDIR, t);
	image_free(&i);
}

static int check_all(int root_fd, struct tally *t, struct err *err)
{
	autofd int lock = image_lock(root_fd, IMAGE_SHARED, err);
	struct arena a = {0};
	const char **names;
	size_t count;
	int r;

	if (lock < 0)
		return -1;
	r = image_names(root_fd, &a, &names, &count, err);
	for (size_t i = 0; r == 0 && i < count; i++)
		note_layers(root_fd, names[i], t);
	progress_begin("check", 0);
	r = r == 0 ? check_blobs(root_fd, t, err) : r;
	progress_end();
	for (size_t i = 0; r == 0 && i < count; i++)
		check_image(root_fd, names[i], t);
	arena_free(&a);
	return r;
}

static int run(int root_fd, void *options, int argc, char **argv, struct err *err)
{
	autojson json_t *diffs = json_object();
	struct tally t = {.diffs = diffs};

	(void)options, (void)argc, (void)argv;
	if (check_all(root_fd, &t, err) < 0)
		return -1;
	printf("%llu images, %llu blobs, %llu problems\n", (unsigned long long)t.images,
		(unsigned long long)t.blobs, (unsigned long long)t.problems);
	return t.problems ? 1 : 0;
}

const struct command image_check = {
	.name = "fsck",
	.synopsis = "",
	.summary = "Verify every blob, and that every image is complete and what its config says",
	.examples = "  ctr image fsck || ctr image import backup.tar\n",
	.run = run,
};
