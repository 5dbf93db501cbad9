#include "cgroup/path.h"

#include "base/fd.h"
#include "base/file.h"
#include "cgroup/group.h"
#include "cgroup/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	TRIES = 100,
	COMPONENT_MAX = 255,
	OPEN_DIR = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
};

int cgroup_path_parse(const char *path, char *ret, size_t size, struct err *err)
{
	const char *p = path;
	size_t at = 0;

	while (*(p += strspn(p, "/"))) {
		size_t len = strcspn(p, "/");

		if ((len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
			return err_value(err, "cgroup path", path, "goes through . or ..");
		for (size_t i = 0; i < len; i++)
			if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
				return err_value(err, "cgroup path", path,
					"has a control character in it");
		if (len > COMPONENT_MAX || at + len + 2 > size)
			return err_value(err, "cgroup path", path, "is too long");
		if (at)
			ret[at++] = '/';
		memcpy(ret + at, p, len);
		at += len;
		p += len;
	}
	ret[at] = '\0';
	return at ? 0 : err_value(err, "cgroup path", path, "names no group");
}

/* A file of the kernel's is no group, nor is anything below it. */
static int open_failed(const char *name, struct err *err)
{
	err_sys(err, "open cgroup %s", name);
	if (err->sys == ENOTDIR)
		err->sys = ENOENT;
	return -1;
}

/* The directory above the last component, and that component. make: what is missing is made. */
static int open_above(int hierarchy_fd, const char *path, bool make, const char **ret_last,
	struct err *err)
{
	autofd int fd = openat(hierarchy_fd, ".", OPEN_DIR);
	char name[COMPONENT_MAX + 1];
	const char *slash;

	if (fd < 0)
		return err_sys(err, "open the cgroup v2 tree");
	for (; (slash = strchr(path, '/')); path = slash + 1) {
		autofd int above = take_fd(&fd);

		memcpy(name, path, (size_t)(slash - path));
		name[slash - path] = '\0';
		if (make && mkdirat(above, name, 0755) < 0 && errno != EEXIST)
			return err_sys(err, "make cgroup %s", name);
		fd = openat(above, name, OPEN_DIR);
		if (fd < 0)
			return open_failed(name, err);
	}
	*ret_last = path;
	return take_fd(&fd);
}

static int in_use(const char *path, const char *why, struct err *err)
{
	err_set(err, "cgroup /%s is in use: %s", path, why);
	err->sys = EBUSY;
	return -1;
}

static bool is_named(int above, const char *name, int fd)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 && fstatat(above, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       ours.st_ino == there.st_ino;
}

/* The group, or the one above it, that was told to freeze: the length of its path. */
static size_t frozen_part(int hierarchy_fd, const char *path)
{
	char file[CGROUP_PATH_SIZE + 16], value[8];
	size_t len = 0;

	do {
		len += strspn(path + len, "/");
		len += strcspn(path + len, "/");
		snprintf(file, sizeof(file), "%.*s/cgroup.freeze", (int)len, path);
	} while (path[len] &&
		 (file_peek(hierarchy_fd, file, value, sizeof(value)) <= 0 || value[0] != '1'));
	return len;
}

/* A process that starts in a frozen group never runs, so that it could report nothing. */
int cgroup_path_is_frozen(int hierarchy_fd, const char *path, struct err *err)
{
	int len = (int)frozen_part(hierarchy_fd, path);

	err_set(err, "cgroup /%.*s is frozen: nothing can start in /%s", len, path, path);
	err->sys = EBUSY;
	return err_hint(err, "thaw it: echo 0 >/sys/fs/cgroup/%.*s/cgroup.freeze", len, path);
}

/* Locked, and with nobody in it. ESTALE: it was removed meanwhile. */
static int take(int hierarchy_fd, int above, const char *name, const char *path, struct err *err)
{
	autofd int fd = cgroup_create(above, name, err);
	const bool made = fd >= 0;
	struct cgroup_events now = {0};

	if (fd < 0 && err->sys == EEXIST)
		fd = cgroup_open(above, name, err);
	if (fd < 0) {
		if (err->sys == ENOENT)
			err->sys = ESTALE;
		return -1;
	}
	if (!cgroup_path_lock(fd))
		return in_use(path, "another container is about to be in it", err);
	if (cgroup_events_get(fd, &now) == 0 && now.populated)
		return in_use(path, "there are processes in it", err);
	if (now.frozen && made)
		unlinkat(above, name, AT_REMOVEDIR);
	if (now.frozen)
		return cgroup_path_is_frozen(hierarchy_fd, path, err);
	if (is_named(above, name, fd))
		return take_fd(&fd);
	err_set(err, "cgroup /%s is in use: it was removed meanwhile", path);
	err->sys = ESTALE;
	return -1;
}

bool cgroup_path_lock(int group_fd)
{
	return flock(group_fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

int cgroup_path_make(int hierarchy_fd, const char *path, struct err *err)
{
	const char *name;
	autofd int above = open_above(hierarchy_fd, path, true, &name, err);
	int fd = -1;

	for (int i = 0; above >= 0 && i < TRIES; i++) {
		fd = take(hierarchy_fd, above, name, path, err);
		if (fd >= 0 || err->sys != ESTALE)
			break;
	}
	return fd;
}

static bool may_manage(int hierarchy_fd, const char *path)
{
	char file[CGROUP_PATH_SIZE + 16];

	snprintf(file, sizeof(file), "%s%scgroup.procs", path, *path ? "/" : "");
	return faccessat(hierarchy_fd, file, W_OK, AT_EACCESS) == 0 &&
	       faccessat(hierarchy_fd, *path ? path : ".", W_OK, AT_EACCESS) == 0;
}

bool cgroup_path_delegated(int hierarchy_fd, char *ret, size_t size)
{
	char text[8192], path[CGROUP_PATH_SIZE] = "", *line, *end;
	bool found = false;
	struct err ignored;

	if (file_peek(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text)) < 0)
		return false;
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!line)
		return false;
	line += *line == '\n';
	line[strcspn(line, "\n")] = '\0';
	if (strcmp(line, "0::/") != 0 &&
		cgroup_path_parse(line + 3, path, sizeof(path), &ignored) < 0)
		return false;
	while (may_manage(hierarchy_fd, path) && strlen(path) < size) {
		strcpy(ret, path);
		found = true;
		end = strrchr(path, '/');
		if (!*path)
			break;
		*(end ? end : path) = '\0';
	}
	return found;
}

int cgroup_path_open(int hierarchy_fd, const char *path, struct err *err)
{
	const char *name;
	autofd int above = open_above(hierarchy_fd, path, false, &name, err);

	return above < 0 ? -1 : cgroup_open(above, name, err);
}

int cgroup_path_remove(int hierarchy_fd, const char *path, struct err *err)
{
	const char *name;
	autofd int above = open_above(hierarchy_fd, path, false, &name, err);

	if (above < 0)
		return err->sys == ENOENT ? 0 : -1;
	return cgroup_remove(above, name, err);
}
