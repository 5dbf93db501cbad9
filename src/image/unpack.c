#include "image/unpack.h"

#include "base/fd.h"
#include "base/file.h"
#include "image/content.h"
#include "image/entry.h"
#include "image/interrupt.h"
#include "image/leftout.h"
#include "image/progress.h"
#include "image/tarform.h"
#include "image/treedir.h"
#include "image/whiteout.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct unpack {
	const struct unpack_job *job;
	struct archive *tar;
	struct archive_entry *entry;
	struct entry_path path;               /* of the entry at hand */
	int parent;                           /* its parent directory */
	char parent_path[ENTRY_PATH_MAX + 1]; /* what parent was opened as */
	struct entry_owner owner;             /* of the entry at hand */
	FILE *dirs;      /* times of directories, set once nothing more is put in them */
	FILE *whiteouts; /* looked at again at the end */
	struct leftout leftout;
	struct tarform form;
	bool top;   /* the top had its entry */
	bool twice; /* some name came, or may have come, before */
	uint64_t bytes_left, entries;
	bool at_end;   /* of the stream: more was wanted of it than there is */
	bool unpadded; /* it ends with the last byte of the last file */
	struct err stream_err;
};

struct dir_time {
	struct timespec mtime;
	uint32_t length; /* of the path that follows */
};

static ssize_t feed(struct archive *a, void *arg, const void **ret)
{
	struct unpack *u = arg;
	ssize_t n = stream_next(u->job->stream, ret, &u->stream_err);

	if (n < 0)
		archive_set_error(a, EIO, "%s", u->stream_err.text);
	u->at_end = n == 0;
	progress_show(stream_position(u->job->stream));
	if (n > 0)
		tarform_add(&u->form, *ret, (size_t)n);
	return n;
}

static int remember_time(void *arg, const char *path, struct timespec mtime, struct err *err)
{
	struct unpack *u = arg;
	struct dir_time t = {mtime, (uint32_t)strlen(path)};

	if (fwrite(&t, sizeof(t), 1, u->dirs) != 1 ||
		fwrite(path, 1, t.length, u->dirs) != t.length)
		return err_sys(err, "write a temporary file");
	return 0;
}

static int too_many(struct err *err)
{
	return err_set(err, "there are more than %d entries and directories", UNPACK_ENTRIES_MAX);
}

/* Entries of one directory mostly follow each other, so the last parent is kept open. */
static int enter_parent(struct unpack *u, struct err *err)
{
	int fd;

	if (u->parent >= 0 && strcmp(u->parent_path, u->path.parent) == 0)
		return 0;
	fd = treedir_open_or_make(u->job->dir, u->path.parent, u->job->below, remember_time, u,
		&u->entries, err);
	if (fd < 0)
		return -1;
	if (u->entries > u->job->max_entries) {
		close(fd);
		return too_many(err);
	}
	if (u->parent >= 0)
		close(u->parent);
	u->parent = fd;
	strcpy(u->parent_path, u->path.parent);
	return 0;
}

/* The later of two entries with one name wins, as if they were applied one after the other. A directory
 * goes with all that is in it, whiteouts too: what takes its place hides the whole of it below. */
static int make_room(struct unpack *u, struct err *err)
{
	if (faccessat(u->parent, u->path.base, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return 0;
	u->twice = true;
	if (tree_remove(u->parent, u->path.base, err) < 0)
		return err_wrap(err, "replace an earlier entry of this name");
	return 0;
}

/* Owner first: chown(2) takes setuid and file capabilities away. */
static int apply_owner_and_mode(struct unpack *u, int fd, struct err *err)
{
	mode_t mode = archive_entry_perm(u->entry) & (u->owner.squashed ? 0777 : 07777);

	if (fchown(fd, u->owner.uid, u->owner.gid) < 0)
		return err_sys(err, "set its owner");
	if (fchmod(fd, mode) < 0)
		return err_sys(err, "set its mode");
	return content_apply_xattrs(u->entry, fd, err);
}

static int too_large(const struct unpack *u, struct err *err)
{
	err_set(err, "the files unpack to more than %llu bytes",
		(unsigned long long)u->job->max_bytes);
	return err_hint(err, "--max-size raises the limit");
}

static int tar_failed(struct unpack *u, struct err *err)
{
	const char *why = archive_error_string(u->tar);

	if (u->stream_err.text[0]) {
		*err = u->stream_err;
		return -1;
	}
	if (u->at_end)
		return err_set(err, "it is cut short");
	return err_set(err, "damaged%s%s", why ? ": " : "", why ? why : "");
}

static int write_data(struct unpack *u, int fd, struct err *err)
{
	int64_t size = archive_entry_size(u->entry), offset, end = 0;
	const void *data;
	size_t len;
	int r;

	while ((r = archive_read_data_block(u->tar, &data, &len, &offset)) == ARCHIVE_OK) {
		if (offset < 0 || offset > size || (int64_t)len > size - offset)
			return err_set(err, "it has more data than it announced");
		if (content_write(fd, data, len, offset, &u->bytes_left, err) < 0)
			return err->sys ? -1 : too_large(u, err);
		end = len ? offset + (int64_t)len : end;
	}
	u->unpadded = r != ARCHIVE_EOF && u->at_end && end == size && !u->stream_err.text[0];
	if (r != ARCHIVE_EOF && !u->unpadded)
		return tar_failed(u, err);
	return ftruncate(fd, size) < 0 ? err_sys(err, "set its size") : 0;
}

static int make_file(struct unpack *u, struct err *err)
{
	struct timespec ts[2];
	autofd int fd = -1;
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int64_t size = archive_entry_size(u->entry);

	/* A sparse file counts by its data, as that arrives. */
	if (archive_entry_sparse_count(u->entry) == 0 && size > 0 && (uint64_t)size > u->bytes_left)
		return too_large(u, err);
	fd = openat(u->parent, u->path.base, flags, 0600);
	if (fd < 0 && errno == EEXIST) {
		if (make_room(u, err) < 0)
			return -1;
		fd = openat(u->parent, u->path.base, flags, 0600);
	}
	if (fd < 0)
		return err_sys(err, "create");
	if (write_data(u, fd, err) < 0 || apply_owner_and_mode(u, fd, err) < 0)
		return -1;
	content_times(u->entry, ts);
	if (futimens(fd, ts) < 0)
		return err_sys(err, "set its time");
	return 0;
}

static int remember_own_time(struct unpack *u, struct err *err)
{
	char path[2 * ENTRY_PATH_MAX];
	struct timespec ts[2];

	content_times(u->entry, ts);
	snprintf(path, sizeof(path), "%s%s%s", u->path.parent, u->path.parent[0] ? "/" : "",
		u->path.base);
	return remember_time(u, path, ts[1], err);
}

static int make_dir(struct unpack *u, struct err *err)
{
	autofd int fd = -1;
	bool anew = false;
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

	if (mkdirat(u->parent, u->path.base, 0700) < 0) {
		if (errno != EEXIST)
			return err_sys(err, "make directory");
		u->twice = true;
	}
	fd = openat(u->parent, u->path.base, flags);
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP)) {
		anew = u->job->below->count > 0;
		if (make_room(u, err) < 0)
			return -1;
		if (mkdirat(u->parent, u->path.base, 0700) < 0)
			return err_sys(err, "make directory");
		fd = openat(u->parent, u->path.base, flags);
	}
	if (fd < 0)
		return err_sys(err, "open directory");
	if (apply_owner_and_mode(u, fd, err) < 0 || (anew && whiteout_mark_opaque(fd, err) < 0))
		return -1;
	return remember_own_time(u, err);
}

static int set_top(struct unpack *u, struct err *err)
{
	autofd int fd = openat(u->job->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (archive_entry_filetype(u->entry) != AE_IFDIR)
		return err_set(err, "the top of the tree must be a directory");
	if (fd < 0)
		return err_sys(err, "open the top directory");
	u->twice = u->twice || u->top;
	u->top = true;
	return apply_owner_and_mode(u, fd, err) < 0 ? -1 : remember_own_time(u, err);
}

/* What cannot be opened: a link, a FIFO. */
static int apply_by_name(struct unpack *u, struct err *err)
{
	struct timespec ts[2];

	content_times(u->entry, ts);
	if (fchownat(u->parent, u->path.base, u->owner.uid, u->owner.gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "set its owner");
	if (utimensat(u->parent, u->path.base, ts, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "set its time");
	return content_apply_xattrs(u->entry, -1, err);
}

static int make_symlink(struct unpack *u, struct err *err)
{
	const char *target = archive_entry_symlink(u->entry);

	if (!target || !*target || strlen(target) > ENTRY_PATH_MAX)
		return err_set(err, "it is a symbolic link without a usable target");
	if (make_room(u, err) < 0)
		return -1;
	if (symlinkat(target, u->parent, u->path.base) < 0)
		return err_sys(err, "make symbolic link");
	return apply_by_name(u, err);
}

static int make_fifo(struct unpack *u, struct err *err)
{
	mode_t mode = archive_entry_perm(u->entry) & 0777;

	if (make_room(u, err) < 0)
		return -1;
	if (mknodat(u->parent, u->path.base, S_IFIFO | mode, 0) < 0)
		return err_sys(err, "make FIFO");
	return apply_by_name(u, err);
}

static int check_link_target(int dir, const struct entry_path *target, struct err *err)
{
	struct stat st;

	if (fstatat(dir, target->base, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		err_sys(err, "its hard link target %s%s%s", target->parent,
			*target->parent ? "/" : "", target->base);
		return err->sys == ENOENT
			       ? err_hint(err, "a file of another layer cannot be linked to")
			       : -1;
	}
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode) && !S_ISFIFO(st.st_mode))
		return err_set(err, "its hard link target is not a file");
	return 0;
}

static int refuse_link(const char *parent, struct err *err)
{
	treedir_refuse(parent, err);
	return err_wrap(err, "its hard link target");
}

static int make_hardlink(struct unpack *u, const char *to, struct err *err)
{
	struct entry_path target;
	autofd int dir = -1;

	if (entry_path_parse(to, &target, err) < 0)
		return err_wrap(err, "its hard link target");
	if (target.kind != ENTRY_PLAIN)
		return err_set(err, "its hard link target is not a file");
	if (strcmp(target.parent, u->path.parent) == 0 && strcmp(target.base, u->path.base) == 0)
		return err_set(err, "it is a hard link to itself");
	dir = treedir_open(u->job->dir, target.parent, O_PATH);
	if (dir < 0)
		return refuse_link(target.parent, err);
	if (check_link_target(dir, &target, err) < 0) {
		if (err->sys != ENOENT || !leftout_has(&u->leftout, &target))
			return -1;
		leftout_add(&u->leftout, &u->path);
		return 0;
	}
	if (make_room(u, err) < 0)
		return -1;
	if (linkat(dir, target.base, u->parent, u->path.base, 0) < 0)
		return err_sys(err, "make hard link");
	return 0;
}

/* A container has its own /dev, so that a node of the tar is left out. 0:0 is how overlayfs writes
 * "hidden", which only a .wh. name may ask for. */
static int skip_device(struct unpack *u, struct err *err)
{
	if (archive_entry_filetype(u->entry) == AE_IFCHR &&
		archive_entry_rdevmajor(u->entry) == 0 && archive_entry_rdevminor(u->entry) == 0)
		return err_set(err, "it is a character device 0:0, a forged whiteout");
	u->twice = u->twice || faccessat(u->parent, u->path.base, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	leftout_add(&u->leftout, &u->path);
	return 0;
}

static int make_opaque(struct unpack *u, struct err *err)
{
	autofd int fd = -1;

	fd = openat(u->parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "open directory") : whiteout_mark_opaque(fd, err);
}

/* Nothing can be hidden below the lowest layer. */
static int hide(struct unpack *u, struct err *err)
{
	if (!u->job->below->count)
		return 0;
	if (u->path.kind == ENTRY_OPAQUE)
		return make_opaque(u, err);
	return whiteout_make(u->parent, u->path.parent, u->path.base, u->whiteouts, err);
}

static int make_plain(struct unpack *u, struct err *err)
{
	const char *link = archive_entry_hardlink(u->entry);

	u->twice = u->twice || leftout_has(&u->leftout, &u->path);
	if (link)
		return make_hardlink(u, link, err);
	switch (archive_entry_filetype(u->entry)) {
	case AE_IFREG:
		return make_file(u, err);
	case AE_IFDIR:
		return make_dir(u, err);
	case AE_IFLNK:
		return make_symlink(u, err);
	case AE_IFIFO:
		return make_fifo(u, err);
	case AE_IFCHR:
	case AE_IFBLK:
		return skip_device(u, err);
	default:
		return err_set(err, "it is of an unknown kind");
	}
}

static int unpack_entry(struct unpack *u, struct err *err)
{
	const char *path = archive_entry_pathname(u->entry);

	if (!path)
		return err_set(err, "its name cannot be read");
	if (entry_path_parse(path, &u->path, err) < 0)
		return -1;
	if (u->path.kind == ENTRY_IGNORED)
		return 0;
	if (entry_owner(archive_entry_uid(u->entry), archive_entry_gid(u->entry),
		    u->job->squash_owners, &u->owner, err) < 0)
		return -1;
	if (u->path.kind == ENTRY_ROOT)
		return set_top(u, err);
	if (enter_parent(u, err) < 0)
		return -1;
	if (u->path.kind == ENTRY_WHITEOUT || u->path.kind == ENTRY_OPAQUE)
		return hide(u, err);
	return make_plain(u, err);
}

/* Long names are shown by their beginning: the rest says nothing more to a reader. */
static int name_entry(struct unpack *u, struct err *err)
{
	const char *path = archive_entry_pathname(u->entry);

	path = path ? path : "?";
	return err_wrap(err, "entry '%.160s%s'", path, strlen(path) > 160 ? "…" : "");
}

/* Names are bytes: libarchive gives those that are not UTF-8 as they are, with this warning. */
static bool is_entry(struct unpack *u, int r)
{
	const char *why = r == ARCHIVE_WARN ? archive_error_string(u->tar) : NULL;

	return r == ARCHIVE_OK || (why && strstr(why, "can't be converted"));
}

static int unpack_entries(struct unpack *u, struct err *err)
{
	int r = ARCHIVE_EOF;

	while (!u->unpadded && is_entry(u, r = archive_read_next_header(u->tar, &u->entry))) {
		if (interrupt_check(err) < 0)
			return -1;
		if (++u->entries > u->job->max_entries)
			return too_many(err);
		if (unpack_entry(u, err) < 0)
			return name_entry(u, err);
	}
	return r == ARCHIVE_EOF || u->unpadded ? 0 : tar_failed(u, err);
}

/* A directory that something else replaced later on has no time to set. */
static int set_time(int top, const char *path, struct timespec mtime, struct err *err)
{
	struct timespec ts[2] = {mtime, mtime};
	autofd int dir = treedir_open(top, path, O_RDONLY);

	if (dir < 0)
		return 0;
	if (futimens(dir, ts) < 0)
		return err_sys(err, "set the time of directory %.200s", path);
	return 0;
}

static int set_times(struct unpack *u, struct err *err)
{
	char path[2 * ENTRY_PATH_MAX];
	struct dir_time t;

	if (fflush(u->dirs) != 0 || fseek(u->dirs, 0, SEEK_SET) != 0)
		return err_sys(err, "write a temporary file");
	while (fread(&t, sizeof(t), 1, u->dirs) == 1) {
		if (t.length >= sizeof(path) || fread(path, 1, t.length, u->dirs) != t.length)
			return err_set(err, "a temporary file is cut short");
		path[t.length] = '\0';
		if (interrupt_check(err) < 0 || set_time(u->job->dir, path, t.mtime, err) < 0)
			return -1;
	}
	return 0;
}

static int open_scratch(const struct unpack_job *job, FILE **ret, struct err *err)
{
	autofd int fd = openat(job->scratch, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	*ret = fd < 0 ? NULL : fdopen(fd, "w+");
	if (!*ret) {
		err_sys(err, "make a temporary file");
		return -1;
	}
	take_fd(&fd);
	return 0;
}

/* A top that the tar leaves out is as below, like every directory. */
static int begin_top(struct unpack *u, struct err *err)
{
	struct stat st = {.st_mode = 0755};
	int r = below_top(u->job->below, &st, err);

	if (r < 0)
		return -1;
	if (fchown(u->job->dir, st.st_uid, st.st_gid) < 0 ||
		fchmod(u->job->dir, st.st_mode & 07777) < 0)
		return err_sys(err, "set owner and mode of the top directory");
	return r ? remember_time(u, "", st.st_mtim, err) : 0;
}

static int open_tar(struct unpack *u, struct err *err)
{
	u->tar = archive_read_new();
	archive_read_support_format_tar(u->tar);
	archive_read_support_format_empty(u->tar);
	if (archive_read_open(u->tar, u, NULL, feed, NULL) == ARCHIVE_OK)
		return 0;
	if (u->stream_err.text[0]) {
		*err = u->stream_err;
		return -1;
	}
	err_set(err, "not a tar");
	return err_hint(err,
		"a tar may be plain, or compressed by gzip, zstd, xz or bzip2; what is "
		"none, such as a squashfs, is unpacked first, and the directory imported");
}

/* libarchive ends alike at a block of zeros, of which it takes one or two, and where nothing more comes. */
static void look_back(struct unpack *u, struct unpack_totals *ret)
{
	ret->entries = u->entries;
	ret->odd = u->form.odd || u->twice;
	ret->rare = u->form.odd;
	ret->ended = !u->unpadded &&
		     archive_filter_bytes(u->tar, 0) > archive_read_header_position(u->tar);
}

int unpack_tar(const struct unpack_job *job, struct unpack_totals *ret, struct err *err)
{
	struct unpack u = {.job = job, .parent = -1, .bytes_left = job->max_bytes};
	mode_t mask = umask(0);
	int r = -1;

	if (open_scratch(job, &u.dirs, err) == 0 && open_scratch(job, &u.whiteouts, err) == 0 &&
		begin_top(&u, err) == 0 && open_tar(&u, err) == 0 && unpack_entries(&u, err) == 0 &&
		whiteout_settle(job->dir, u.whiteouts, job->below, err) == 0)
		r = set_times(&u, err);
	if (r == 0)
		look_back(&u, ret);
	if (u.tar)
		archive_read_free(u.tar);
	leftout_free(&u.leftout);
	if (u.parent >= 0)
		close(u.parent);
	if (u.dirs)
		fclose(u.dirs);
	if (u.whiteouts)
		fclose(u.whiteouts);
	umask(mask);
	return r;
}
