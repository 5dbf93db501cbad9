#include "container/start.h"

#include "base/fd.h"
#include "base/program.h"
#include "rootfs/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool on_readonly_mount(void)
{
	struct statvfs st;

	return statvfs("/proc/self/exe", &st) == 0 && (st.f_flag & ST_RDONLY);
}

int program_protect(char *const *argv, struct err *err)
{
	char path[4096];
	autofd int fd = -1;

	if (on_readonly_mount())
		return 0;
	if (program_self(path, sizeof(path)) < 0 || setenv(PROGRAM_ORIGIN, path, 1) < 0)
		return err_sys(err, "cannot find the running program");
	fd = program_open("ctr", err);
	if (fd < 0)
		return -1;
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	return err_sys(err, "cannot execute %s from a read-only mount", path);
}

int program_open(const char *name, struct err *err)
{
	char path[4096];
	int fd;

	if (program_path(name, path, sizeof(path), err) < 0)
		return -1;
	fd = tree_clone(AT_FDCWD, path, false, err);
	if (fd >= 0 && tree_set_attr(fd, path, MOUNT_ATTR_RDONLY, 0, 0, false, err) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}
