#include "rootfs/dev.h"

#include "base/fd.h"
#include "base/inside.h"
#include "rootfs/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

static mode_t node_type(char type)
{
	return type == 'b' ? S_IFBLK : type == 'p' ? S_IFIFO : S_IFCHR;
}

/* EPERM is kept for what a group does that lets nobody make nodes. */
static int not_the_node(struct err *err)
{
	err->sys = 0;
	return -1;
}

/* If the container has no id for the owner, the node stays the host root's, and belongs to nobody inside. */
static int make_node(int dirfd, const char *name, const struct device *d, const struct id_maps *ids,
	struct err *err)
{
	uint32_t uid = 0, gid = 0;

	id_map_find(ids->uids, ids->nuids, d->uid, &uid);
	id_map_find(ids->gids, ids->ngids, d->gid, &gid);
	if (mknodat(dirfd, name, node_type(d->type) | d->mode, makedev(d->major, d->minor)) < 0)
		return err_sys(err, "cannot make the device %s", d->path);
	/* mknod is subject to the umask. */
	if (fchownat(dirfd, name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0 &&
		fchmodat(dirfd, name, d->mode, 0) == 0)
		return 0;
	err_sys(err, "cannot give the device %s to the container", d->path);
	return not_the_node(err);
}

static int make_below(int devfd, const struct device *d, const struct id_maps *ids, struct err *err)
{
	const char *name = d->path + strlen("/dev/"), *slash = strrchr(name, '/');
	autofd int parent = -1;
	char dir[PATHNAME_SIZE];

	if (!slash)
		return make_node(devfd, name, d, ids, err);
	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - name), name);
	parent = inside_ensure(devfd, dir, INSIDE_DIR, err);
	return parent < 0 ? not_the_node(err) : make_node(parent, slash + 1, d, ids, err);
}

/* One option of an engine's for a tmpfs; ids are those of the container. */
static int add_option(char *buf, size_t size, const char *option, size_t len,
	const struct id_maps *ids, struct err *err)
{
	const bool uid = strncmp(option, "uid=", 4) == 0;
	size_t used = strlen(buf);
	uint32_t id;

	if (!uid && strncmp(option, "gid=", 4) != 0) {
		snprintf(buf + used, size - used, ",%.*s", (int)len, option);
		return 0;
	}
	id = (uint32_t)strtoul(option + 4, NULL, 10);
	if (!id_map_find(uid ? ids->uids : ids->gids, uid ? ids->nuids : ids->ngids, id, &id))
		return err_set(err, "/dev: the container has no %.*s", (int)len, option);
	snprintf(buf + used, size - used, ",%.3s=%u", option, id);
	return 0;
}

/* A tmpfs that belongs to the container's root, unless options say otherwise: those that come later count. */
static int new_tmpfs(const struct mount *m, const char *options, const struct id_maps *ids,
	struct err *err)
{
	uint32_t uid, gid;
	char all[4200];

	if (!id_map_find(ids->uids, ids->nuids, 0, &uid) ||
		!id_map_find(ids->gids, ids->ngids, 0, &gid))
		return err_set(err, "the container has no id 0 for its devices to belong to");
	snprintf(all, sizeof(all), "mode=755,uid=%u,gid=%u", uid, gid);
	while (*options) {
		size_t len = strcspn(options, ",");

		if (add_option(all, sizeof(all), options, len, ids, err) < 0)
			return -1;
		options += len + (options[len] == ',');
	}
	return tree_new_from("tmpfs", m && m->source ? m->source : "tmpfs", all,
		MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME, err);
}

int dev_new(const struct mount *m, const struct device *devices, size_t n,
	const struct id_maps *ids, struct err *err)
{
	autofd int fd = -1;
	char enough[64];

	/* Nodes, directories for them, links, and what is mounted there. */
	snprintf(enough, sizeof(enough), "size=64k,nr_inodes=%zu", 512 + 2 * n);
	fd = new_tmpfs(m, m->data ? m->data : enough, ids, err);
	if (fd < 0)
		return not_the_node(err);
	for (size_t i = 0; i < n; i++)
		if (strncmp(devices[i].path, "/dev/", 5) == 0 &&
			make_below(fd, &devices[i], ids, err) < 0)
			return -1;
	return take_fd(&fd);
}

struct clone_attached {
	int tmpfs, ret;
	struct err *err;
};

/* In a mount namespace that nobody else sees. Memory and descriptors are the parent's. */
static int clone_attached(void *arg)
{
	struct clone_attached *c = arg;
	struct mount_attr private = {.propagation = MS_PRIVATE};
	autofd int place = -1;

	if (unshare(CLONE_NEWNS) < 0 ||
		syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &private, sizeof(private)) <
			0 ||
		(place = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0)
		return err_sys(c->err, "cannot make a mount namespace for a device");
	if (tree_attach(c->tmpfs, place, "a device", c->err) == 0)
		c->ret = tree_clone(c->tmpfs, "node", false, c->err);
	return 0;
}

/* Part of a detached tree can be cloned from 6.15 on; before, it must be attached somewhere. */
static int clone_node(int tmpfs, struct err *err)
{
	struct clone_attached c = {.tmpfs = tmpfs, .ret = -1, .err = err};
	char stack[16384] __attribute__((aligned(16)));
	int fd = tree_clone(tmpfs, "node", false, err);
	pid_t pid;

	if (fd >= 0 || err->sys != EINVAL)
		return fd;
	pid = clone(clone_attached, stack + sizeof(stack),
		CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &c);
	if (pid < 0)
		return err_sys(err, "cannot make a mount namespace for a device");
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return c.ret;
}

int dev_node_new(const struct device *device, const struct id_maps *ids, struct err *err)
{
	autofd int fd = new_tmpfs(NULL, "size=4k,nr_inodes=2", ids, err);

	if (fd < 0 || make_node(fd, "node", device, ids, err) < 0)
		return -1;
	return clone_node(fd, err);
}

static bool is_node(int fd, const struct device *d)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == node_type(d->type) &&
	       st.st_rdev == makedev(d->major, d->minor);
}

int dev_node_of_host(const struct device *d, struct err *err)
{
	autofd int fd = -1;
	char link[64];

	fd = open(d->path, O_PATH | O_CLOEXEC);
	if (fd < 0 || !is_node(fd, d)) {
		fd_cleanup(&fd);
		snprintf(link, sizeof(link), "/dev/%s/%u:%u", d->type == 'b' ? "block" : "char",
			d->major, d->minor);
		fd = open(link, O_PATH | O_CLOEXEC);
	}
	if (fd >= 0 && is_node(fd, d))
		return tree_clone(fd, "", false, err);
	return err_set(err,
		"the device %s (%c %u:%u) cannot be made without rights, and the host has none",
		d->path, d->type, d->major, d->minor);
}

/* What runtimes have bound a device over before is an empty file, like the one we make. */
static int may_cover(int target, const struct device *d, struct err *err)
{
	struct stat st;

	if (fstat(target, &st) < 0)
		return err_sys(err, "stat %s in the container", d->path);
	if (is_node(target, d) || (S_ISREG(st.st_mode) && st.st_size == 0))
		return 0;
	if (d->type == 'p')
		return err_set(err, "device %s: a file is there already, and is no fifo", d->path);
	return err_set(err, "device %s: a file is there already, and is not %c %u:%u", d->path,
		d->type, d->major, d->minor);
}

int dev_node_place(const struct layout *l, const struct device *d, int tree, struct err *err)
{
	autofd int target = layout_ensure(l, d->path, INSIDE_FILE, err);
	struct statfs fs;

	if (target < 0)
		return err_wrap(err, "device %s", d->path);
	if (fstatfs(target, &fs) < 0)
		return err_sys(err, "statfs %s in the container", d->path);
	if (fs.f_type == PROC_SUPER_MAGIC)
		return err_set(err, "%s is a part of procfs, over which nothing may be mounted",
			d->path);
	if (may_cover(target, d, err) < 0)
		return -1;
	return tree_attach(tree, target, d->path, err);
}

static const struct {
	const char *name, *to;
} links[] = {
	{"fd", "/proc/self/fd"},
	{"stdin", "/proc/self/fd/0"},
	{"stdout", "/proc/self/fd/1"},
	{"stderr", "/proc/self/fd/2"},
	{"ptmx", "pts/ptmx"},
	{"core", "/proc/kcore"},
};
enum { STREAM_LINKS = 4 };

/* A directory of the host, in which nothing is left. */
static bool is_of_host(const struct layout *l)
{
	for (size_t i = l->count; i-- > 0;)
		if (strcmp(l->mounts[i].target, "/dev") == 0)
			return l->mounts[i].kind == MOUNT_BIND;
	return false;
}

int dev_link(const struct layout *l, struct err *err)
{
	struct err ignored;
	autofd int to = layout_open(l, "/proc/self/fd", O_PATH | O_DIRECTORY, &ignored);
	autofd int devfd = -1;

	if (to < 0 || is_of_host(l))
		return 0;
	devfd = layout_ensure(l, "/dev", INSIDE_DIR, err);
	if (devfd < 0)
		return -1;
	for (size_t i = 0; i < STREAM_LINKS; i++)
		if (symlinkat(links[i].to, devfd, links[i].name) < 0 && errno != EEXIST &&
			errno != EROFS && errno != EACCES && errno != EPERM)
			return err_sys(err, "cannot make /dev/%s", links[i].name);
	return 0;
}

#define CONSOLE "/dev/console"

int console_prepare(const struct layout *l, struct err *err)
{
	struct err ignored;
	autofd int dir = layout_open(l, "/dev", O_PATH | O_DIRECTORY, &ignored);
	autofd int fd = dir < 0 || is_of_host(l) ? -1 : layout_ensure(l, CONSOLE, INSIDE_FILE, err);

	if (dir < 0 || fd >= 0 || is_of_host(l))
		return 0;
	return err->sys == EROFS || err->sys == EACCES || err->sys == EPERM ? 0 : -1;
}

int console_place(const struct layout *l, int terminal, struct err *err)
{
	struct err ignored;
	autofd int target = layout_open(l, CONSOLE, O_PATH | O_NOFOLLOW, &ignored), tree = -1;
	struct stat st;

	if (target < 0 || fstat(target, &st) < 0 ||
		!(S_ISCHR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_size == 0)))
		return 0;
	tree = tree_clone(terminal, "", false, err);
	return tree < 0 ? -1 : tree_attach(tree, target, CONSOLE, err);
}

int dev_fill(int devfd, struct err *err)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlinkat(links[i].to, devfd, links[i].name) < 0 && errno != EEXIST)
			return err_sys(err, "cannot make /dev/%s", links[i].name);
	return 0;
}

int ptmx_open(const struct layout *l, struct err *err)
{
	autofd int pts = layout_open(l, "/dev/pts", O_PATH | O_DIRECTORY, err);
	struct statfs fs;
	int fd;

	if (pts < 0)
		return -1;
	if (fstatfs(pts, &fs) < 0)
		return err_sys(err, "statfs /dev/pts in the container");
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return err_set(err, "what the container has at /dev/pts is no devpts");
	fd = inside_open_beneath(pts, "ptmx", O_RDWR | O_NOCTTY, INSIDE_NO_LINKS_OR_MOUNTS);
	return fd < 0 ? err_sys(err, "open /dev/pts/ptmx in the container") : fd;
}
