/* Groups of resctrl, in a directory that looks like its root: a group gets the kernel's files as it is made,
 * and is removed with them. Processors that have it are rare. */
#include "cgroup/resctrl.h"

#include "base/fd.h"
#include "base/file.h"
#include "cgroup/hierarchy.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char top[] = "/tmp/resctrl.XXXXXX";
static int root = -1;
static int full;         /* errno of the next mkdir, or 0 */
static bool full_device; /* schemata of new groups cannot be written */
static struct err err;

static void put(int dirfd, const char *path, const char *text)
{
	int fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	cr_assert(fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0, "%s", path);
	close(fd);
}

static void populate(int dirfd, const char *group)
{
	char path[600];

	snprintf(path, sizeof(path), "%s/tasks", group);
	put(dirfd, path, "");
	if (strstr(group, "mon_groups"))
		return;
	snprintf(path, sizeof(path), "%s/mon_groups", group);
	cr_assert(syscall(SYS_mkdirat, dirfd, path, 0755) == 0);
	snprintf(path, sizeof(path), "%s/schemata", group);
	if (full_device)
		cr_assert(symlinkat("/dev/full", dirfd, path) == 0);
	else
		put(dirfd, path, "");
}

/* The kernel's part. */
int mkdirat(int dirfd, const char *path, mode_t mode)
{
	if (full) {
		errno = full;
		return -1;
	}
	if (syscall(SYS_mkdirat, dirfd, path, mode) < 0)
		return -1;
	if (root >= 0)
		populate(dirfd, path);
	return 0;
}

int unlinkat(int dirfd, const char *path, int flags)
{
	static const char *const files[] = {"tasks", "schemata", "mon_groups"};
	char file[600];

	for (int i = 0; root >= 0 && (flags & AT_REMOVEDIR) && i < 3; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, files[i]);
		syscall(SYS_unlinkat, dirfd, file, i == 2 ? AT_REMOVEDIR : 0);
	}
	return (int)syscall(SYS_unlinkat, dirfd, path, flags);
}

static void setup(void)
{
	cr_assert_not_null(mkdtemp(top));
	root = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(root >= 0);
	populate(root, ".");
	cr_assert(syscall(SYS_mkdirat, root, "info", 0755) == 0);
	put(root, "info/last_cmd_status", "Mask out of range\nmore\n");
}

static void teardown(void)
{
	struct err ignored;

	close(take_fd(&root));
	tree_remove(AT_FDCWD, top, &ignored);
}

TestSuite(resctrl, .init = setup, .fini = teardown);

static bool is_there(const char *path)
{
	return faccessat(root, path, F_OK, 0) == 0;
}

static const char *text_of(const char *path)
{
	static char text[256];

	cr_assert(file_peek(root, path, text, sizeof(text)) >= 0, "%s", path);
	return text;
}

/* What a class is that somebody else has made. */
static void class_there(const char *name, const char *schemata)
{
	char path[64];

	cr_assert(mkdirat(root, name, 0755) == 0);
	snprintf(path, sizeof(path), "%s/schemata", name);
	put(root, path, schemata);
}

static bool make(struct intel_rdt rdt)
{
	bool made = false;

	rdt.set = true;
	cr_assert(resctrl_make(root, &rdt, "box", &made, &err) == 0, "%s", err.text);
	return made;
}

static void refuses(struct intel_rdt rdt, const char *text)
{
	bool made;

	rdt.set = true;
	cr_assert(resctrl_make(root, &rdt, "box", &made, &err) < 0);
	cr_expect_str_eq(err.text, text);
}

#define SCHEMATA(...)                                                                              \
	.schemata = (const char *[]){__VA_ARGS__},                                                 \
	.schemata_count = sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *)

Test(resctrl, a_class_of_its_own)
{
	struct intel_rdt rdt = {.set = true, .cache = "L3:0=f", SCHEMATA("L3:0=3")};

	cr_expect(make(rdt));
	/* Two writes: the kernel refuses a domain that is there twice in one. */
	cr_expect_str_eq(text_of("box/schemata"), "L3:0=f\nL3:0=3");
	cr_expect(!is_there("box/mon_groups/box"));
	refuses(rdt, "class box: it is there already: it is somebody else's");
	cr_expect(is_there("box"));
	cr_expect(resctrl_remove(root, &rdt, "box", &err) == 0, "%s", err.text);
	cr_expect(!is_there("box"));
	cr_expect(resctrl_remove(root, &rdt, "box", &err) == 0, "%s", err.text);
}

Test(resctrl, without_a_schema_none_is_written)
{
	full_device = true;
	cr_expect(make((struct intel_rdt){.set = true}));
	cr_expect(is_there("box/tasks"));
	full_device = false;
}

Test(resctrl, ids_that_are_names_of_the_kernel)
{
	struct intel_rdt rdt = {.set = true};
	bool made;

	cr_expect(resctrl_make(root, &rdt, "info", &made, &err) < 0);
	cr_expect_str_eq(err.text, "class info: no class can be called as this container");
	cr_expect(resctrl_remove(root, &rdt, "mon_groups", &err) == 0);
	cr_expect(is_there("info") && is_there("mon_groups"));
	cr_expect(resctrl_make(root, &rdt, "tasks", &made, &err) < 0);
	cr_expect(resctrl_remove(root, &rdt, "tasks", &err) == 0, "%s", err.text);
	cr_expect(is_there("tasks"));
}

Test(resctrl, a_named_class_that_is_missing)
{
	struct intel_rdt rdt = {.set = true, .class = "gold", .bandwidth = "MB:0=20"};

	refuses((struct intel_rdt){.class = "gold"},
		"class gold: there is none, and no schema to make it with");
	cr_expect(!is_there("gold"));
	cr_expect(make(rdt));
	cr_expect_str_eq(text_of("gold/schemata"), "MB:0=20");
	cr_expect(resctrl_remove(root, &rdt, "box", &err) == 0);
	cr_expect(is_there("gold"));
}

Test(resctrl, a_named_class_that_is_there)
{
	class_there("gold", "    MB:0=100\n    L3:0=00ff;1=00f0\n");
	cr_expect(!make((struct intel_rdt){.class = "gold"}));
	cr_expect(!make((struct intel_rdt){.class = "gold", .cache = "L3:1=f0"}));
	refuses((struct intel_rdt){.class = "gold", .cache = "L3:0=ff;1=f"},
		"class gold: it is there already, and has not L3:1=f");
	cr_expect_str_eq(text_of("gold/schemata"), "    MB:0=100\n    L3:0=00ff;1=00f0");
}

Test(resctrl, the_class_of_the_root)
{
	struct intel_rdt rdt = {.set = true, .class = "/", .monitored = true};
	struct resctrl_tasks tasks;

	put(root, "schemata", "L3:0=ff\n");
	cr_expect(!make(rdt));
	cr_expect(is_there("mon_groups/box"));
	cr_assert(resctrl_tasks_open(root, &rdt, "box", &tasks, &err) == 0, "%s", err.text);
	cr_expect(resctrl_tasks_add(&tasks, 42, &err) == 0);
	resctrl_tasks_close(&tasks);
	cr_expect_str_eq(text_of("tasks"), "42");
	cr_expect_str_eq(text_of("mon_groups/box/tasks"), "42");
	cr_expect(resctrl_remove(root, &rdt, "box", &err) == 0);
	cr_expect(resctrl_remove_class(root, &rdt, 0, &err) == 0);
	cr_expect(!is_there("mon_groups/box") && is_there("schemata") && is_there("tasks"));
	refuses((struct intel_rdt){.class = "/", .cache = "L3:0=1"},
		"class /: it is there already, and has not L3:0=1");
}

Test(resctrl, measured)
{
	struct intel_rdt rdt = {.set = true, .class = "gold", .monitored = true};

	class_there("gold", "");
	cr_expect(!make(rdt));
	cr_expect(is_there("gold/mon_groups/box/tasks"));
	refuses(rdt, "class gold: make mon_groups/box: File exists");
	cr_expect(resctrl_remove(root, &rdt, "box", &err) == 0, "%s", err.text);
	cr_expect(!is_there("gold/mon_groups/box") && is_there("gold/schemata"));
	cr_expect(resctrl_remove(root, &rdt, "box", &err) == 0, "%s", err.text);
}

Test(resctrl, a_host_that_cannot_measure)
{
	class_there("gold", "");
	cr_assert(syscall(SYS_unlinkat, root, "gold/mon_groups", AT_REMOVEDIR) == 0);
	refuses((struct intel_rdt){.class = "gold", .monitored = true},
		"class gold: this host cannot measure: there is no mon_groups");
}

Test(resctrl, what_fails_leaves_nothing)
{
	full_device = true;
	refuses((struct intel_rdt){.cache = "L3:0=fffff\nL3:1=f"},
		"class box: write L3:0=fffff … to its schemata file (Mask out of range): "
		"No space left on device");
	cr_expect(!is_there("box"));
	refuses((struct intel_rdt){.class = "gold", .cache = "L3:0=f"},
		"class gold: write L3:0=f to its schemata file (Mask out of range): "
		"No space left on device");
	cr_expect(!is_there("gold"));
	put(root, "info/last_cmd_status", "ok\n                \n");
	refuses((struct intel_rdt){.cache = "L3:0=f"},
		"class box: write L3:0=f to its schemata file: No space left on device");
	full_device = false;
}

Test(resctrl, no_class_left)
{
	full = ENOSPC;
	refuses((struct intel_rdt){.set = true},
		"class box: the processor has no class of service left");
	cr_expect_str_eq(err.hint, "remove groups of resctrl that nobody uses");
	full = 0;
	class_there("gold", "");
	full = ENOSPC;
	refuses((struct intel_rdt){.class = "gold", .monitored = true},
		"class gold: the processor has no id for one more group to measure left");
	full = 0;
}

Test(resctrl, tasks)
{
	struct intel_rdt rdt = {.set = true, .class = "gold"};
	struct resctrl_tasks tasks = RESCTRL_NO_TASKS;

	cr_expect(resctrl_tasks_add(&tasks, 7, &err) == 0);
	resctrl_tasks_close(&tasks);
	cr_expect(resctrl_tasks_open(root, &rdt, "box", &tasks, &err) < 0);
	cr_expect_str_eq(err.text, "open the class gold: No such file or directory");
	class_there("gold", "");
	cr_assert(resctrl_tasks_open(root, &rdt, "box", &tasks, &err) == 0);
	cr_expect(tasks.class_fd >= 0 && tasks.monitor_fd < 0);
	cr_expect(fcntl(tasks.class_fd, F_GETFD) == FD_CLOEXEC);
	cr_expect(resctrl_tasks_add(&tasks, 0, &err) == 0);
	resctrl_tasks_close(&tasks);
	cr_expect(tasks.class_fd < 0);
	cr_expect_str_eq(text_of("gold/tasks"), "0");
	rdt.monitored = true;
	cr_expect(resctrl_tasks_open(root, &rdt, "box", &tasks, &err) < 0);
	cr_expect(strstr(err.text, "mon_groups/box/tasks"), "%s", err.text);
}

Test(resctrl, a_class_that_was_made_for_nothing)
{
	struct intel_rdt rdt = {.set = true, .class = "gold", .bandwidth = "MB:0=20"};

	cr_expect(make(rdt));
	put(root, "gold/tasks", "77\n");
	cr_expect(resctrl_remove_class(root, &rdt, 7, &err) == 0 && is_there("gold"));
	put(root, "gold/tasks", "77\n78\n");
	cr_expect(resctrl_remove_class(root, &rdt, 77, &err) == 0 && is_there("gold"));
	cr_assert(syscall(SYS_unlinkat, root, "gold/tasks", 0) == 0);
	put(root, "gold/tasks", "77\n");
	cr_expect(resctrl_remove_class(root, &rdt, 77, &err) == 0 && !is_there("gold"));
	cr_expect(resctrl_remove_class(root, &rdt, 77, &err) == 0);
}

Test(resctrl, is_found_where_it_is_mounted)
{
	char path[64];

	cr_expect_eq(mountinfo_parse("41 31 0:38 / /r\\040c rw shared:1 - resctrl resctrl rw",
			     "resctrl", path, sizeof(path)),
		1);
	cr_expect_str_eq(path, "/r c");
	cr_expect_eq(mountinfo_parse("41 31 0:38 / /r rw - cgroup2 resctrl rw", "resctrl", path,
			     sizeof(path)),
		0);
}
