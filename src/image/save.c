#include "base/fd.h"
#include "base/file.h"
#include "base/program.h"
#include "image/commands.h"
#include "image/reference.h"
#include "image/store.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { CHUNK = 256 << 10 };

/* Where a layout is written: files below a directory, or entries of a tar. */
struct sink {
	int dir; /* -1: tar */
	struct archive *tar;
};

static const char layout_version[] = "{\"imageLayoutVersion\":\"1.0.0\"}";

/* skopeo and umoci look for the tag alone, containerd and we for the whole name. */
static char *index_text(const struct image *image, size_t manifest_size, struct err *err)
{
	const char *media = "application/vnd.oci.image.manifest.v1+json";
	autojson json_t *doc = json_pack("{s:i, s:[{s:s, s:o, s:I, s:{s:s, s:s}, s:{s:s, s:s}}]}",
		"schemaVersion", 2, "manifests", "mediaType", media, "digest",
		json_sprintf("sha256:%s", image->manifest), "size", (json_int_t)manifest_size,
		"annotations", "org.opencontainers.image.ref.name", strrchr(image->name, ':') + 1,
		"io.containerd.image.name", image->name, "platform", "architecture",
		image->architecture, "os", image->os);

	return doc ? json_text(doc, JSON_COMPACT, err)
		   : (err_set(err, "cannot write index.json"), NULL);
}

/* libarchive's own words leave out why. */
static int tar_failed(struct archive *tar, struct err *err)
{
	int sys = archive_errno(tar);

	if (sys <= 0)
		return err_set(err, "write: %s", archive_error_string(tar));
	errno = sys;
	return err_sys(err, "write");
}

static int tar_header(struct sink *s, const char *name, mode_t type, uint64_t size, struct err *err)
{
	struct archive_entry *e = archive_entry_new();
	int r;

	archive_entry_set_pathname(e, name);
	archive_entry_set_filetype(e, type);
	archive_entry_set_perm(e, type == AE_IFDIR ? 0755 : 0644);
	archive_entry_set_size(e, (int64_t)size);
	archive_entry_set_mtime(e, 0, 0);
	r = archive_write_header(s->tar, e);
	archive_entry_free(e);
	return r == ARCHIVE_OK ? 0 : tar_failed(s->tar, err);
}

static int sink_dir(struct sink *s, const char *name, struct err *err)
{
	if (s->tar)
		return tar_header(s, name, AE_IFDIR, 0, err);
	if (mkdirat(s->dir, name, 0777) < 0)
		return err_sys(err, "make directory %s", name);
	return 0;
}

static int sink_text(struct sink *s, const char *name, const char *text, struct err *err)
{
	size_t len = strlen(text);

	if (!s->tar)
		return file_write(s->dir, name, text, len, 0666, FILE_SYNC, err);
	if (tar_header(s, name, AE_IFREG, len, err) < 0)
		return -1;
	if (archive_write_data(s->tar, text, len) != (ssize_t)len)
		return tar_failed(s->tar, err);
	return 0;
}

static int copy_to_tar(struct sink *s, int from, struct err *err)
{
	autofree char *buf = malloc(CHUNK);
	ssize_t n = -1;

	while (buf && (n = fd_read_all(from, buf, CHUNK)) > 0)
		if (archive_write_data(s->tar, buf, (size_t)n) != n)
			return tar_failed(s->tar, err);
	return n < 0 ? err_sys(err, "read a blob") : 0;
}

static int copy_to_file(struct sink *s, int from, const char *name, uint64_t size, struct err *err)
{
	autofd int to = openat(s->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (to < 0)
		return err_sys(err, "create %s", name);
	while (size) {
		ssize_t n = copy_file_range(from, NULL, to, NULL, size, 0);

		if (n < 0)
			return err_sys(err, "write %s", name);
		if (n == 0)
			return err_set(err, "%s is cut short", name);
		size -= (uint64_t)n;
	}
	return fsync(to) < 0 ? err_sys(err, "write %s", name) : 0;
}

static int sink_blob(struct sink *s, int blobs, const char *hex, uint64_t *ret_size,
	struct err *err)
{
	autofd int from = openat(blobs, hex, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char name[100];
	struct stat st;

	if (from < 0 || fstat(from, &st) < 0)
		return err_sys(err, "open blob sha256:%s", hex);
	snprintf(name, sizeof(name), "blobs/sha256/%s", hex);
	*ret_size = (uint64_t)st.st_size;
	if (!s->tar)
		return copy_to_file(s, from, name, *ret_size, err);
	if (tar_header(s, name, AE_IFREG, *ret_size, err) < 0)
		return -1;
	return copy_to_tar(s, from, err);
}

static bool seen_before(const struct image *image, size_t i)
{
	for (size_t n = 0; n < i; n++)
		if (strcmp(image->blobs[n], image->blobs[i]) == 0)
			return true;
	return false;
}

/* index.json comes last: a layout cut short is not one. */
static int write_layout(struct sink *s, int blobs, const struct image *image, struct err *err)
{
	autofree char *index = NULL;
	uint64_t manifest_size, ignored;

	if (sink_dir(s, "blobs", err) < 0 || sink_dir(s, "blobs/sha256", err) < 0 ||
		sink_blob(s, blobs, image->manifest, &manifest_size, err) < 0 ||
		sink_blob(s, blobs, image->id, &ignored, err) < 0)
		return -1;
	for (size_t i = 0; i < image->blob_count; i++)
		if (!seen_before(image, i) &&
			sink_blob(s, blobs, image->blobs[i], &ignored, err) < 0)
			return -1;
	index = index_text(image, manifest_size, err);
	if (!index || sink_text(s, "oci-layout", layout_version, err) < 0)
		return -1;
	return sink_text(s, "index.json", index, err);
}

static int save_dir(const char *path, int blobs, const struct image *image, struct err *err)
{
	autofd int dir = -1;
	struct sink s;

	if (mkdir(path, 0777) < 0)
		return err_sys(err, "make directory %.200s", path);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s = (struct sink){.dir = dir};
	if (dir >= 0 && write_layout(&s, blobs, image, err) == 0)
		return 0;
	if (dir < 0)
		err_sys(err, "open directory %.200s", path);
	tree_remove(AT_FDCWD, path, &(struct err){0});
	return -1;
}

static int write_tar(int fd, int blobs, const struct image *image, struct err *err)
{
	struct sink s = {.dir = -1, .tar = archive_write_new()};
	int r = -1;

	archive_write_set_format_pax_restricted(s.tar);
	archive_write_set_bytes_per_block(s.tar, CHUNK);
	archive_write_set_bytes_in_last_block(s.tar, 512);
	if (archive_write_open_fd(s.tar, fd) != ARCHIVE_OK)
		tar_failed(s.tar, err);
	else
		r = write_layout(&s, blobs, image, err);
	if (r == 0 && archive_write_close(s.tar) != ARCHIVE_OK)
		r = tar_failed(s.tar, err);
	archive_write_free(s.tar);
	return r;
}

/* A file without a name, which goes with its last descriptor; -1 with EOPNOTSUPP where the file system
 * has none. */
static int open_nameless(const char *path, mode_t mode)
{
	const char *slash = strrchr(path, '/');
	autofree char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");

	return dir ? open(dir, O_WRONLY | O_TMPFILE | O_CLOEXEC, mode) : -1;
}

static int give_name(int fd, const char *path)
{
	char self[32];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

/* Whole, in the place of what there is. tmp: another name for it, which it has already, or not yet. */
static int put_in_place(int fd, bool nameless, const char *tmp, const char *path)
{
	if (fsync(fd) < 0)
		return -1;
	if (nameless) {
		if (give_name(fd, path) == 0)
			return 0;
		if (errno != EEXIST || give_name(fd, tmp) < 0)
			return -1;
	}
	return rename(tmp, path);
}

/* A pipe, a device, or a link such as /dev/stdout: written to, and never replaced by a file. */
static int save_into(const char *path, int blobs, const struct image *image, struct err *err)
{
	autofd int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "open %.200s", path);
	return write_tar(fd, blobs, image, err);
}

/* The new file can be read by those who could read the one that it replaces, and by nobody else. */
static int take_place_of(int fd, const struct stat *there)
{
	if (!there)
		return 0;
	/* Only root can give a file away. */
	if (fchown(fd, there->st_uid, there->st_gid) < 0 && errno != EPERM)
		return -1;
	return fchmod(fd, there->st_mode & 0777);
}

/* Without its name until it is whole; there is what has the name now, or NULL. */
static int save_file(const char *path, const struct stat *there, int blobs,
	const struct image *image, struct err *err)
{
	char tmp[4096];
	mode_t mode = there ? 0600 : 0666;
	autofd int fd = open_nameless(path, mode);
	bool nameless = fd >= 0;

	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.%d.tmp", path, (int)getpid()) >= sizeof(tmp))
		return err_set(err, "the file name is too long");
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return err_sys(err, "create %.200s", path);
	if (write_tar(fd, blobs, image, err) == 0) {
		if (take_place_of(fd, there) == 0 && put_in_place(fd, nameless, tmp, path) == 0)
			return 0;
		err_sys(err, "write %.200s", path);
	}
	unlink(tmp);
	return -1;
}

static int save(int root_fd, const struct image *image, const char *out, const char *format,
	struct err *err)
{
	autofd int blobs = openat(root_fd, "images/blobs/sha256",
		O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool to_stdout = !out || strcmp(out, "-") == 0;
	struct stat st;
	bool there = !to_stdout && lstat(out, &st) == 0;

	if (blobs < 0)
		return err_sys(err, "open the blobs");
	umask(program_users_umask());
	if (format && strcmp(format, "oci-dir") == 0) {
		if (!to_stdout)
			return save_dir(out, blobs, image, err);
		return err_set(err, "a directory cannot go to standard output: name it with -o");
	}
	if (there && !S_ISREG(st.st_mode))
		return save_into(out, blobs, image, err);
	if (!to_stdout)
		return save_file(out, there ? &st : NULL, blobs, image, err);
	if (!isatty(STDOUT_FILENO))
		return write_tar(STDOUT_FILENO, blobs, image, err);
	err_set(err, "standard output is a terminal");
	return err_hint(err, "-o FILE, or a pipe");
}

struct save_options {
	const char *out, *format;
};

static const struct flag flags[] = {
	{"output", 'o', "FILE", "where to; - is standard output (default)",
		FLAG_TEXT(save_options, out)},
	{"format", 0, "oci-tar|oci-dir", "a tar (default) or a directory",
		FLAG_TEXT(save_options, format)},
	{0},
};

static int run(int root_fd, void *options, int argc, char **argv, struct err *err)
{
	const struct save_options *o = options;
	const char *format = o->format;
	autofd int lock = -1;
	struct image image;
	int r;

	(void)argc;
	if (format && strcmp(format, "oci-tar") != 0 && strcmp(format, "oci-dir") != 0)
		return err_set(err, "unknown format '%.40s': oci-tar or oci-dir", format);
	lock = image_lock(root_fd, IMAGE_SHARED, err);
	if (lock < 0 || image_open(root_fd, argv[0], &image, err) < 0)
		return -1;
	r = save(root_fd, &image, o->out, format, err);
	image_free(&image);
	return r;
}

const struct command image_save = {
	.name = "save",
	.synopsis = "[-o FILE] [--format oci-tar|oci-dir] IMAGE",
	.summary = "Write an image as OCI layout, for skopeo, podman, umoci and others to read",
	.examples =
		"  ctr image save debian -o debian.tar\n"
		"  ctr image save debian | ssh host ctr image import -\n"
		"  ctr image save --format oci-dir -o layout debian && skopeo inspect oci:layout:latest\n",
	.flags = flags,
	.options_size = sizeof(struct save_options),
	.words_min = 1,
	.words_max = 1,
	.run = run,
};
