#include "rootfs/copyup.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
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
	const char *path; /* of the tmpfs, for messages */
	int depth;
};

static int fail(const struct pair *p, const char *what, struct err *err)
{
	return err_sys(err, "cannot %s %s in the tmpfs at %s", what, p->name, p->path);
}

/* Owners, mode and times of a thing behind an open descriptor. The owner first: it takes set-id bits. */
static int copy_status(int to, const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};

	if (fchown(to, st->st_uid, st->st_gid) < 0 || fchmod(to, st->st_mode & 07777) < 0)
		return -1;
	return futimens(to, times);
}

/* As many as the tmpfs takes: it has no user attributes before 6.6, and security ones are not ours. */
static int copy_xattrs(int from, int to)
{
	char names[4096], value[4096];
	ssize_t len = flistxattr(from, names, sizeof(names)), size;

	if (len < 0)
		return errno == EOPNOTSUPP ? 0 : -1;
	for (const char *name = names; name < names + len; name += strlen(name) + 1) {
		size = fgetxattr(from, name, value, sizeof(value));
		if (size < 0 || fsetxattr(to, name, value, (size_t)size, 0) == 0)
			continue;
		if (errno != EOPNOTSUPP && errno != EPERM)
			return -1;
	}
	return 0;
}

static int copy_bytes(int from, int to)
{
	ssize_t n;

	do
		n = sendfile(to, from, NULL, 1 << 20);
	while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -1 : 0;
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
		return err_set(err, "%s changed while it was copied to the tmpfs at %s", p->name,
			p->path);
	to = openat(p->to, p->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (to < 0 || copy_bytes(from, to) < 0 || copy_xattrs(from, to) < 0 ||
		copy_status(to, &st) < 0)
		return fail(p, "copy", err);
	return 0;
}

static int copy_link(const struct pair *p, const struct stat *st, struct err *err)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};
	char target[4096];
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

	if (p->depth >= COPYUP_DEPTH_MAX)
		return err_set(err, "%s is more than %d levels below the tmpfs at %s", p->name,
			COPYUP_DEPTH_MAX, p->path);
	if (from < 0)
		return fail(p, "read", err);
	if (mkdirat(p->to, p->name, 0700) == 0)
		to = openat(p->to, p->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (to < 0)
		return fail(p, "make", err);
	return fill(&(struct pair){from, to, p->name, p->path, p->depth + 1}, err);
}

static int copy_entry(const struct pair *p, struct err *err)
{
	struct stat st;

	if (fstatat(p->from, p->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(p, "stat", err);
	if (S_ISDIR(st.st_mode))
		return copy_directory(p, err);
	if (S_ISREG(st.st_mode))
		return copy_file(p, &st, err);
	return S_ISLNK(st.st_mode) ? copy_link(p, &st, err) : copy_node(p, &st, err);
}

static int copy_entries(const struct pair *p, const char *buf, ssize_t len, struct err *err)
{
	const struct entry *e;

	for (const char *at = buf; at < buf + len; at += e->len) {
		e = (const struct entry *)at;
		if (strcmp(e->name, ".") == 0 || strcmp(e->name, "..") == 0)
			continue;
		if (copy_entry(&(struct pair){p->from, p->to, e->name, p->path, p->depth}, err) < 0)
			return -1;
	}
	return 0;
}

/* All below a directory, then what it is itself: its times change with each entry. */
static int fill(const struct pair *top, struct err *err)
{
	_Alignas(struct entry) char buf[4096];
	struct stat st;
	ssize_t n;

	while ((n = syscall(SYS_getdents64, top->from, buf, sizeof(buf))) > 0)
		if (copy_entries(top, buf, n, err) < 0)
			return -1;
	if (n < 0 || fstat(top->from, &st) < 0)
		return fail(top, "read", err);
	if (copy_xattrs(top->from, top->to) < 0 || copy_status(top->to, &st) < 0)
		return fail(top, "copy", err);
	return 0;
}

int copyup_fill(int from, int to, const char *path, struct err *err)
{
	return fill(&(struct pair){from, to, ".", path, 0}, err);
}
