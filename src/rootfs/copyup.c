#include "rootfs/copyup.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

struct entry {
	uint64_t ino;
	int64_t off;
	unsigned short len;
	unsigned char type;
	char name[];
};

/* Two directories on the way down, and the name below them. */
struct pair {
	int from, to;
	const char *name;
	const struct copyup *c;
	int depth;
};

static int fail(const struct pair *p, const char *what, struct err *err)
{
	return err_sys(err, "cannot %s %s in the %s at %s", what, p->name, p->c->kind, p->c->path);
}

/* Marks of overlayfs are of the layers, not of what they show. */
static bool is_of_layers(const char *name)
{
	return strncmp(name, "user.overlay.", 13) == 0 || strncmp(name, "trusted.", 8) == 0;
}

/* As many as the target takes: a tmpfs has no user attributes before 6.6, and in a user namespace security
 * ones are not ours. */
static int copy_xattrs(int from, int to)
{
	static char names[XATTR_LIST_MAX], value[XATTR_SIZE_MAX];
	ssize_t len = flistxattr(from, names, sizeof(names)), size;

	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : -1;
	for (const char *name = names; name < names + len; name += strlen(name) + 1) {
		size = is_of_layers(name) ? -1 : fgetxattr(from, name, value, sizeof(value));
		if (size < 0 || fsetxattr(to, name, value, (size_t)size, 0) == 0)
			continue;
		if (errno != EOPNOTSUPP && errno != EPERM)
			return -1;
	}
	return 0;
}

/* What is behind open descriptors. The owner first: it takes set-id bits, and capabilities. */
static int copy_status(int from, int to, const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};

	if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0 ||
		copy_xattrs(from, to) < 0)
		return -1;
	return futimens(to, times);
}

int copyup_like(int from, int to)
{
	struct stat st;

	return fstat(from, &st) < 0 ? -1 : copy_status(from, to, &st);
}

/* Shared blocks where the file system can do that, else through the page cache. */
static int copy_range(int from, int to, off_t at, off_t end)
{
	bool share = true;

	while (at < end) {
		off_t out = at;
		size_t len = (size_t)(end - at);
		ssize_t n = share ? copy_file_range(from, &at, to, &out, len, 0) : -1;

		if (n < 0 && share && errno != EINTR && errno != ENOSPC && errno != EDQUOT &&
			errno != EIO) {
			share = false;
			if (lseek(to, at, SEEK_SET) < 0)
				return -1;
		}
		if (!share)
			n = sendfile(to, from, &at, len < 1 << 20 ? len : 1 << 20);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n == 0) /* it has become shorter */
			return 0;
	}
	return 0;
}

/* Holes stay holes: a layer can have one of any size. */
static int copy_bytes(int from, int to, off_t size)
{
	off_t at = 0, hole;

	while (at < size) {
		off_t data = lseek(from, at, SEEK_DATA);

		if (data < 0 && errno == ENXIO)
			break;
		at = data < 0 ? at : data;
		hole = data < 0 ? size : lseek(from, data, SEEK_HOLE);
		hole = hole < 0 ? size : hole;
		if (copy_range(from, to, at, hole) < 0)
			return -1;
		at = hole;
	}
	return ftruncate(to, size);
}

static int copy_file(const struct pair *p, const struct stat *seen, struct err *err)
{
	autofd int to = -1;
	autofd int from = openat(p->from, p->name,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (from < 0 || fstat(from, &st) < 0)
		return fail(p, "read", err);
	if (!S_ISREG(st.st_mode) || st.st_ino != seen->st_ino)
		return err_set(err, "%s changed while it was copied to the %s at %s", p->name,
			p->c->kind, p->c->path);
	to = openat(p->to, p->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0 || copy_bytes(from, to, st.st_size) < 0 || copy_status(from, to, &st) < 0)
		return fail(p, "copy", err);
	return 0;
}

/* The first name of a file with several is kept a second time, by the file's number. */
static int copy_linked(const struct pair *p, const struct stat *st, struct err *err)
{
	char number[40];

	if (st->st_nlink < 2 || p->c->links_fd < 0)
		return copy_file(p, st, err);
	snprintf(number, sizeof(number), "%llx.%llx", (unsigned long long)st->st_dev,
		(unsigned long long)st->st_ino);
	if (linkat(p->c->links_fd, number, p->to, p->name, 0) == 0)
		return 0;
	if (errno != ENOENT && errno != EMLINK)
		return fail(p, "link", err);
	if (copy_file(p, st, err) < 0)
		return -1;
	if (linkat(p->to, p->name, p->c->links_fd, number, 0) < 0 && errno != EEXIST)
		return fail(p, "link", err);
	return 0;
}

static int copy_link(const struct pair *p, const struct stat *st, struct err *err)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	static char target[4096]; /* not one at each level, should this be inlined */
	ssize_t n = readlinkat(p->from, p->name, target, sizeof(target));

	if (n < 0 || n == (ssize_t)sizeof(target))
		return fail(p, "read", err);
	target[n] = '\0';
	if (symlinkat(target, p->to, p->name) < 0 ||
		fchownat(p->to, p->name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
		utimensat(p->to, p->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(p, "copy", err);
	return 0;
}

static int copy_node(const struct pair *p, const struct stat *st, struct err *err)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};

	if (p->c->no_devices && (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)))
		return 0;
	if (mknodat(p->to, p->name, st->st_mode, st->st_rdev) < 0)
		return errno == EPERM ? 0 : fail(p, "make", err);
	if (fchownat(p->to, p->name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
		fchmodat(p->to, p->name, st->st_mode & 07777, 0) < 0 ||
		utimensat(p->to, p->name, times, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(p, "copy", err);
	return 0;
}

static int fill(const struct pair *top, struct err *err);

static int copy_directory(const struct pair *p, struct err *err)
{
	autofd int from = openat(p->from, p->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autofd int to = -1;

	if (p->depth >= p->c->depth_max)
		return err_set(err, "%s is more than %d levels below the %s at %s", p->name,
			p->c->depth_max, p->c->kind, p->c->path);
	if (from < 0)
		return fail(p, "read", err);
	if (mkdirat(p->to, p->name, 0700) == 0)
		to = openat(p->to, p->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return fail(p, "make", err);
	return fill(&(struct pair){from, to, p->name, p->c, p->depth + 1}, err);
}

static int copy_entry(const struct pair *p, struct err *err)
{
	struct stat st;

	if (fstatat(p->from, p->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(p, "stat", err);
	if (S_ISDIR(st.st_mode))
		return copy_directory(p, err);
	if (S_ISREG(st.st_mode))
		return copy_linked(p, &st, err);
	return S_ISLNK(st.st_mode) ? copy_link(p, &st, err) : copy_node(p, &st, err);
}

static int copy_entries(const struct pair *p, const char *buf, ssize_t len, struct err *err)
{
	const struct entry *e;

	for (const char *at = buf; at < buf + len; at += e->len) {
		e = (const struct entry *)at;
		if (strcmp(e->name, ".") == 0 || strcmp(e->name, "..") == 0)
			continue;
		if (copy_entry(&(struct pair){p->from, p->to, e->name, p->c, p->depth}, err) < 0)
			return -1;
	}
	return 0;
}

/* All below a directory, then what it is itself: its times change with each entry. */
static int fill(const struct pair *top, struct err *err)
{
	_Alignas(struct entry) char buf[1024]; /* one at each level */
	ssize_t n;

	while ((n = syscall(SYS_getdents64, top->from, buf, sizeof(buf))) > 0)
		if (copy_entries(top, buf, n, err) < 0)
			return -1;
	if (n < 0)
		return fail(top, "read", err);
	return copyup_like(top->from, top->to) < 0 ? fail(top, "copy", err) : 0;
}

int copyup_fill(int from, int to, const struct copyup *c, struct err *err)
{
	return fill(&(struct pair){from, to, ".", c, 0}, err);
}
