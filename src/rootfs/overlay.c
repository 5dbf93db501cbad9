#include "rootfs/overlay.h"

#include "base/fd.h"
#include "rootfs/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From <sys/mount.h>, which cannot be included beside <linux/mount.h>. */
extern int mount(const char *source, const char *target, const char *type, unsigned long flags,
	const void *data);

/* A private tmpfs in the place of the host's /proc: a directory that every host has, and in a copy
 * of the mount tree that goes with one unmount once the root is pivoted. */
static int enter_scratch(struct err *err)
{
	autofd int place = -1, scratch = -1;

	/* Mounts of the host that are shared would carry ours back to it. */
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return err_sys(err, "cannot make the mounts of the container private");
	place = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place < 0)
		return err_sys(err, "cannot open /proc");
	scratch = tree_new("tmpfs", "mode=0700,size=1m", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, err);
	if (scratch < 0 || tree_attach(scratch, place, "a scratch tmpfs", err) < 0)
		return -1;
	if (fchdir(scratch) < 0)
		return err_sys(err, "cannot enter the scratch tmpfs");
	return 0;
}

static int attach_as(int tree, const char *name, struct err *err)
{
	autofd int dir = -1;

	if (mkdir(name, 0700) < 0)
		return err_sys(err, "cannot make %s in the scratch tmpfs", name);
	dir = open(name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, "cannot open %s in the scratch tmpfs", name);
	return tree_attach(tree, dir, name, err);
}

#define VOLATILE "volatile,"

/* The kernel refuses volatile (EIO) on a file system that has failed to write something, whoever it was
 * from, until that has been reported to somebody: synced, there is no danger. */
static int mount_options(const char *options, const struct overlay *o)
{
	unsigned long flags = o->nosuid ? MS_NOSUID : 0;

	if (o->is_volatile && mount("overlay", "root", "overlay", flags, options) == 0)
		return 0;
	if (o->is_volatile && errno != EIO)
		return -1;
	return mount("overlay", "root", "overlay", flags, options + strlen(VOLATILE));
}

/* Where overlayfs cannot make its working directory it mounts for reading only, and says so to nobody but
 * the kernel's log. */
static int check_writable(int rootfd, const struct overlay *o, struct err *err)
{
	struct statfs fs;

	if (fstatfs(rootfd, &fs) < 0)
		return err_sys(err, "cannot look at the overlay of the container's root");
	if (o->writable < 0 || !(fs.f_flags & ST_RDONLY))
		return 0;
	close(rootfd);
	errno = ENOSPC;
	return err_sys(err, "cannot make the working directory of the container's overlay");
}

int overlay_mount(const struct overlay *o, struct err *err)
{
	char options[4096], name[16];
	size_t len = (size_t)snprintf(options, sizeof(options), VOLATILE "userxattr,%slowerdir=",
		o->writable < 0 ? "" : "upperdir=w/upper,workdir=w/work,");
	int root;

	if (o->count > OVERLAY_LAYERS_MAX)
		return err_set(err, "the image has %zu layers, the kernel takes %d at most",
			o->count, OVERLAY_LAYERS_MAX);
	if (enter_scratch(err) < 0 || (o->writable >= 0 && attach_as(o->writable, "w", err) < 0))
		return -1;
	for (size_t i = o->count; i-- > 0;) {
		snprintf(name, sizeof(name), "%zx", i);
		if (attach_as(o->layers[i], name, err) < 0)
			return -1;
		len += (size_t)snprintf(options + len, sizeof(options) - len, "%s%s", name,
			i ? ":" : "");
	}
	if (mkdir("root", 0700) < 0 || mount_options(options, o) < 0) {
		err_sys(err, "cannot mount the overlay of the container's root");
		if (err->sys == EINVAL)
			err_hint(err,
				"the store (CTR_ROOT) must lie on a file system that can hold the "
				"upper layer of an overlay, such as ext4, xfs or btrfs");
		return -1;
	}
	root = open("root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root < 0)
		return err_sys(err, "cannot open the container's root");
	return check_writable(root, o, err) < 0 ? -1 : root;
}
