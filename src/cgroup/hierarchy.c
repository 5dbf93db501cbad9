#include "cgroup/hierarchy.h"

#include "base/fd.h"
#include "base/file.h"
#include "cgroup/controller.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

enum { OPEN_DIR = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

enum found { FOUND_NOTHING, FOUND_READONLY, FOUND_WRITABLE };

static const char *const usual_places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

static enum found place_look(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
		return FOUND_NOTHING;
	return fs.f_flags & ST_RDONLY ? FOUND_READONLY : FOUND_WRITABLE;
}

/* mountinfo(5) writes blank, tab, newline and backslash as three octal digits. */
static int unescape(const char *field, size_t len, char *ret, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)field[i];

		if (c == '\\') {
			unsigned v = 0;

			if (len - i < 4)
				return -1;
			for (int k = 1; k <= 3; k++) {
				if (field[i + k] < '0' || field[i + k] > '7')
					return -1;
				v = v * 8 + (unsigned)(field[i + k] - '0');
			}
			if (v == 0 || v > 255)
				return -1;
			c = (unsigned char)v;
			i += 3;
		}
		if (n + 1 >= size)
			return -1;
		ret[n++] = (char)c;
	}
	ret[n] = '\0';
	return 0;
}

int mountinfo_parse(const char *line, const char *type, char *ret_path, size_t size)
{
	const char *point = line;
	char path[4096], wanted[64];

	for (int i = 0; i < 4; i++) {
		point = strchr(point, ' ');
		if (!point)
			return 0;
		point++;
	}
	snprintf(wanted, sizeof(wanted), " - %s ", type);
	if (*point != '/' || !strstr(point, wanted))
		return 0;
	if (unescape(point, strcspn(point, " \n"), path, sizeof(path)) < 0)
		return 0;
	if (strlen(path) >= size)
		return 0;
	memcpy(ret_path, path, strlen(path) + 1);
	return 1;
}

/* Reads line by line: a host may have any number of mounts. */
static enum found mountinfo_search(char *path, size_t size)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	enum found best = FOUND_NOTHING;
	char *line = NULL, candidate[4096];
	size_t room = 0;

	if (!f)
		return FOUND_NOTHING;
	while (best != FOUND_WRITABLE && getline(&line, &room, f) > 0) {
		enum found here;

		if (!mountinfo_parse(line, "cgroup2", candidate, sizeof(candidate)) ||
			strlen(candidate) >= size)
			continue;
		here = place_look(candidate);
		if (here <= best)
			continue;
		best = here;
		memcpy(path, candidate, strlen(candidate) + 1);
	}
	free(line);
	fclose(f);
	return best;
}

static enum found search(char *path, size_t size)
{
	for (size_t i = 0; i < sizeof(usual_places) / sizeof(*usual_places); i++) {
		if (strlen(usual_places[i]) >= size ||
			place_look(usual_places[i]) != FOUND_WRITABLE)
			continue;
		memcpy(path, usual_places[i], strlen(usual_places[i]) + 1);
		return FOUND_WRITABLE;
	}
	return mountinfo_search(path, size);
}

int cgroup_hierarchy_open(char *ret_path, size_t size, struct err *err)
{
	char path[4096];
	enum found found = search(path, sizeof(path));
	int fd;

	if (found == FOUND_NOTHING) {
		err_set(err, "cannot find the cgroup v2 tree: nothing of type cgroup2 is mounted");
		return err_hint(err, "mount -t cgroup2 none /sys/fs/cgroup; where v1 is in use, "
				     "mount it at /sys/fs/cgroup/unified");
	}
	if (found == FOUND_READONLY) {
		err_set(err, "cannot use the cgroup v2 tree at %s: it is mounted read-only", path);
		return err_hint(err,
			"mount -o remount,rw %s, or, inside a container, "
			"start that one with a writable cgroup",
			path);
	}
	if (strlen(path) >= size)
		return err_set(err, "cannot use the cgroup v2 tree at %.60s…: path too long", path);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open the cgroup v2 tree at %s", path);
	memcpy(ret_path, path, strlen(path) + 1);
	return fd;
}

int cgroup_parent_open(int hierarchy_fd, struct err *err)
{
	int fd = openat(hierarchy_fd, "ctr", OPEN_DIR);

	if (fd >= 0)
		return fd;
	/* Two first starts at once: one makes it, both open it. */
	if (errno == ENOENT && (mkdirat(hierarchy_fd, "ctr", 0755) == 0 || errno == EEXIST))
		fd = openat(hierarchy_fd, "ctr", OPEN_DIR);
	if (fd >= 0)
		return fd;
	err_sys(err, "make the group ctr at the top of the cgroup v2 tree");
	if (err->sys == EACCES || err->sys == EPERM)
		err_hint(err, "run as root, or have a part of the tree delegated: "
			      "systemd-run --user --scope -p Delegate=yes …");
	else if (err->sys == EAGAIN)
		err_hint(err, "cgroup.max.descendants or cgroup.max.depth at the top is reached");
	return -1;
}

/* The weight of ten containers, as all that log wait for it; half of the machine at most, as what it does is
 * done for containers with less. Memory has no bound here: each has a constant amount, and one that is
 * shared would let the log of one container push out the supervisor of another. */
static void supervisors_bound(int hierarchy_fd, int fd)
{
	char quota[48];

	if (cgroup_controller_enable(hierarchy_fd, fd, "cpu.max") != CONTROLLER_ENABLED)
		return;
	snprintf(quota, sizeof(quota), "%ld 100000", sysconf(_SC_NPROCESSORS_ONLN) * 50000);
	file_poke(fd, "cpu.weight", "1000");
	file_poke(fd, "cpu.max", quota);
}

int cgroup_supervisors_open(void)
{
	static const char name[] = "supervisors";
	char path[256];
	struct err ignored;
	autofd int hierarchy = cgroup_hierarchy_open(path, sizeof(path), &ignored);
	autofd int parent = hierarchy < 0 ? -1 : cgroup_parent_open(hierarchy, &ignored);
	struct stat st;
	int fd;

	if (parent < 0)
		return -1;
	fd = openat(parent, name, OPEN_DIR);
	if (fd < 0 && errno == ENOENT && (mkdirat(parent, name, 0700) == 0 || errno == EEXIST))
		fd = openat(parent, name, OPEN_DIR);
	/* Whoever made the group may have been killed before it had its bounds. Mode 0755 says that it has
	 * them. */
	if (fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & 0777) == 0700) {
		supervisors_bound(hierarchy, fd);
		fchmod(fd, 0755);
	}
	return fd;
}
