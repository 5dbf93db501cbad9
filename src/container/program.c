#include "container/start.h"

#include "base/fd.h"
#include "rootfs/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where a program that runs from a detached mount came from. */
#define ORIGIN "CTR_ORIGIN"

static bool on_readonly_mount(void)
{
	struct statvfs st;

	return statvfs("/proc/self/exe", &st) == 0 && (st.f_flag & ST_RDONLY);
}

/* The path of the running program. A program on a detached mount has none; then it was started by
 * program_protect(), which has left it in the environment. */
static int own_path(char *ret, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", ret, size - 1);
	const char *origin = getenv(ORIGIN);

	if (n <= 0)
		return -1;
	ret[n] = '\0';
	if (strchr(ret + 1, '/') || !origin)
		return 0;
	return (size_t)snprintf(ret, size, "%s", origin) < size ? 0 : -1;
}

int program_protect(char *const *argv, struct err *err)
{
	char path[4096];
	autofd int fd = -1;

	if (on_readonly_mount())
		return 0;
	if (own_path(path, sizeof(path)) < 0 || setenv(ORIGIN, path, 1) < 0)
		return err_sys(err, "cannot find the running program");
	fd = program_open("ctr", err);
	if (fd < 0)
		return -1;
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	return err_sys(err, "cannot execute %s from a read-only mount", path);
}

int program_path(const char *name, char *ret, size_t size, struct err *err)
{
	char *slash;

	if (own_path(ret, size) < 0)
		return err_sys(err, "cannot find the program %s", name);
	slash = strrchr(ret, '/');
	if (slash && (size_t)(slash + 1 - ret) + strlen(name) < size) {
		strcpy(slash + 1, name);
		if (access(ret, X_OK) == 0)
			return 0;
	}
	if ((size_t)snprintf(ret, size, "%s/%s", CTR_LIBEXEC, name) < size && access(ret, X_OK) == 0)
		return 0;
	err_set(err, "cannot find the program %s", name);
	return err_hint(err, "it belongs beside ctr, or in %s", CTR_LIBEXEC);
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
