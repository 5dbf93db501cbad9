#include "image/pack.h"

#include "base/dents.h"
#include "base/fd.h"
#include "base/kernelfs.h"
#include "image/entry.h"
#include "image/reopen.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

enum {
	PIECE = 256 << 10,
	EXTENTS_MAX = 4096,       /* of one file: what has more holes is packed without */
	UNSIZED_MAX = 4 << 20,    /* of a file of the kernel's, whose size nobody knows before */
	ATTRIBUTE_MAX = 64 << 10, /* the kernel's own, for names and for a value */
};

struct extent {
	int64_t from, to;
};

struct pack {
	const struct pack_job *job;
	struct archive *tar;
	struct archive_entry *entry;
	struct archive_entry_linkresolver *links;
	struct pack_totals totals;
	char path[ENTRY_PATH_MAX + 1];
	size_t len;
	struct extent extents[EXTENTS_MAX];
	size_t extent_count;
	char piece[PIECE], names[ATTRIBUTE_MAX], value[ATTRIBUTE_MAX];
	struct err out_err;
};

static ssize_t drain(struct archive *a, void *arg, const void *data, size_t len)
{
	struct pack *p = arg;

	if (fd_write_all(p->job->out, data, len) == 0)
		return (ssize_t)len;
	err_sys(&p->out_err, "write the tar");
	archive_set_error(a, p->out_err.sys, "write");
	return -1;
}

static int failed(struct pack *p, const char *what, struct err *err)
{
	const char *why = archive_error_string(p->tar);

	if (p->out_err.text[0]) {
		*err = p->out_err;
		return -1;
	}
	return err_set(err, "%s: %s", what, why ? why : "no memory");
}

/* 1, 0, or -1 with err. */
static int is_of_kernel(int fd, struct err *err)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return err_sys(err, "look at its file system");
	return kernelfs_is((unsigned long)fs.f_type);
}

static int add_xattr(struct pack *p, int fd, const char *name, struct err *err)
{
	ssize_t n;

	if (entry_xattr(name) != XATTR_KEEP)
		return 0;
	n = fgetxattr(fd, name, p->value, sizeof(p->value));
	if (n < 0)
		return errno == ENODATA ? 0 : err_sys(err, "read its attribute %.80s", name);
	archive_entry_xattr_add_entry(p->entry, name, p->value, (size_t)n);
	return 0;
}

static int add_xattrs(struct pack *p, int fd, struct err *err)
{
	ssize_t n = flistxattr(fd, p->names, sizeof(p->names) - 1);

	if (n < 0)
		return errno == EOPNOTSUPP || errno == ENOTSUP
			       ? 0
			       : err_sys(err, "list its attributes");
	p->names[n] = '\0';
	for (const char *name = p->names; name < p->names + n; name += strlen(name) + 1)
		if (add_xattr(p, fd, name, err) < 0)
			return -1;
	return 0;
}

/* 1 if there is an extent from at on. */
static int next_extent(int fd, int64_t at, int64_t size, struct extent *ret, struct err *err)
{
	int64_t from = lseek(fd, at, SEEK_DATA), to;

	if (from < 0 && errno == ENXIO)
		return 0;
	/* Some file systems know nothing of holes. */
	if (from < 0 && errno == EINVAL) {
		*ret = (struct extent){at, size};
		return at < size;
	}
	to = from < 0 ? -1 : lseek(fd, from, SEEK_HOLE);
	if (to < 0)
		return err_sys(err, "look for its holes");
	*ret = (struct extent){from, to < size ? to : size};
	return from < size;
}

static int find_extents(struct pack *p, int fd, int64_t size, struct err *err)
{
	struct extent e = {0, 0};
	int r = 1;

	for (p->extent_count = 0; e.to < size; p->extents[p->extent_count++] = e) {
		r = next_extent(fd, e.to, size, &e, err);
		if (r <= 0)
			break;
		if (p->extent_count == EXTENTS_MAX) {
			p->extents[0] = (struct extent){0, size};
			p->extent_count = 1;
			return 0;
		}
	}
	return r < 0 ? -1 : 0;
}

static bool has_holes(const struct pack *p, int64_t size)
{
	return size > 0 &&
	       !(p->extent_count == 1 && p->extents[0].from == 0 && p->extents[0].to == size);
}

static void add_extents(struct pack *p)
{
	for (size_t i = 0; i < p->extent_count; i++)
		archive_entry_sparse_add_entry(p->entry, p->extents[i].from,
			p->extents[i].to - p->extents[i].from);
	if (!p->extent_count)
		archive_entry_sparse_add_entry(p->entry, 0, 0);
}

static int put(struct pack *p, size_t len, struct err *err)
{
	for (size_t at = 0; at < len;) {
		ssize_t n = archive_write_data(p->tar, p->piece + at, len - at);

		if (n <= 0)
			return failed(p, "write the tar", err);
		at += (size_t)n;
	}
	return 0;
}

static int put_zeros(struct pack *p, int64_t len, struct err *err)
{
	memset(p->piece, 0, sizeof(p->piece));
	for (; len > 0; len -= PIECE)
		if (put(p, len < PIECE ? (size_t)len : PIECE, err) < 0)
			return -1;
	return 0;
}

/* What is not there any more is zeros: its size has been told. */
static int put_extent(struct pack *p, int fd, struct extent e, struct err *err)
{
	while (e.from < e.to) {
		size_t want = e.to - e.from < PIECE ? (size_t)(e.to - e.from) : PIECE;
		ssize_t n = pread(fd, p->piece, want, e.from);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "read");
		if (n == 0) {
			p->totals.changed++;
			return put_zeros(p, e.to - e.from, err);
		}
		if (put(p, (size_t)n, err) < 0)
			return -1;
		e.from += n;
	}
	return 0;
}

static int put_data(struct pack *p, int fd, int64_t size, struct err *err)
{
	int64_t at = 0;

	for (size_t i = 0; i < p->extent_count; i++) {
		if (put_zeros(p, p->extents[i].from - at, err) < 0 ||
			put_extent(p, fd, p->extents[i], err) < 0)
			return -1;
		at = p->extents[i].to;
	}
	return put_zeros(p, size - at, err);
}

/* *ret_data: it is followed by its data. */
static int put_header(struct pack *p, bool *ret_data, struct err *err)
{
	struct archive_entry *later = NULL;
	int r;

	archive_entry_linkify(p->links, &p->entry, &later);
	*ret_data = !archive_entry_hardlink(p->entry);
	r = archive_write_header(p->tar, p->entry);
	/* A warning is about a name that is no UTF-8, and is kept byte for byte. */
	return r == ARCHIVE_OK || (r == ARCHIVE_WARN && !p->out_err.text[0])
		       ? 0
		       : failed(p, "write the tar", err);
}

static int begin_entry(struct pack *p, const struct stat *st, struct err *err)
{
	if (p->entry)
		archive_entry_free(p->entry);
	p->entry = archive_entry_new();
	if (!p->entry)
		return err_set(err, "no memory for an entry");
	archive_entry_copy_pathname(p->entry, p->path);
	archive_entry_copy_stat(p->entry, st);
	archive_entry_unset_atime(p->entry);
	archive_entry_unset_ctime(p->entry);
	archive_entry_unset_birthtime(p->entry);
	return 0;
}

/* A file that the kernel makes up has no size beforehand: it is what can be read. */
static int pack_unsized(struct pack *p, int fd, struct stat *st, struct err *err)
{
	autofree char *data = malloc(UNSIZED_MAX + 1);
	ssize_t n = data ? fd_read_all(fd, data, UNSIZED_MAX + 1) : -1;
	bool follows;

	if (n < 0)
		return err_sys(err, "read");
	if (n > UNSIZED_MAX)
		return err_set(err, "it has no size, and does not end within %d MiB",
			UNSIZED_MAX >> 20);
	st->st_size = n;
	if (begin_entry(p, st, err) < 0 || put_header(p, &follows, err) < 0)
		return -1;
	for (ssize_t at = 0; at < n; at += PIECE) {
		size_t len = n - at < PIECE ? (size_t)(n - at) : PIECE;

		memcpy(p->piece, data + at, len);
		if (put(p, len, err) < 0)
			return -1;
	}
	return 0;
}

static int pack_file(struct pack *p, int place, struct stat *st, struct err *err)
{
	autofd int fd = reopen(p->job->proc_fd, place, O_RDONLY | O_NOCTTY | O_NONBLOCK);
	bool follows;
	int kernel;

	if (fd < 0 || fstat(fd, st) < 0)
		return err_sys(err, "open");
	kernel = is_of_kernel(fd, err);
	if (kernel < 0)
		return -1;
	if (kernel)
		return pack_unsized(p, fd, st, err);
	if (find_extents(p, fd, st->st_size, err) < 0 || begin_entry(p, st, err) < 0 ||
		add_xattrs(p, fd, err) < 0)
		return -1;
	if (has_holes(p, st->st_size))
		add_extents(p);
	if (put_header(p, &follows, err) < 0)
		return -1;
	return follows ? put_data(p, fd, st->st_size, err) : 0;
}

static int pack_link(struct pack *p, int place, const struct stat *st, struct err *err)
{
	char target[ENTRY_PATH_MAX + 2];
	ssize_t n = readlinkat(place, "", target, sizeof(target));
	bool ignored;

	if (n < 0)
		return err_sys(err, "read symbolic link");
	if (n > ENTRY_PATH_MAX)
		return err_set(err, "it is a symbolic link to too long a path");
	target[n] = '\0';
	if (begin_entry(p, st, err) < 0)
		return -1;
	archive_entry_set_size(p->entry, 0);
	archive_entry_copy_symlink(p->entry, target);
	return put_header(p, &ignored, err);
}

static int pack_fifo(struct pack *p, const struct stat *st, struct err *err)
{
	bool ignored;

	return begin_entry(p, st, err) < 0 ? -1 : put_header(p, &ignored, err);
}

static int pack_place(struct pack *p, int place, bool top, struct err *err);

/* One that goes meanwhile is not there. */
static int pack_name(struct pack *p, int dir, const char *name, struct err *err)
{
	size_t before = p->len, n = strlen(name);
	autofd int place = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (place < 0)
		return errno == ENOENT ? 0 : err_sys(err, "open %.200s in it", name);
	if (before + 1 + n > ENTRY_PATH_MAX)
		return err_set(err, "the path of what is in it is longer than %d bytes",
			ENTRY_PATH_MAX);
	p->path[before] = '/';
	memcpy(p->path + before + 1, name, n + 1);
	p->len = before + 1 + n;
	r = pack_place(p, place, false, err);
	if (r == 0)
		p->path[p->len = before] = '\0';
	return r;
}

/* On the heap: a tree may be as deep as a path is long. */
static int pack_names(struct pack *p, int dir, struct err *err)
{
	autofree struct dents *d = malloc(sizeof(*d));
	unsigned char type;
	const char *name;

	if (!d)
		return err_sys(err, "read directory");
	dents_init(d, dir);
	while ((name = dents_next(d, &type)))
		if (pack_name(p, dir, name, err) < 0)
			return -1;
	return errno ? err_sys(err, "read directory") : 0;
}

static int pack_dir(struct pack *p, int place, const struct stat *st, bool top, struct err *err)
{
	autofd int dir = reopen(p->job->proc_fd, place, O_RDONLY | O_DIRECTORY);
	bool ignored;
	int kernel;

	if (dir < 0)
		return err_sys(err, "open directory");
	kernel = is_of_kernel(dir, err);
	if (kernel < 0)
		return -1;
	if (kernel && top)
		return err_set(err, "it is of a file system that the kernel shows: only single "
				    "files can be copied from it");
	if (begin_entry(p, st, err) < 0 || (!kernel && add_xattrs(p, dir, err) < 0) ||
		put_header(p, &ignored, err) < 0)
		return -1;
	return kernel ? 0 : pack_names(p, dir, err);
}

static int pack_place(struct pack *p, int place, bool top, struct err *err)
{
	struct stat st;

	if (fstat(place, &st) < 0)
		return err_sys(err, "stat");
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		return pack_file(p, place, &st, err);
	case S_IFDIR:
		return pack_dir(p, place, &st, top, err);
	case S_IFLNK:
		return pack_link(p, place, &st, err);
	case S_IFIFO:
		return pack_fifo(p, &st, err);
	default:
		p->totals.left_out++;
		return top ? err_set(err, "it is a device or a socket, which are not copied") : 0;
	}
}

static int open_tar(struct pack *p, struct err *err)
{
	p->tar = archive_write_new();
	p->links = archive_entry_linkresolver_new();
	if (!p->tar || !p->links)
		return err_set(err, "no memory to write a tar");
	archive_entry_linkresolver_set_strategy(p->links, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE);
	if (archive_write_set_format_pax(p->tar) != ARCHIVE_OK ||
		archive_write_set_bytes_per_block(p->tar, 64 << 10) != ARCHIVE_OK ||
		archive_write_set_bytes_in_last_block(p->tar, 1) != ARCHIVE_OK ||
		archive_write_open(p->tar, p, NULL, drain, NULL) != ARCHIVE_OK)
		return failed(p, "write a tar", err);
	return 0;
}

static int name_file(const struct pack *p, struct err *err)
{
	return p->out_err.text[0] ? -1
				  : err_wrap(err, "%.300s%s", p->path, p->len > 300 ? "…" : "");
}

int pack_tree(const struct pack_job *job, struct pack_totals *ret, struct err *err)
{
	autofree struct pack *p = calloc(1, sizeof(*p));
	int r = -1;

	if (!p)
		return err_sys(err, "pack");
	p->job = job;
	p->len = strlen(job->name);
	memcpy(p->path, job->name, p->len + 1);
	if (open_tar(p, err) == 0) {
		r = pack_place(p, job->top, true, err);
		if (r < 0)
			name_file(p, err);
		else if (archive_write_close(p->tar) != ARCHIVE_OK)
			r = failed(p, "write the tar", err);
	}
	if (p->entry)
		archive_entry_free(p->entry);
	if (p->links)
		archive_entry_linkresolver_free(p->links);
	/* Half a tar gets no end. */
	if (r < 0 && p->tar)
		archive_write_fail(p->tar);
	if (p->tar)
		archive_write_free(p->tar);
	*ret = p->totals;
	return r;
}
