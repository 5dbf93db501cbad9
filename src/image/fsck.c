#include "base/fd.h"
#include "base/output.h"
#include "image/commands.h"
#include "image/digest.h"
#include "image/progress.h"
#include "image/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct tally {
	uint64_t blobs, images, bytes, problems;
};

static void problem(struct tally *t, const char *what, const char *why)
{
	progress_end();
	output_print(stdout, "%s: %s\n", what, why);
	t->problems++;
}

static void check_blob(int dir, const char *name, struct tally *t)
{
	autofd int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char what[300], hex[DIGEST_HEX + 1];
	struct err err = {0};
	uint64_t size;

	snprintf(what, sizeof(what), "blob sha256:%s", name);
	t->blobs++;
	if (fd < 0)
		problem(t, what, strerror(errno));
	else if (digest_of_file(fd, hex, &size, &err) < 0)
		problem(t, what, err.text);
	else if (strcmp(hex, name) != 0)
		problem(t, what, "damaged: its digest differs");
	else
		t->bytes += size;
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
			check_blob(dirfd(d), e->d_name, t);
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

static void check_image(int root_fd, const char *name, struct tally *t)
{
	struct err err = {0};
	struct image i;

	t->images++;
	if (image_open(root_fd, name, &i, &err) < 0) {
		problem(t, name, err.text);
		return;
	}
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
		check_image(root_fd, names[i], t);
	arena_free(&a);
	progress_begin("check", 0);
	r = r == 0 ? check_blobs(root_fd, t, err) : r;
	progress_end();
	return r;
}

static int run(const struct command *self, int root_fd, int argc, char **argv, struct err *err)
{
	int r = command_begin(self, NULL, 0, &argc, argv, 0, 0, err);
	struct tally t = {0};

	if (r)
		return r < 0 ? -1 : 0;
	if (check_all(root_fd, &t, err) < 0)
		return -1;
	printf("%llu images, %llu blobs, %llu problems\n", (unsigned long long)t.images,
		(unsigned long long)t.blobs, (unsigned long long)t.problems);
	return t.problems ? 1 : 0;
}

const struct command image_check = {
	"fsck",
	"",
	"Verify the digest of every blob and that every image is complete",
	"  ctr image fsck || ctr image import backup.tar\n",
	run,
};
