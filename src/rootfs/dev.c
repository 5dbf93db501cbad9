#include "rootfs/dev.h"

#include "base/fd.h"
#include "base/inside.h"
#include "rootfs/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static int make_node(int devfd, const struct device *d, uint32_t uid_base, uint32_t gid_base,
	struct err *err)
{
	const char *name = d->path + strlen("/dev/");
	const char *slash = strrchr(name, '/');
	autofd int parent = -1;
	mode_t type = d->type == 'b' ? S_IFBLK : S_IFCHR;

	if (slash) {
		char dir[256];

		snprintf(dir, sizeof(dir), "%.*s", (int)(slash - name), name);
		parent = inside_ensure(devfd, dir, INSIDE_DIR, err);
		if (parent < 0)
			return -1;
		name = slash + 1;
	}
	if (mknodat(slash ? parent : devfd, name, type | d->mode, makedev(d->major, d->minor)) < 0)
		return err_sys(err, "cannot make the device %s", d->path);
	/* mknod is subject to the umask. */
	if (fchownat(slash ? parent : devfd, name, uid_base + d->uid, gid_base + d->gid,
		    AT_SYMLINK_NOFOLLOW) < 0 ||
		fchmodat(slash ? parent : devfd, name, d->mode, 0) < 0)
		return err_sys(err, "cannot give the device %s to the container", d->path);
	return 0;
}

int dev_new(const struct device *devices, size_t n, uint32_t uid_base, uint32_t gid_base,
	struct err *err)
{
	char options[96];
	autofd int fd = -1;

	snprintf(options, sizeof(options), "mode=755,size=64k,nr_inodes=512,uid=%u,gid=%u",
		uid_base, gid_base);
	fd = tree_new("tmpfs", options, MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME, err);
	if (fd < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (strncmp(devices[i].path, "/dev/", 5) == 0 &&
			make_node(fd, &devices[i], uid_base, gid_base, err) < 0)
			return -1;
	return take_fd(&fd);
}

int dev_fill(int devfd, struct err *err)
{
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
	static const char *const dirs[] = {"pts", "shm", "mqueue"};

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlinkat(links[i].to, devfd, links[i].name) < 0 && errno != EEXIST)
			return err_sys(err, "cannot make /dev/%s", links[i].name);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (mkdirat(devfd, dirs[i], 0755) < 0 && errno != EEXIST)
			return err_sys(err, "cannot make /dev/%s", dirs[i]);
	return 0;
}
