#include "image/extract.h"

#include "base/fd.h"
#include "base/inside.h"
#include "image/content.h"
#include "image/entry.h"
#include "image/reopen.h"

#include <archive.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum {
	PIECE = 64 << 10,
	DEPTH_MAX = ENTRY_PATH_MAX / 2 + 1,
	DIR_FLAGS = O_RDONLY | O_DIRECTORY,
};

/* A directory that is not left yet: its time is set when nothing more comes to be in it. */
struct open_dir {
	size_t len; /* of its path */
	struct timespec mtime;
};

struct extract {
	struct extract_job *job;
	struct archive *tar;
	struct archive_entry *entry;
	struct extract_totals totals;
	bool begun;
	char first[ENTRY_NAME_MAX + 1]; /* of all names, if job->top_name */
	struct entry_path path;         /* of the entry at hand, below base */
	int parent;                     /* its parent directory */
	char parent_path[ENTRY_PATH_MAX + 1];
	char dir_path[ENTRY_PATH_MAX + 1];
	struct open_dir dirs[DEPTH_MAX];
	size_t dir_count;
	int in_error;
	char piece[PIECE];
};

static ssize_t feed(struct archive *a, void *arg, const void **ret)
{
	struct extract *x = arg;
	ssize_t n;

	do
		n = read(x->job->in, x->piece, sizeof(x->piece));
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		x->in_error = errno;
		archive_set_error(a, errno, "read");
	}
	*ret = x->piece;
	return n;
}

static int tar_failed(struct extract *x, struct err *err)
{
	const char *why = archive_error_string(x->tar);

	if (x->in_error) {
		errno = x->in_error;
		return err_sys(err, "read the tar");
	}
	return err_set(err, "the tar is damaged, or cut short: %s", why ? why : "no memory");
}

static int refuse_way(struct err *err)
{
	if (errno == ELOOP) {
		err_set(err,
			"a directory in its path is a symbolic link, which may lead elsewhere");
		return err_hint(err, "copy what goes there by itself: a link in the destination "
				     "that is named is followed");
	}
	if (errno == ENOTDIR)
		return err_set(err, "a directory in its path is something else");
	return err_sys(err, "open the directory it goes to");
}

static int open_below(int dir, const char *path, int flags)
{
	return inside_open_beneath(dir, *path ? path : ".", flags, INSIDE_NO_LINKS);
}

/* Makes the directories above, which an entry only implies. */
static int make_parents(struct extract *x, const char *path, struct err *err)
{
	char upto[ENTRY_PATH_MAX + 1];

	for (const char *s = path; *s; s += *s == '/') {
		char name[ENTRY_NAME_MAX + 1];
		autofd int dir = -1;

		snprintf(upto, sizeof(upto), "%.*s", (int)(s - path), path);
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(s, "/"), s);
		s += strcspn(s, "/");
		dir = open_below(x->job->base, upto, O_PATH | O_DIRECTORY);
		if (dir < 0)
			return refuse_way(err);
		if (mkdirat(dir, name, 0755) == 0) {
			if (fchownat(dir, name, x->job->uid, x->job->gid, AT_SYMLINK_NOFOLLOW) < 0)
				return err_sys(err, "set the owner of the directory it goes to");
		} else if (errno != EEXIST) {
			return err_sys(err, "make the directory it goes to");
		}
	}
	return 0;
}

/* Entries of one directory mostly follow each other, so the last parent is kept open. */
static int enter_parent(struct extract *x, struct err *err)
{
	const char *path = x->path.parent;
	int fd;

	if (x->parent >= 0 && strcmp(x->parent_path, path) == 0)
		return 0;
	fd = open_below(x->job->base, path, O_PATH | O_DIRECTORY);
	if (fd < 0 && errno == ENOENT) {
		if (make_parents(x, path, err) < 0)
			return -1;
		fd = open_below(x->job->base, path, O_PATH | O_DIRECTORY);
	}
	if (fd < 0)
		return refuse_way(err);
	if (x->parent >= 0)
		close(x->parent);
	x->parent = fd;
	strcpy(x->parent_path, path);
	return 0;
}

/* Times of directories. One that is not there any more has none. */
static int leave_dir(struct extract *x, struct err *err)
{
	const struct open_dir *d = &x->dirs[--x->dir_count];
	const struct timespec ts[2] = {d->mtime, d->mtime};
	autofd int fd = -1;

	x->dir_path[d->len] = '\0';
	fd = open_below(x->job->base, x->dir_path, DIR_FLAGS);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP
			       ? 0
			       : err_sys(err, "open directory %.200s", x->dir_path);
	return futimens(fd, ts) < 0 ? err_sys(err, "set the time of directory %.200s", x->dir_path)
				    : 0;
}

static bool is_below(const char *path, const char *top, size_t len)
{
	return len == 0 || (strncmp(path, top, len) == 0 && (path[len] == '/' || !path[len]));
}

static int leave_dirs(struct extract *x, const char *path, struct err *err)
{
	while (x->dir_count &&
		!(path && is_below(path, x->dir_path, x->dirs[x->dir_count - 1].len)))
		if (leave_dir(x, err) < 0)
			return -1;
	return 0;
}

static void enter_dir(struct extract *x, const char *path, struct timespec mtime)
{
	size_t len = strlen(path);

	if (x->dir_count && x->dirs[x->dir_count - 1].len == len)
		x->dir_count--;
	strcpy(x->dir_path, path);
	if (x->dir_count < DEPTH_MAX)
		x->dirs[x->dir_count++] = (struct open_dir){len, mtime};
}

static bool owns(const struct extract *x)
{
	return archive_entry_uid(x->entry) == x->job->uid &&
	       archive_entry_gid(x->entry) == x->job->gid;
}

static int refuse_owner(const struct extract *x, struct err *err)
{
	err_set(err, "its owner %lld:%lld is not among the container's ids",
		(long long)archive_entry_uid(x->entry), (long long)archive_entry_gid(x->entry));
	return err_hint(err, "without -a it belongs to the container's root");
}

static int check_owner(const struct extract *x, struct err *err)
{
	const int64_t most = x->job->container_ids ? 65535 : UINT32_MAX - 1;
	int64_t uid = archive_entry_uid(x->entry), gid = archive_entry_gid(x->entry);

	return !x->job->keep_owners || (uid >= 0 && uid <= most && gid >= 0 && gid <= most)
		       ? 0
		       : refuse_owner(x, err);
}

/* EINVAL: the user namespace has no such id. */
static int owner_failed(const struct extract *x, struct err *err)
{
	return errno == EINVAL ? refuse_owner(x, err) : err_sys(err, "set its owner");
}

static uid_t owner(const struct extract *x)
{
	return x->job->keep_owners ? (uid_t)archive_entry_uid(x->entry) : x->job->uid;
}

static gid_t group(const struct extract *x)
{
	return x->job->keep_owners ? (gid_t)archive_entry_gid(x->entry) : x->job->gid;
}

/* What gives a file the rights of its owner is not for another owner. */
static bool has_rights(const struct extract *x)
{
	return x->job->keep_owners || (x->job->keep_rights && owns(x));
}

static mode_t mode(const struct extract *x)
{
	return archive_entry_perm(x->entry) & (has_rights(x) ? 07777 : 01777);
}

/* Owner first: chown(2) takes setuid and file capabilities away. */
static int apply(struct extract *x, int fd, struct err *err)
{
	if (!has_rights(x))
		content_drop_capability(x->entry);
	if (fchown(fd, owner(x), group(x)) < 0)
		return owner_failed(x, err);
	if (fchmod(fd, mode(x)) < 0)
		return err_sys(err, "set its mode");
	return content_apply_xattrs(x->entry, fd, err);
}

/* Whether something is mounted on what the descriptor stands for (kernel 5.8): removing the name would take the
 * mount away from the container, as it is not in our mount namespace. -1 with errno. */
static int is_mounted(int fd)
{
	struct statx st;

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, 0U, &st) < 0)
		return -1;
	return (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* Makes the name free. 1: it is not to be removed, and *ret_place is what lies there. */
static int make_room(struct extract *x, int *ret_place, struct err *err)
{
	autofd int place = openat(x->parent, x->path.base, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int mounted;

	if (place < 0)
		return errno == ENOENT ? 0 : err_sys(err, "look at what is there");
	mounted = is_mounted(place);
	if (mounted < 0 || fstat(place, &st) < 0)
		return err_sys(err, "look at what is there");
	if (S_ISDIR(st.st_mode))
		return err_set(err, "there is a directory in its place, which is not replaced");
	if (mounted) {
		*ret_place = take_fd(&place);
		return 1;
	}
	return unlinkat(x->parent, x->path.base, 0) < 0 && errno != ENOENT
		       ? err_sys(err, "replace what is there")
		       : 0;
}

static int make_room_only(struct extract *x, struct err *err)
{
	autofd int place = -1;
	int r = make_room(x, &place, err);

	return r > 0 ? err_set(err, "a file is mounted in its place") : r;
}

static int open_in_place(const struct extract *x, int place, struct err *err)
{
	struct stat st;
	int fd;

	if (fstat(place, &st) < 0)
		return err_sys(err, "look at what is there");
	if (!S_ISREG(st.st_mode))
		return err_set(err, "what is in its place is no file, and is not replaced");
	fd = reopen(x->job->proc_fd, place, O_WRONLY | O_TRUNC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? err_sys(err, "write to what is there") : fd;
}

static int create(struct extract *x, struct err *err)
{
	enum { TRIES = 100 }; /* somebody may put something there again and again */
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd;

	if (x->job->file >= 0)
		return open_in_place(x, x->job->file, err);
	fd = openat(x->parent, x->path.base, flags, 0600);
	for (int i = 0; fd < 0 && errno == EEXIST && i < TRIES; i++) {
		autofd int place = -1;
		int r = make_room(x, &place, err);

		if (r < 0)
			return -1;
		if (r > 0)
			return open_in_place(x, place, err);
		fd = openat(x->parent, x->path.base, flags, 0600);
	}
	return fd < 0 ? err_sys(err, "create") : fd;
}

static int write_data(struct extract *x, int fd, struct err *err)
{
	int64_t size = archive_entry_size(x->entry), offset;
	uint64_t left = UINT64_MAX;
	const void *data;
	size_t len;
	int r;

	while ((r = archive_read_data_block(x->tar, &data, &len, &offset)) == ARCHIVE_OK) {
		if (offset < 0 || offset > size || (int64_t)len > size - offset)
			return err_set(err, "it has more data than it announced");
		if (content_write(fd, data, len, offset, &left, err) < 0)
			return -1;
	}
	if (r != ARCHIVE_EOF)
		return tar_failed(x, err);
	return ftruncate(fd, size) < 0 ? err_sys(err, "set its size") : 0;
}

static int make_file(struct extract *x, struct err *err)
{
	struct timespec ts[2];
	autofd int fd = create(x, err);

	if (fd < 0 || write_data(x, fd, err) < 0 || apply(x, fd, err) < 0)
		return -1;
	content_times(x->entry, ts);
	return futimens(fd, ts) < 0 ? err_sys(err, "set its time") : 0;
}

/* One that was there stays as it is, unless owners are kept: then all of it is as in the tar. */
static int make_dir(struct extract *x, struct err *err)
{
	char path[2 * ENTRY_PATH_MAX];
	struct timespec ts[2];
	autofd int fd = -1;
	bool was_there = mkdirat(x->parent, x->path.base, 0700) < 0;

	if (was_there && errno != EEXIST)
		return err_sys(err, "make directory");
	fd = open_below(x->parent, x->path.base, DIR_FLAGS);
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return err_set(err,
			"there is something in its place that is no directory, which is "
			"not replaced");
	if (fd < 0)
		return err_sys(err, "open directory");
	if (was_there && !x->job->keep_owners)
		return 0;
	if (apply(x, fd, err) < 0)
		return -1;
	content_times(x->entry, ts);
	snprintf(path, sizeof(path), "%s%s%s", x->path.parent, *x->path.parent ? "/" : "",
		x->path.base);
	enter_dir(x, path, ts[1]);
	return 0;
}

/* What cannot be opened: a link, a FIFO. */
static int apply_by_name(struct extract *x, struct err *err)
{
	struct timespec ts[2];

	content_times(x->entry, ts);
	if (fchownat(x->parent, x->path.base, owner(x), group(x), AT_SYMLINK_NOFOLLOW) < 0)
		return owner_failed(x, err);
	if (utimensat(x->parent, x->path.base, ts, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "set its time");
	return content_apply_xattrs(x->entry, -1, err);
}

static int make_symlink(struct extract *x, struct err *err)
{
	const char *target = archive_entry_symlink(x->entry);

	if (!target || !*target || strlen(target) > ENTRY_PATH_MAX)
		return err_set(err, "it is a symbolic link without a usable target");
	if (make_room_only(x, err) < 0)
		return -1;
	if (symlinkat(target, x->parent, x->path.base) < 0)
		return err_sys(err, "make symbolic link");
	return apply_by_name(x, err);
}

static int make_fifo(struct extract *x, struct err *err)
{
	if (make_room_only(x, err) < 0)
		return -1;
	if (mknodat(x->parent, x->path.base, S_IFIFO | (archive_entry_perm(x->entry) & 0777), 0) <
		0)
		return err_sys(err, "make FIFO");
	return apply_by_name(x, err);
}

/* A path of the tar, below base: ENTRY_ROOT for base itself. */
static int place_path(struct extract *x, const char *path, struct entry_path *ret, struct err *err)
{
	const char *top = x->job->top_name, *rest;
	char whole[2 * ENTRY_PATH_MAX], placed[2 * ENTRY_PATH_MAX];
	struct entry_path p;
	size_t len;

	if (!path)
		return err_set(err, "its name cannot be read");
	if (entry_path_parse_plain(path, &p, err) < 0)
		return -1;
	if (!top) {
		*ret = p;
		return 0;
	}
	snprintf(whole, sizeof(whole), "%s%s%s", p.parent, *p.parent ? "/" : "", p.base);
	len = strcspn(whole, "/");
	rest = whole + len + (whole[len] == '/');
	if (strlen(x->first) != len || strncmp(whole, x->first, len) != 0)
		return err_set(err, "it is not below the first name of the tar");
	snprintf(placed, sizeof(placed), "%s/%s", *top ? top : ".", rest);
	return entry_path_parse_plain(placed, ret, err);
}

static int make_hardlink(struct extract *x, const char *to, struct err *err)
{
	struct entry_path target;
	autofd int dir = -1;
	struct stat st;

	if (place_path(x, to, &target, err) < 0)
		return err_wrap(err, "its hard link target");
	if (target.kind != ENTRY_PLAIN)
		return err_set(err, "its hard link target is not a file");
	if (strcmp(target.parent, x->path.parent) == 0 && strcmp(target.base, x->path.base) == 0)
		return err_set(err, "it is a hard link to itself");
	dir = open_below(x->job->base, target.parent, O_PATH | O_DIRECTORY);
	if (dir < 0)
		return refuse_way(err);
	if (fstatat(dir, target.base, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, "its hard link target");
	if (S_ISDIR(st.st_mode))
		return err_set(err, "its hard link target is not a file");
	if (make_room_only(x, err) < 0)
		return -1;
	return linkat(dir, target.base, x->parent, x->path.base, 0) < 0
		       ? err_sys(err, "make hard link")
		       : 0;
}

static int make_entry(struct extract *x, struct err *err)
{
	const char *link = archive_entry_hardlink(x->entry);

	if (link)
		return make_hardlink(x, link, err);
	switch (archive_entry_filetype(x->entry)) {
	case AE_IFREG:
		return make_file(x, err);
	case AE_IFDIR:
		return make_dir(x, err);
	case AE_IFLNK:
		return make_symlink(x, err);
	case AE_IFIFO:
		return make_fifo(x, err);
	case AE_IFCHR:
	case AE_IFBLK:
		x->totals.left_out++;
		return 0;
	default:
		return err_set(err, "it is of an unknown kind");
	}
}

static bool is_dir(const struct extract *x)
{
	return archive_entry_filetype(x->entry) == AE_IFDIR;
}

static int begin(struct extract *x, extract_begin *f, void *arg, struct err *err)
{
	struct entry_path p;

	x->begun = true;
	if (!f)
		return 0;
	if (!archive_entry_pathname(x->entry) ||
		entry_path_parse_plain(archive_entry_pathname(x->entry), &p, err) < 0 ||
		p.kind != ENTRY_PLAIN || *p.parent)
		return err_set(err, "the tar does not begin with one name");
	strcpy(x->first, p.base);
	return f(arg, is_dir(x), x->job, err);
}

static int extract_entry(struct extract *x, struct err *err)
{
	char path[2 * ENTRY_PATH_MAX];

	if (place_path(x, archive_entry_pathname(x->entry), &x->path, err) < 0 ||
		check_owner(x, err) < 0)
		return -1;
	if (x->path.kind == ENTRY_ROOT)
		return is_dir(x) ? 0 : err_set(err, "it has no name");
	snprintf(path, sizeof(path), "%s%s%s", x->path.parent, *x->path.parent ? "/" : "",
		x->path.base);
	if (leave_dirs(x, path, err) < 0 || enter_parent(x, err) < 0)
		return -1;
	return make_entry(x, err);
}

static int name_entry(struct extract *x, struct err *err)
{
	const char *path = archive_entry_pathname(x->entry);

	path = path ? path : "?";
	return err_wrap(err, "%.300s%s", path, strlen(path) > 300 ? "…" : "");
}

/* Names are bytes: libarchive gives those that are not UTF-8 as they are, with this warning. */
static bool is_entry(struct extract *x, int r)
{
	const char *why = r == ARCHIVE_WARN ? archive_error_string(x->tar) : NULL;

	return r == ARCHIVE_OK || (why && strstr(why, "can't be converted"));
}

static int extract_entries(struct extract *x, extract_begin *f, void *arg, struct err *err)
{
	int r;

	while (is_entry(x, r = archive_read_next_header(x->tar, &x->entry))) {
		if (!x->begun && begin(x, f, arg, err) < 0)
			return -1;
		if (extract_entry(x, err) < 0)
			return name_entry(x, err);
	}
	return r == ARCHIVE_EOF ? leave_dirs(x, NULL, err) : tar_failed(x, err);
}

static int open_tar(struct extract *x, struct err *err)
{
	x->tar = archive_read_new();
	if (!x->tar)
		return err_set(err, "no memory to read a tar");
	archive_read_support_filter_gzip(x->tar);
	archive_read_support_filter_zstd(x->tar);
	archive_read_support_filter_xz(x->tar);
	archive_read_support_filter_bzip2(x->tar);
	archive_read_support_format_tar(x->tar);
	archive_read_support_format_empty(x->tar);
	return archive_read_open(x->tar, x, NULL, feed, NULL) == ARCHIVE_OK ? 0
									    : tar_failed(x, err);
}

/* Reads on to the end: the writer of the tar may still be filling its last block. */
static int drain(struct extract *x, struct err *err)
{
	const void *ignored;
	ssize_t n;

	while ((n = feed(x->tar, x, &ignored)) > 0)
		;
	return n < 0 ? tar_failed(x, err) : 0;
}

int extract_tar(struct extract_job *job, extract_begin *f, void *arg, struct extract_totals *ret,
	struct err *err)
{
	autofree struct extract *x = calloc(1, sizeof(*x));
	mode_t mask = umask(0);
	int r = -1;

	if (!x)
		return err_sys(err, "extract");
	x->job = job;
	x->parent = -1;
	if (open_tar(x, err) == 0 && extract_entries(x, f, arg, err) == 0)
		r = drain(x, err);
	if (x->tar)
		archive_read_free(x->tar);
	if (x->parent >= 0)
		close(x->parent);
	umask(mask);
	*ret = x->totals;
	return r;
}
