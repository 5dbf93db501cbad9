#include "rootfs/tree.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int tree_clone(int dirfd, const char *path, bool recursive, struct err *err)
{
	unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (*path ? 0 : AT_EMPTY_PATH) |
			 (recursive ? AT_RECURSIVE : 0);
	int fd = (int)syscall(SYS_open_tree, dirfd, path, flags);

	return fd < 0 ? err_sys(err, "cannot mount %s", path) : fd;
}

enum { OPTION_SIZE = 256 }; /* the kernel's, for a value */

bool tree_options_fit(const char *options)
{
	while (options && *options) {
		const char *end = strchrnul(options, ',');

		if ((size_t)(end - options) >= OPTION_SIZE)
			return false;
		options = *end ? end + 1 : end;
	}
	return true;
}

/* Hands "a=b,c" to fsconfig(2) item by item. */
static int configure(int fs, const char *options)
{
	while (options && *options) {
		const char *end = strchrnul(options, ',');
		char item[OPTION_SIZE], *value;

		if ((size_t)(end - options) >= sizeof(item)) {
			errno = EINVAL;
			return -1;
		}
		memcpy(item, options, (size_t)(end - options));
		item[end - options] = '\0';
		options = *end ? end + 1 : end;
		value = strchr(item, '=');
		if (value)
			*value++ = '\0';
		if (syscall(SYS_fsconfig, fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, item,
			    value, 0) < 0)
			return -1;
	}
	return (int)syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

/* What a file system says about its options, such as "tmpfs: Bad value for 'size'". */
static void add_message(int fs, struct err *err)
{
	char text[256];
	ssize_t n = read(fs, text, sizeof(text) - 1);
	size_t len = strlen(err->text);

	if (n <= 2)
		return;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	/* The kind of the message and a blank come first. */
	snprintf(err->text + len, sizeof(err->text) - len, " (%s)", text + 2);
}

int tree_new_from(const char *type, const char *source, const char *options, uint64_t attr,
	struct err *err)
{
	autofd int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	int fd;

	if (fs < 0)
		return err_sys(err, "cannot open file system %s", type);
	if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return err_sys(err, "cannot mount a new %s of %s", type, source);
	if (configure(fs, options) < 0) {
		err_sys(err, "cannot mount a new %s%s%s", type, options ? " with " : "",
			options ? options : "");
		add_message(fs, err);
		return -1;
	}
	fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, (unsigned)attr);
	return fd < 0 ? err_sys(err, "cannot mount a new %s", type) : fd;
}

/* The source is what df and mount show. */
int tree_new(const char *type, const char *options, uint64_t attr, struct err *err)
{
	return tree_new_from(type, type, options, attr, err);
}

static int set_attr(int fd, struct mount_attr *attr, bool recursive)
{
	return (int)syscall(SYS_mount_setattr, fd, "",
		AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), attr, sizeof(*attr));
}

int tree_idmap(int fd, int userns_fd, const char *what, bool recursive, struct err *err)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_IDMAP,
		.userns_fd = (uint64_t)userns_fd,
	};

	if (set_attr(fd, &attr, recursive) == 0)
		return 0;
	err_sys(err, "cannot map the ids of %s", what);
	if (err->sys == EINVAL)
		err_hint(err, "a file system there cannot be id-mapped by this kernel");
	return -1;
}

int tree_set_attr(int fd, const char *what, uint64_t set, uint64_t clear, uint64_t propagation,
	bool recursive, struct err *err)
{
	struct mount_attr attr = {.attr_set = set, .attr_clr = clear, .propagation = propagation};

	if ((set || clear || propagation) && set_attr(fd, &attr, recursive) < 0)
		return err_sys(err, "cannot set the mount options of %s", what);
	return 0;
}

int tree_attach(int fd, int target_fd, const char *what, struct err *err)
{
	if (syscall(SYS_move_mount, fd, "", target_fd, "",
		    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return err_sys(err, "cannot attach %s", what);
	return 0;
}
