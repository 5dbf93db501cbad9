#include "rootfs/nsroot.h"

#include "base/fd.h"
#include "base/node.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From <sys/mount.h>, which cannot be included beside <linux/mount.h>. */
extern int mount(const char *source, const char *target, const char *type, unsigned long flags,
	const void *data);

/* By a descriptor of ourselves (5.8), as there may be no procfs to name the namespace in. */
int nsroot_enter(struct err *err)
{
	autofd int self = (int)syscall(SYS_pidfd_open, getpid(), 0);

	if (self < 0 || setns(self, CLONE_NEWNS) < 0)
		return err_sys(err, "cannot go to the root of the mount namespace");
	return 0;
}

static int come_back(int root, int dir, bool chrooted, struct err *err)
{
	if (chrooted && (fchdir(root) < 0 || chroot(".") < 0))
		return err_sys(err, "cannot come back to the root directory");
	/* One that may not be entered is not missed: relative paths led nowhere from there. */
	if (dir >= 0 && fchdir(dir) < 0)
		return err_sys(err, "cannot come back to the working directory");
	return 0;
}

int nsroot_isolate(bool *ret_chrooted, struct err *err)
{
	autofd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	autofd int dir = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct node own, top;

	if (root < 0)
		return err_sys(err, "cannot open the root directory");
	*ret_chrooted = false;
	if (nsroot_enter(err) < 0) {
		/* Without CAP_SYS_CHROOT; but then nobody with these rights joins it, either. */
		if (err->sys != EPERM)
			return -1;
		*err = (struct err){0};
		return 0;
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_sys(err, "cannot keep the mounts of the container to itself");
	if (!node_find(root, "", AT_EMPTY_PATH, &own) || !node_find(AT_FDCWD, "/", 0, &top))
		return err_sys(err, "cannot look at the root of the mount namespace");
	*ret_chrooted = !node_same(&own, &top);
	return come_back(root, dir, *ret_chrooted, err);
}
