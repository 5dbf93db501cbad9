#include "rootfs/mounts.h"

#include "base/fd.h"
#include "base/file.h"
#include "rootfs/copyup.h"
#include "rootfs/dev.h"
#include "rootfs/layout.h"
#include "rootfs/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

/* From <sys/mount.h>, which cannot be included beside <linux/mount.h>. */
extern int mount(const char *source, const char *target, const char *type, unsigned long flags,
	const void *data);
extern int umount2(const char *target, int flags);
enum { DETACH = 2 };                /* MNT_DETACH */
enum { MQUEUE_MAGIC = 0x19800202 }; /* only in the kernel's own headers */

int mount_source_open(const struct mount *m, struct err *err)
{
	struct err first = {0};
	int fd = tree_clone(AT_FDCWD, m->source, m->recursive, &first);

	if (fd < 0 && first.sys == ENOENT && m->make_source) {
		autofd int made = dir_make_path(m->source, 0755, err);
		if (made < 0)
			return -1;
		fd = tree_clone(AT_FDCWD, m->source, m->recursive, &first);
	}
	if (fd >= 0)
		return fd;
	*err = first;
	return -1;
}

int mount_set_attrs(int tree, const struct mount *m, struct err *err)
{
	bool same = m->attr_set == m->attr_rset && m->attr_clear == m->attr_rclear;

	if (m->recursive &&
		tree_set_attr(tree, m->target, m->attr_rset, m->attr_rclear, 0, true, err) < 0)
		return -1;
	if (m->recursive && same)
		return 0;
	return tree_set_attr(tree, m->target, m->attr_set, m->attr_clear, 0, false, err);
}

/* What programs such as lxcfs replace by a file that reads the same. A mount over anything else in
 * there would decide what we read and write through it, labels of the payload among them
 * (CVE-2019-16884). */
static bool may_replace_in_proc(const char *target)
{
	static const char *const names[] = {"/proc/cpuinfo", "/proc/diskstats", "/proc/loadavg",
		"/proc/meminfo", "/proc/net/dev", "/proc/slabinfo", "/proc/stat", "/proc/swaps",
		"/proc/sys/crypto/fips_enabled", "/proc/sys/kernel/ns_last_pid", "/proc/uptime"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(target, names[i]) == 0)
			return true;
	return false;
}

static int check_target(int target, const struct mount *m, struct err *err)
{
	struct statfs fs;

	if (fstatfs(target, &fs) < 0)
		return err_sys(err, "statfs %s in the container", m->target);
	if (fs.f_type != PROC_SUPER_MAGIC || m->kind == MOUNT_PROC ||
		may_replace_in_proc(m->target))
		return 0;
	return err_set(err, "%s is a part of procfs, over which nothing may be mounted", m->target);
}

static bool is_file(const struct layout *l, const char *path)
{
	struct err ignored;
	autofd int fd = layout_open(l, path, O_PATH, &ignored);
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* The kind of inode behind a detached tree decides what its target has to be. */
static int target_open(const struct layout *l, const struct mount *m, int source, struct err *err)
{
	autofd int fd = -1;
	struct stat st;

	if (fstat(source, &st) < 0)
		return err_sys(err, "stat the source of %s", m->target);
	fd = layout_ensure(l, m->target, S_ISDIR(st.st_mode) ? INSIDE_DIR : INSIDE_FILE, err);
	if (fd >= 0)
		return take_fd(&fd);
	if (err->sys == ENOTDIR && is_file(l, m->target))
		return err_set(err, "mount %s: a directory cannot be mounted over a file",
			m->target);
	return err_wrap(err, "mount %s", m->target);
}

/* Which namespace a kernel file system shows, its type, and where the host has it. */
static const struct kernel_fs {
	uint64_t ns;
	const char *type, *host;
	unsigned long
		magic; /* of what the host has there; 0: a tmpfs with more of them below it will do */
} kernel_fs[] = {
	[MOUNT_PROC] = {CLONE_NEWPID, "proc", "/proc", PROC_SUPER_MAGIC},
	[MOUNT_SYSFS] = {CLONE_NEWNET, "sysfs", "/sys", SYSFS_MAGIC},
	[MOUNT_MQUEUE] = {CLONE_NEWIPC, "mqueue", "/dev/mqueue", MQUEUE_MAGIC},
	[MOUNT_CGROUP] = {CLONE_NEWCGROUP, "cgroup2", "/sys/fs/cgroup", 0},
	[MOUNT_DEVPTS] = {0, "devpts", NULL, 0},
	[MOUNT_TMPFS] = {0, "tmpfs", NULL, 0},
};

bool mount_shows_host(const struct mount *m, uint64_t own)
{
	return (own & CLONE_NEWUSER) && m->kind != MOUNT_BIND && m->kind != MOUNT_DEV &&
	       m->kind != MOUNT_FS && kernel_fs[m->kind].ns && !(own & kernel_fs[m->kind].ns);
}

const char *mount_host_path(const struct mount *m)
{
	return kernel_fs[m->kind].host;
}

int mount_host_open(const struct mount *m, struct err *err)
{
	const struct kernel_fs *k = &kernel_fs[m->kind];
	autofd int fd = tree_clone(AT_FDCWD, k->host, true, err);
	struct statfs fs;

	/* Not every host has one mounted; who has the rights may make it. */
	if (fd < 0 && m->kind == MOUNT_MQUEUE && err->sys == ENOENT)
		return tree_new_from(k->type, k->type, NULL, m->attr_set, err);
	if (fd < 0)
		return -1;
	if (fstatfs(fd, &fs) < 0)
		return err_sys(err, "statfs %s", k->host);
	if (k->magic && (unsigned long)fs.f_type != k->magic)
		return err_set(err, "what the host has at %s is no %s", k->host, k->type);
	return take_fd(&fd);
}

/* A link in place of /proc or /sys would put them somewhere else in the root, and leave masks and
 * read-only paths pointing at nothing (CVE-2019-19921, CVE-2023-27561). A directory that is there is the
 * target: what was looked at is what is mounted over. */
static int refuse_link(const struct layout *l, const struct mount *m, int *ret_target,
	struct err *err)
{
	autofd int fd = -1;
	struct stat st;

	if (m->kind == MOUNT_BIND || m->kind == MOUNT_TMPFS || m->kind == MOUNT_FS)
		return 0;
	fd = layout_open(l, m->target, O_PATH | O_NOFOLLOW, err);
	if (fd < 0 && (err->sys == ENOENT || err->sys == ENOTDIR)) {
		*err = (struct err){0};
		return 0;
	}
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "stat %s in the container", m->target);
	if (S_ISLNK(st.st_mode))
		return err_set(err, "%s is a symbolic link in the image", m->target);
	if (S_ISDIR(st.st_mode))
		*ret_target = take_fd(&fd);
	return 0;
}

/* "ro" is said to the file system as well: it may then take a source that cannot be written. */
static const char *fs_options(const struct mount *m, char buf[4200])
{
	if (m->kind != MOUNT_FS || !(m->attr_set & MOUNT_ATTR_RDONLY))
		return m->data;
	snprintf(buf, 4200, "%s%sro", m->data ? m->data : "", m->data ? "," : "");
	return buf;
}

bool mount_ends_readonly(const struct mount *m)
{
	return (m->kind == MOUNT_TMPFS || m->kind == MOUNT_DEV) &&
	       (m->attr_set & MOUNT_ATTR_RDONLY);
}

uint64_t mount_attrs_to_begin(const struct mount *m)
{
	return mount_ends_readonly(m) ? m->attr_set & ~(uint64_t)MOUNT_ATTR_RDONLY : m->attr_set;
}

/* A namespace that belongs to users above ours shows its file systems to nobody below them; what other
 * runtimes show instead is the host's. A procfs of the host would show its processes. */
static bool may_show_host(const struct mount *m, uint64_t own, const struct err *err)
{
	return err->sys == EPERM && m->kind != MOUNT_FS && kernel_fs[m->kind].host &&
	       !(own & kernel_fs[m->kind].ns);
}

static int new_mount(const struct mount *m, uint64_t own, bool *ret_from_host, struct err *err)
{
	const char *type = m->kind == MOUNT_FS ? m->type : kernel_fs[m->kind].type;
	struct err second = {0};
	autofd int host = -1;
	char buf[4200];
	int fd = tree_new_from(type, m->source ? m->source : type, fs_options(m, buf),
		mount_attrs_to_begin(m), err);

	if (fd >= 0 || !may_show_host(m, own, err))
		return fd;
	host = mount_host_open(m, &second);
	if (host < 0 ||
		tree_set_attr(host, m->target, m->attr_set, m->attr_clear, 0, true, &second) < 0)
		return -1;
	*err = (struct err){0};
	*ret_from_host = true;
	return take_fd(&host);
}

/* The flags of mount(2) that a mount of ours can have. */
static unsigned long mount_flags(uint64_t attr)
{
	static const struct {
		uint64_t attr;
		unsigned long flag;
	} flags[] = {
		{MOUNT_ATTR_RDONLY, MS_RDONLY},
		{MOUNT_ATTR_NOSUID, MS_NOSUID},
		{MOUNT_ATTR_NODEV, MS_NODEV},
		{MOUNT_ATTR_NOEXEC, MS_NOEXEC},
		{MOUNT_ATTR_NOATIME, MS_NOATIME},
		{MOUNT_ATTR_STRICTATIME, MS_STRICTATIME},
		{MOUNT_ATTR_NODIRATIME, MS_NODIRATIME},
		{MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW},
	};
	unsigned long r = 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (attr & flags[i].attr)
			r |= flags[i].flag;
	return r;
}

/* -1: cannot be said. */
static int same_file(int a, int b)
{
	struct stat x, y;

	if (fstat(a, &x) < 0 || fstat(b, &y) < 0)
		return -1;
	return x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* mount(2) returns no descriptor: by the name once, and it must not be what was mounted over. */
static int find_old(const struct layout *l, const struct mount *m, int target, struct err *err)
{
	autofd int fd = layout_open(l, m->target, O_PATH | O_DIRECTORY, err);

	const int same = fd < 0 ? 0 : same_file(fd, target);

	if (same < 0)
		return err_sys(err, "look at what is mounted on %s", m->target);
	if (same)
		return err_set(err, "%s was moved away while it was mounted over", m->target);
	return take_fd(&fd);
}

/* An option that is too long for fsconfig(2), such as the layers of an overlay, goes through mount(2),
 * by the working directory: no path is resolved a second time. */
static int place_old(const struct layout *l, const struct mount *m, int *ret_fd, struct err *err)
{
	autofd int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	autofd int target = layout_ensure(l, m->target, INSIDE_DIR, err);
	int r;

	if (before < 0)
		return err_sys(err, "open the working directory");
	if (target < 0 || check_target(target, m, err) < 0)
		return -1;
	if (fchdir(target) < 0)
		return err_sys(err, "cannot enter %s in the container", m->target);
	r = mount(m->source ? m->source : m->type, ".", m->type, mount_flags(m->attr_set), m->data);
	if (r < 0)
		err_sys(err, "cannot mount a new %s at %s", m->type, m->target);
	if (fchdir(before) < 0 && r == 0)
		return err_sys(err, "cannot go back to the working directory");
	return r < 0 || (*ret_fd = find_old(l, m, target, err)) < 0 ? -1 : 0;
}

static bool says(const char *options, const char *name)
{
	size_t len = strlen(name);

	while (options && strncmp(options, name, len) != 0) {
		options = strchr(options, ',');
		if (options)
			options++;
	}
	return options != NULL;
}

static int tmpfs_open(int tree, const struct mount *m, struct stat *ret, struct err *err)
{
	autofd int fd = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, ret) < 0)
		return err_sys(err, "open the tmpfs for %s", m->target);
	return take_fd(&fd);
}

static int copy_up(int from, int tree, const struct mount *m, struct err *err)
{
	const struct copyup c = {.kind = "tmpfs",
		.path = m->target,
		.depth_max = COPYUP_DEPTH_MAX,
		.links_fd = -1};
	struct stat st;
	autofd int to = tmpfs_open(tree, m, &st, err);

	if (to < 0 || copyup_fill(from, to, &c, err) < 0)
		return -1;
	if (says(m->data, "mode=") && fchmod(to, st.st_mode & 07777) < 0)
		return err_sys(err, "cannot set the mode of %s", m->target);
	return 0;
}

/* One whose mode nobody said has that of the directory it is mounted over, as with other runtimes, not the
 * kernel's 1777; and its owner, who would be shut out by that mode. */
static int look_alike(int from, int tree, const struct mount *m, struct err *err)
{
	struct stat st, old;
	autofd int to = tmpfs_open(tree, m, &st, err);

	if (to < 0)
		return -1;
	if (fstat(from, &old) < 0)
		return err_sys(err, "stat %s in the container", m->target);
	if (!says(m->data, "uid=") && !says(m->data, "gid=") &&
		fchown(to, old.st_uid, old.st_gid) < 0 && errno != EINVAL && errno != EPERM)
		return err_sys(err, "cannot set the owner of %s", m->target);
	if (fchmod(to, old.st_mode & 07777) < 0)
		return err_sys(err, "cannot set the mode of %s", m->target);
	return 0;
}

/* A tmpfs may take something over from its place, if that is there already. */
static int inherit(const struct layout *l, const struct mount *m, int tree, struct err *err)
{
	const bool alike = m->kind == MOUNT_TMPFS && !says(m->data, "mode=");
	autofd int from = -1;

	if (!m->copy_up && !alike)
		return 0;
	from = layout_open(l, m->target, (m->copy_up ? O_RDONLY : O_PATH) | O_DIRECTORY, err);
	if (from < 0 && (err->sys == ENOENT || err->sys == ENOTDIR)) {
		*err = (struct err){0};
		return 0;
	}
	if (from < 0)
		return -1;
	return m->copy_up ? copy_up(from, tree, m, err) : look_alike(from, tree, m, err);
}

static int set_propagation(int tree, const struct mount *m, bool from_host, struct err *err)
{
	uint64_t type = m->propagation & ~(uint64_t)MS_REC;
	bool below = (m->propagation & MS_REC) || m->recursive;

	/* A tree of the host is a peer of what it was copied from. */
	if (!type && from_host)
		return tree_set_attr(tree, m->target, 0, 0, MS_PRIVATE, true, err);
	return tree_set_attr(tree, m->target, 0, 0, type, below, err);
}

static int attach(int tree, int target, const struct mount *m, struct err *err)
{
	struct stat a, b;

	if (tree_attach(tree, target, m->target, err) == 0)
		return 0;
	/* To the kernel that is an invalid argument. */
	if (fstat(tree, &a) < 0 || fstat(target, &b) < 0 || S_ISDIR(a.st_mode) ||
		!S_ISDIR(b.st_mode))
		return -1;
	return err_set(err, "mount %s: a file cannot be mounted over a directory", m->target);
}

int mount_place(const struct layout *l, const struct mount *m, uint64_t own, int *fd,
	struct err *err)
{
	bool from_host = *fd >= 0 && m->kind != MOUNT_DEV;
	autofd int target = -1;

	if (m->kind == MOUNT_FS && !tree_options_fit(m->data))
		return place_old(l, m, fd, err);
	if (*fd < 0 && (*fd = new_mount(m, own, &from_host, err)) < 0)
		return err_wrap(err, "mount %s", m->target);
	if (refuse_link(l, m, &target, err) < 0 ||
		(m->kind == MOUNT_DEV && dev_fill(*fd, err) < 0) || inherit(l, m, *fd, err) < 0)
		return -1;
	if (target < 0 && (target = target_open(l, m, *fd, err)) < 0)
		return -1;
	if (check_target(target, m, err) < 0 || attach(*fd, target, m, err) < 0)
		return -1;
	return set_propagation(*fd, m, from_host, err);
}

int mounts_end(const struct layout *l, struct err *err)
{
	for (size_t i = 0; i < l->count; i++)
		if (mount_ends_readonly(&l->mounts[i]) &&
			tree_set_attr(l->fds[i], l->mounts[i].target, MOUNT_ATTR_RDONLY, 0, 0,
				false, err) < 0)
			return -1;
	return 0;
}

int null_open(int devfd, struct err *err)
{
	autofd int fd = devfd >= 0 ? openat(devfd, "null", O_PATH | O_NOFOLLOW | O_CLOEXEC)
				   : open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, "open the container's /dev/null");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_set(err, "the container's /dev/null is not the null device");
	return take_fd(&fd);
}

/* ENOENT and ENOTDIR: nothing there to hide. */
static int open_existing(const struct layout *l, const char *path, struct err *err)
{
	int fd = layout_open(l, path, O_PATH, err);

	if (fd < 0 && (err->sys == ENOENT || err->sys == ENOTDIR)) {
		err->sys = 0;
		err->text[0] = '\0';
		return -2;
	}
	return fd;
}

/* One file system for all: only the first is made, and the others are mounts of it, which have its flags.
 * It is known by its descriptor, never by a path (CVE-2025-31133). */
static int empty_open(struct mask *mask, struct err *err)
{
	if (mask->empty >= 0)
		return tree_clone(mask->empty, "", false, err);
	mask->empty = tree_new("tmpfs", "nr_inodes=1,mode=755",
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
	return mask->empty < 0 ? -1 : fcntl(mask->empty, F_DUPFD_CLOEXEC, 3);
}

int mask_path(const struct layout *l, const char *path, struct mask *mask, struct err *err)
{
	int found = open_existing(l, path, err);
	autofd int target = found, source = -1;
	struct stat st;

	if (found == -2)
		return 0;
	if (found < 0 || fstat(target, &st) < 0)
		return found < 0 ? -1 : err_sys(err, "stat %s in the container", path);
	source = S_ISDIR(st.st_mode) ? empty_open(mask, err)
				     : tree_clone(mask->null, "", false, err);
	if (source < 0)
		return err_wrap(err, "mask %s", path);
	return tree_attach(source, target, path, err);
}

int readonly_path(const struct layout *l, const char *path, struct err *err)
{
	int found = open_existing(l, path, err);
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
