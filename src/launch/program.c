#include "launch/program.h"

#include "base/fd.h"
#include "rootfs/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SELF "/proc/self/exe"

enum { SEALS = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL };

static bool is_protected(void)
{
	autofd int self = -1;
	struct statvfs st;

	if (statvfs(SELF, &st) == 0 && (st.f_flag & ST_RDONLY))
		return true;
	self = open(SELF, O_RDONLY | O_CLOEXEC);
	return self >= 0 && fcntl(self, F_GET_SEALS) == SEALS;
}

static bool in_map(const struct id_map *maps, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (id >= maps[i].outside && id - maps[i].outside < maps[i].count)
			return true;
	return false;
}

bool program_in_reach(const struct spec *spec)
{
	struct stat st;

	/* The ids of a namespace that is to be joined are not known yet. */
	if (!(spec->ns.fresh & CLONE_NEWUSER))
		return true;
	if (!spec->ns.uid_map_count)
		return false;
	return stat(SELF, &st) < 0 || in_map(spec->ns.uid_maps, spec->ns.uid_map_count, st.st_uid);
}

/* For who may not mount: a file without a name, which costs a copy. */
static int sealed_copy(struct err *err)
{
	autofd int from = open(SELF, O_RDONLY | O_CLOEXEC);
	autofd int to = memfd_create("ctr", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat st;

	if (from < 0 || to < 0 || fstat(from, &st) < 0)
		return err_sys(err, "copy the running program");
	for (off_t left = st.st_size; left > 0;) {
		ssize_t n = sendfile(to, from, NULL, (size_t)left);

		if (n <= 0)
			return err_sys(err, "copy the running program");
		left -= n;
	}
	if (fchmod(to, 0555) < 0 || fcntl(to, F_ADD_SEALS, SEALS) < 0)
		return err_sys(err, "seal a copy of the running program");
	return take_fd(&to);
}

static int readonly_mount(const char *path, struct err *err)
{
	autofd int fd = tree_clone(AT_FDCWD, path, false, err);

	if (fd < 0 || tree_set_attr(fd, path, MOUNT_ATTR_RDONLY, 0, 0, false, err) < 0)
		return -1;
	return take_fd(&fd);
}

int program_protect(char *const *argv, struct err *err)
{
	char path[4096];
	autofd int fd = -1;

	if (is_protected())
		return 0;
	if (program_self(path, sizeof(path)) < 0 || setenv(PROGRAM_ORIGIN, path, 1) < 0)
		return err_sys(err, "cannot find the running program");
	fd = readonly_mount(path, err);
	if (fd < 0 && err->sys == EPERM)
		fd = sealed_copy(err);
	if (fd < 0)
		return -1;
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	return err_sys(err, "cannot execute %s where nobody can write to it", path);
}

int program_open(const char *name, struct err *err)
{
	char path[4096];

	return program_path(name, path, sizeof(path), err) < 0 ? -1 : readonly_mount(path, err);
}
