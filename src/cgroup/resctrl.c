#include "cgroup/resctrl.h"

#include "base/fd.h"
#include "base/file.h"
#include "cgroup/hierarchy.h"
#include "spec/rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum {
	SCHEMATA_MAX = 1 << 18,
	STATUS_MAX = 256,
	OPEN_DIR = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
};

/* -1 with ENOENT if something else is there. */
static int open_proven(const char *path)
{
	autofd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return -1;
	if (fs.f_type == RDTGROUP_SUPER_MAGIC)
		return take_fd(&fd);
	errno = ENOENT;
	return -1;
}

static int open_mounted(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL, path[PATH_MAX];
	size_t room = 0;
	int fd = -1;

	if (!f)
		return -1;
	errno = 0;
	while (fd < 0 && getline(&line, &room, f) > 0)
		if (mountinfo_parse(line, "resctrl", path, sizeof(path)))
			fd = open_proven(path);
	if (fd < 0 && !errno)
		errno = ENOENT;
	free(line);
	fclose(f);
	return fd;
}

int resctrl_open(struct err *err)
{
	int fd = open_proven("/sys/fs/resctrl");

	if (fd < 0)
		fd = open_mounted();
	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return err_sys(err, "open the mounted resctrl");
	err_set(err, "no file system of type resctrl is mounted");
	err->sys = ENOENT;
	return err_hint(err, "mount -t resctrl resctrl /sys/fs/resctrl, where processor and kernel "
			     "have it");
}

static bool is_root(const struct intel_rdt *rdt)
{
	return rdt->class && strcmp(rdt->class, "/") == 0;
}

/* Below the root of the tree. */
static const char *class_of(const struct intel_rdt *rdt, const char *id)
{
	return is_root(rdt) ? "." : rdt->class ? rdt->class : id;
}

static int open_class(int root_fd, const char *class, struct err *err)
{
	int fd = openat(root_fd, class, OPEN_DIR);

	return fd < 0 ? err_sys(err, "open the class %s", class) : fd;
}

/* The kernel says more than an errno in a line of its own. */
static int refused(int root_fd, const char *lines, struct err *err)
{
	int why = errno;
	char said[STATUS_MAX] = "";
	autofd int fd = openat(root_fd, "info/last_cmd_status", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : fd_read_all(fd, said, sizeof(said) - 1);
	size_t first = strcspn(lines, "\n");

	said[n > 0 ? strcspn(said, "\n") : 0] = '\0';
	if (strcmp(said, "ok") == 0)
		said[0] = '\0';
	errno = why;
	return err_sys(err, "write %.*s%s to its schemata file%s%s%s", (int)first, lines,
		lines[first] && lines[first + 1] ? " …" : "", *said ? " (" : "", said,
		*said ? ")" : "");
}

static int write_schemata(int root_fd, int class_fd, const char *const *writes, size_t n,
	struct err *err)
{
	autofd int fd = openat(class_fd, "schemata", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(err, "open its schemata file");
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(writes[i]);

		/* The kernel takes the whole or nothing. */
		if (write(fd, writes[i], len) != (ssize_t)len)
			return refused(root_fd, writes[i], err);
	}
	return 0;
}

static int compare_schemata(int class_fd, const char *const *writes, size_t n, struct arena *a,
	struct err *err)
{
	autofd int fd = openat(class_fd, "schemata", O_RDONLY | O_CLOEXEC);
	char *there = arena_alloc(a, SCHEMATA_MAX + 1);
	ssize_t len = fd < 0 ? -1 : fd_read_all(fd, there, SCHEMATA_MAX);
	const char *other;

	if (len < 0)
		return err_sys(err, "read its schemata file");
	there[len] = '\0';
	other = rdt_differs(writes, n, there, a);
	return other ? err_set(err, "it is there already, and has not %s", other) : 0;
}

static int no_group_left(const char *what, struct err *err)
{
	err_set(err, "the processor has no %s left", what);
	err->sys = ENOSPC;
	return err_hint(err, "remove groups of resctrl that nobody uses");
}

/* 1 if it was made, 0 if it was there. */
static int make_class(int root_fd, const struct intel_rdt *rdt, const char *class, bool has_schema,
	struct err *err)
{
	if (is_root(rdt) || (rdt->class && !has_schema))
		return 0;
	if (!rdt->class && !rdt_class_fits(class))
		return err_set(err, "no class can be called as this container");
	if (mkdirat(root_fd, class, 0755) == 0)
		return 1;
	if (errno == EEXIST && rdt->class)
		return 0;
	if (errno == EEXIST)
		return err_set(err, "it is there already: it is somebody else's");
	if (errno == ENOSPC)
		return no_group_left("class of service", err);
	return err_sys(err, "make it");
}

static void monitor_path(const char *id, const char *file, char ret[PATH_MAX])
{
	snprintf(ret, PATH_MAX, "mon_groups/%s%s", id, file);
}

static int make_monitor(int class_fd, const char *id, struct err *err)
{
	char path[PATH_MAX];

	monitor_path(id, "", path);
	if (mkdirat(class_fd, path, 0755) == 0)
		return 0;
	if (errno == ENOSPC)
		return no_group_left("id for one more group to measure", err);
	if (errno == ENOENT)
		return err_set(err, "this host cannot measure: there is no mon_groups");
	return err_sys(err, "make %s", path);
}

static int fill_class(int root_fd, const struct intel_rdt *rdt, const char *id, bool made,
	const char *const *writes, size_t n, struct arena *a, struct err *err)
{
	autofd int fd = open_class(root_fd, class_of(rdt, id), err);

	if (fd < 0)
		return err->sys == ENOENT
			       ? err_set(err, "there is none, and no schema to make it with")
			       : -1;
	if (n && (made ? write_schemata(root_fd, fd, writes, n, err)
		       : compare_schemata(fd, writes, n, a, err)) < 0)
		return -1;
	return rdt->monitored ? make_monitor(fd, id, err) : 0;
}

int resctrl_make(int root_fd, const struct intel_rdt *rdt, const char *id, bool *ret_made,
	struct err *err)
{
	const char *class = class_of(rdt, id), *writes[RDT_WRITES];
	struct arena a = {NULL};
	size_t n = rdt_writes(rdt, &a, writes);
	int made = -1, r = -1;

	while ((r = flock(root_fd, LOCK_EX)) < 0 && errno == EINTR)
		;
	if (r < 0) {
		err_sys(err, "lock resctrl");
	} else {
		made = make_class(root_fd, rdt, class, n > 0, err);
		r = made < 0 ? -1 : fill_class(root_fd, rdt, id, made, writes, n, &a, err);
		if (r < 0 && made > 0)
			unlinkat(root_fd, class, AT_REMOVEDIR);
		flock(root_fd, LOCK_UN);
	}
	arena_free(&a);
	if (r < 0)
		return err_wrap(err, "class %s", is_root(rdt) ? "/" : class);
	*ret_made = made > 0;
	return 0;
}

int resctrl_tasks_open(int root_fd, const struct intel_rdt *rdt, const char *id,
	struct resctrl_tasks *ret, struct err *err)
{
	autofd int class = open_class(root_fd, class_of(rdt, id), err), fd = -1, monitor = -1;
	char path[PATH_MAX];

	if (class < 0)
		return -1;
	fd = openat(class, "tasks", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, "open the tasks of the class %s", class_of(rdt, id));
	monitor_path(id, "/tasks", path);
	if (rdt->monitored && (monitor = openat(class, path, O_WRONLY | O_CLOEXEC)) < 0)
		return err_sys(err, "open %s of the class %s", path, class_of(rdt, id));
	*ret = (struct resctrl_tasks){take_fd(&fd), take_fd(&monitor)};
	return 0;
}

void resctrl_tasks_close(struct resctrl_tasks *t)
{
	if (t->class_fd >= 0)
		close(take_fd(&t->class_fd));
	if (t->monitor_fd >= 0)
		close(take_fd(&t->monitor_fd));
}

int resctrl_tasks_add(const struct resctrl_tasks *t, pid_t pid, struct err *err)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d\n", (int)pid);

	if (t->class_fd >= 0 && write(t->class_fd, text, (size_t)len) != len)
		return err_sys(err, "put the process into its class");
	/* The kernel takes only tasks that are in the class already. */
	if (t->monitor_fd >= 0 && write(t->monitor_fd, text, (size_t)len) != len)
		return err_sys(err, "put the process into its group to measure");
	return 0;
}

static int remove_group(int dirfd, const char *path, struct err *err)
{
	if (unlinkat(dirfd, path, AT_REMOVEDIR) == 0 || errno == ENOENT || errno == ENOTDIR)
		return 0;
	return err_sys(err, "remove the group %s of resctrl", path);
}

static int remove_monitor(int root_fd, const char *class, const char *id, struct err *err)
{
	autofd int fd = openat(root_fd, class, OPEN_DIR);
	char path[PATH_MAX];

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : err_sys(err, "open the class %s", class);
	monitor_path(id, "", path);
	return remove_group(fd, path, err);
}

int resctrl_remove(int root_fd, const struct intel_rdt *rdt, const char *id, struct err *err)
{
	if (!rdt->class && !rdt_class_fits(id))
		return 0;
	if (rdt->monitored && remove_monitor(root_fd, class_of(rdt, id), id, err) < 0)
		return -1;
	return rdt->class ? 0 : remove_group(root_fd, id, err);
}

static bool has_others(int root_fd, const char *class, pid_t dead)
{
	char path[PATH_MAX], text[64], one[16];

	snprintf(path, sizeof(path), "%s/tasks", class);
	snprintf(one, sizeof(one), "%d", (int)dead);
	return file_peek(root_fd, path, text, sizeof(text)) > 0 && strcmp(text, one) != 0;
}

int resctrl_remove_class(int root_fd, const struct intel_rdt *rdt, pid_t dead, struct err *err)
{
	if (!rdt->class || is_root(rdt) || has_others(root_fd, rdt->class, dead))
		return 0;
	return remove_group(root_fd, rdt->class, err);
}
