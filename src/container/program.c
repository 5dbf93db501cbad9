#include "container/start.h"

#include "rootfs/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int program_path(const char *name, char *ret, size_t size, struct err *err)
{
	ssize_t n = readlink("/proc/self/exe", ret, size - 1);
	char *slash;

	if (n <= 0)
		return err_sys(err, "cannot find the program %s", name);
	ret[n] = '\0';
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
