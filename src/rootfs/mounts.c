#include "rootfs/mounts.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/inside.h"
#include "rootfs/dev.h"
#include "rootfs/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* From <sys/mount.h>, which cannot be included beside <linux/mount.h>. */
extern int umount2(const char *target, int flags);
enum { DETACH = 2 }; /* MNT_DETACH */

int mount_source_open(const struct mount *m, struct err *err)
{
	struct err first = {0};
	int fd = tree_clone(AT_FDCWD, m->source, m->recursive, &first);

	if (fd < 0 && first.sys == ENOENT && m->make_source) {
		autofd int made = dir_make_path(m->source, err);
		if (made < 0)
			return -1;
		fd = tree_clone(AT_FDCWD, m->source, m->recursive, &first);
	}
	if (fd >= 0)
		return fd;
	*err = first;
	if (err->sys == ENOENT)
		err_hint(err, "--mount does not create its source; -v does");
	return -1;
}

/* The kind of inode behind a detached tree decides what its target has to be. */
static int target_open(int rootfd, const char *target, int source, struct err *err)
{
	struct stat st;

	if (fstat(source, &st) < 0)
		return err_sys(err, "stat the source of %s", target);
	return inside_ensure(rootfd, target, S_ISDIR(st.st_mode) ? INSIDE_DIR : INSIDE_FILE, err);
}

/* Which namespace a kernel file system shows, its type, and where the host has it. */
static const struct kernel_fs {
	uint64_t ns;
	const char *type, *host;
} kernel_fs[] = {
	[MOUNT_PROC] = {CLONE_NEWPID, "proc", "/proc"},
	[MOUNT_SYSFS] = {CLONE_NEWNET, "sysfs", "/sys"},
	[MOUNT_MQUEUE] = {CLONE_NEWIPC, "mqueue", "/dev/mqueue"},
	[MOUNT_CGROUP] = {CLONE_NEWCGROUP, "cgroup2", "/sys/fs/cgroup"},
	[MOUNT_DEVPTS] = {0, "devpts", NULL},
	[MOUNT_TMPFS] = {0, "tmpfs", NULL},
};

bool mount_shows_host(const struct mount *m, uint64_t fresh)
{
	return m->kind != MOUNT_BIND && m->kind != MOUNT_DEV && kernel_fs[m->kind].ns &&
	       !(fresh & kernel_fs[m->kind].ns);
}

int mount_host_open(const struct mount *m, struct err *err)
{
	return tree_clone(AT_FDCWD, kernel_fs[m->kind].host, true, err);
}

/* A link in place of /proc or /sys would put them somewhere else in the root, and leave masks and
 * read-only paths pointing at nothing (CVE-2019-19921, CVE-2023-27561). */
static int refuse_link(int rootfd, const struct mount *m, struct err *err)
{
	autofd int fd = -1;
	struct stat st;

	if (m->kind == MOUNT_BIND || m->kind == MOUNT_TMPFS)
		return 0;
	fd = inside_open(rootfd, m->target, O_PATH | O_NOFOLLOW, 0, err);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISLNK(st.st_mode))
		return err_set(err, "%s is a symbolic link in the image", m->target);
	return 0;
}

int mount_place(int rootfd, const struct mount *m, int source, struct err *err)
{
	autofd int made = -1, target = -1;

	if (source < 0) {
		source = made = tree_new(kernel_fs[m->kind].type, m->data,
			m->attr_set & ~m->attr_clear, err);
		if (made < 0)
			return err_wrap(err, "mount %s", m->target);
	}
	if (refuse_link(rootfd, m, err) < 0)
		return -1;
	if (m->kind == MOUNT_DEV && dev_fill(source, err) < 0)
		return -1;
	target = target_open(rootfd, m->target, source, err);
	if (target < 0)
		return err_wrap(err, "mount %s", m->target);
	if (tree_attach(source, target, m->target, err) < 0)
		return -1;
	return tree_set_attr(source, m->target, 0, 0, m->propagation, m->recursive, err);
}

int null_open(int devfd, struct err *err)
{
	autofd int fd = openat(devfd, "null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "open the container's /dev/null");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_set(err, "the container's /dev/null is not the null device");
	return take_fd(&fd);
}

/* ENOENT and ENOTDIR: nothing there to hide. */
static int open_existing(int rootfd, const char *path, struct err *err)
{
	int fd = inside_open(rootfd, path, O_PATH, 0, err);

	if (fd < 0 && (err->sys == ENOENT || err->sys == ENOTDIR)) {
		err->sys = 0;
		err->text[0] = '\0';
		return -2;
	}
	return fd;
}

int mask_path(int rootfd, const char *path, int nullfd, struct err *err)
{
	int found = open_existing(rootfd, path, err);
	autofd int target = found, source = -1;
	struct stat st;

	if (found == -2)
		return 0;
	if (found < 0 || fstat(target, &st) < 0)
		return found < 0 ? -1 : err_sys(err, "stat %s in the container", path);
	if (S_ISDIR(st.st_mode))
		source = tree_new("tmpfs", "nr_inodes=1,mode=755",
			MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
				MOUNT_ATTR_NOEXEC,
			err);
	else
		source = tree_clone(nullfd, "", false, err);
	if (source < 0)
		return err_wrap(err, "mask %s", path);
	return tree_attach(source, target, path, err);
}

int readonly_path(int rootfd, const char *path, struct err *err)
{
	int found = open_existing(rootfd, path, err);
	autofd int target = found, copy = -1;

	if (found == -2)
		return 0;
	if (found < 0)
		return -1;
	copy = tree_clone(target, "", true, err);
	if (copy < 0 || tree_set_attr(copy, path, MOUNT_ATTR_RDONLY, 0, 0, true, err) < 0)
		return err_wrap(err, "make %s read-only", path);
	return tree_attach(copy, target, path, err);
}

int root_pivot(int rootfd, bool readonly, struct err *err)
{
	if (readonly && tree_set_attr(rootfd, "/", MOUNT_ATTR_RDONLY, 0, 0, false, err) < 0)
		return -1;
	if (fchdir(rootfd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return err_sys(err, "cannot make the container's root the root");
	/* "." is the new root; on top of it lies the old one, with all that is mounted in it. */
	if (umount2(".", DETACH) < 0)
		return err_sys(err, "cannot drop the host's mounts");
	if (fchdir(rootfd) < 0)
		return err_sys(err, "cannot enter the container's root");
	return 0;
}
