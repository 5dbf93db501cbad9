#include "rootfs/root.h"

#include "base/fd.h"
#include "rootfs/mounts.h"
#include "rootfs/nsroot.h"
#include "rootfs/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From <sys/mount.h>, which cannot be included beside <linux/mount.h>. */
extern int mount(const char *source, const char *target, const char *type, unsigned long flags,
	const void *data);
extern int umount2(const char *target, int flags);
enum { DETACH = 2, NOFOLLOW = 8 }; /* MNT_DETACH, UMOUNT_NOFOLLOW */

/* A shared root would carry our mounts to the host while we make them, and cannot be pivoted. What it shares
 * in the end is its own, and hears nothing of the host. */
static uint64_t early_propagation(const struct root_spec *root)
{
	return root->propagation & MS_SLAVE ? MS_SLAVE : MS_PRIVATE;
}

/* Where hooks look for it. Who has no way to there, in a user namespace, takes a directory that every host
 * has, but not /proc before the others: whatever asks there who it is would be answered by the image. */
static int place_open(const char *dir, struct err *err)
{
	const char *const places[] = {dir, "/mnt", "/proc"};
	int fd = -1;

	for (size_t i = 0; fd < 0 && i < sizeof(places) / sizeof(places[0]); i++)
		fd = open(places[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, "cannot open a place for %s", dir) : fd;
}

int direct_mount(int tree, const struct root_spec *root, struct err *err)
{
	autofd int place = -1;

	/* What is copied of them later may have to hear of the host; what stays must not. */
	if (mount(NULL, "/", NULL, MS_REC | (root->no_pivot ? MS_PRIVATE : MS_SLAVE), NULL) < 0)
		return err_sys(err, "cannot keep the mounts of the container to itself");
	place = place_open(root->dir, err);
	if (place < 0 || tree_attach(tree, place, root->dir, err) < 0)
		return -1;
	return tree_set_attr(tree, root->dir, 0, 0, early_propagation(root), true, err);
}

/* A mount of the host that would show everything to whoever looks for one, such as a procfs without
 * masks, which permits another: gone, or covered where it is locked. */
static int hide_below(int old_root, const char *name, struct err *err)
{
	autofd int dir = -1, cover = -1;

	if (fchdir(old_root) < 0)
		return err_sys(err, "cannot enter the host's root");
	if (umount2(name, DETACH | NOFOLLOW) == 0 || errno == ENOENT)
		return 0;
	dir = openat(old_root, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return 0;
	cover = tree_new("tmpfs", "size=0,nr_inodes=1", MOUNT_ATTR_RDONLY, err);
	return cover < 0 ? -1 : tree_attach(cover, dir, name, err);
}

int root_change(int rootfd, struct err *err)
{
	if (fchdir(rootfd) < 0 || chroot(".") < 0)
		return err_sys(err, "cannot make the container's root the root");
	return 0;
}

/* By mounting over "/" and changing to it: for a root that cannot be pivoted away from. */
static int root_move(int rootfd, struct err *err)
{
	autofd int old_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (old_root < 0)
		return err_sys(err, "cannot open the host's root");
	if (tree_attach(rootfd, old_root, "the container's root over the host's", err) < 0)
		return -1;
	if (hide_below(old_root, "proc", err) < 0 || hide_below(old_root, "sys", err) < 0)
		return -1;
	return root_change(rootfd, err);
}

static int refuse_move(const struct root_way *way, struct err *err)
{
	if (!way->own_users || !(way->caps & (UINT64_C(1) << CAP_SYS_ADMIN)))
		return 0;
	err_set(err, "without pivot_root the host's root stays below the container's, and with "
		     "CAP_SYS_ADMIN it can be uncovered");
	return err_hint(err, "drop CAP_SYS_ADMIN, or let the root be pivoted");
}

/* Around a chroot that was made in an initramfs lies the initramfs, which cannot be pivoted away from. */
static bool unpivotable(const struct root_way *way, const struct err *err)
{
	return way->chrooted && err->sys == EINVAL;
}

int root_enter(int rootfd, const struct root_spec *root, const struct root_way *way,
	struct err *err)
{
	uint64_t late = root->propagation & (MS_SHARED | MS_UNBINDABLE);

	if (way->chrooted && nsroot_enter(err) < 0)
		return -1;
	if (!root->no_pivot) {
		if (root_pivot(rootfd, root->readonly, err) == 0)
			return tree_set_attr(rootfd, "/", 0, 0, late, false, err);
		if (!unpivotable(way, err))
			return -1;
	}
	if (refuse_move(way, err) < 0)
		return -1;
	return root_move(rootfd, err) < 0
		       ? -1
		       : tree_set_attr(rootfd, "/", root->readonly ? MOUNT_ATTR_RDONLY : 0, 0, late,
				 false, err);
}
