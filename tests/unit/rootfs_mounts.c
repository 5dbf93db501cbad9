/* Mounts in a root that is a plain directory, each in a mount namespace of its own. */
#include "base/fd.h"
#include "base/file.h"
#include "ns/idmap.h"
#include "rootfs/dev.h"
#include "rootfs/layout.h"
#include "rootfs/mounts.h"
#include "rootfs/root.h"
#include "rootfs/tree.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

extern int mount(const char *source, const char *target, const char *type, unsigned long flags,
	const void *data);
extern int umount2(const char *target, int flags);

/* In the child: what went wrong, for the parent to tell. */
static char *said;
static int *host_mounts; /* when the test left the host's mount namespace */
static struct err err;
static char top[64]; /* of the test, on the host */

#define CHECK(expr)                                                                                \
	do {                                                                                       \
		if (!(expr)) {                                                                     \
			snprintf(said, 1000, "line %d: %s; errno %d; err \"%s\"", __LINE__, #expr, \
				errno, err.text);                                                  \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

static const char *below(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *below(const char *fmt, ...)
{
	static char paths[8][200];
	static int next;
	char *path = paths[next++ % 8];
	int n = snprintf(path, 200, "%s/", top);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path + n, 200 - (size_t)n, fmt, ap);
	va_end(ap);
	return path;
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0);
	close(fd);
}

/* The last mount at target, from its options on. */
static const char *shown(const char *target)
{
	static char line[4096], found[4096];
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char at[200];
	int n;

	CHECK(f);
	found[0] = '\0';
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "%*d %*d %*s %*s %199s %n", at, &n) == 1 && !strcmp(at, target))
			snprintf(found, sizeof(found), "%s", line + n);
	fclose(f);
	CHECK(found[0]);
	return found;
}

static int count_mounts(void)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	int c, lines = 0;

	CHECK(f);
	while ((c = fgetc(f)) != EOF)
		lines += c == '\n';
	fclose(f);
	return lines;
}

/* What was made so far, as the child of a start has it. */
static struct mount made[16];
static int made_fds[16];
static struct layout layout = {.mounts = made, .fds = made_fds};

static int place_from(const struct mount *m, int source)
{
	made[layout.count] = *m;
	made_fds[layout.count] = source;
	if (mount_place(&layout, m, 0, &made_fds[layout.count], &err) < 0)
		return -1;
	layout.count++;
	return 0;
}

static void place(const struct mount *m)
{
	int source = -1;

	if (m->kind == MOUNT_BIND) {
		source = mount_source_open(m, &err);
		CHECK(source >= 0);
		CHECK(mount_set_attrs(source, m, &err) == 0);
	}
	CHECK(place_from(m, source) == 0);
}

/* From here on in a mount namespace of its own, as the child of a start is. */
static int attach_root(const struct root_spec *r)
{
	int root = tree_clone(AT_FDCWD, r->dir, true, &err);

	*host_mounts = count_mounts();
	CHECK(root >= 0 && unshare(CLONE_NEWNS) == 0);
	CHECK(direct_mount(root, r, &err) == 0);
	layout.rootfd = root;
	return root;
}

static void enter(int root, const struct root_spec *r)
{
	CHECK(root_enter(root, r, &(struct root_way){.caps = ~UINT64_C(0)}, &err) == 0);
}

/* A procfs to look at mountinfo with; the host's is below the root while that is being made. */
static void place_proc(void)
{
	place(&(struct mount){.kind = MOUNT_PROC, .target = "/proc"});
}

/* Stays behind where the test starts: nothing that it mounts may arrive here. */
static void as_host(void (*test)(const struct root_spec *), const struct root_spec *r)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		test(r);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		_exit(1);
	CHECK(count_mounts() == *host_mounts);
}

static void sandboxed(void (*test)(const struct root_spec *))
{
	struct root_spec r = {.direct = true};
	char dir[80];
	int status;
	pid_t pid;

	if (geteuid() != 0)
		cr_skip_test("needs root");
	said = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	host_mounts = (int *)(said + 2048);
	snprintf(top, sizeof(top), "/tmp/ctr-unit-XXXXXX");
	cr_assert(mkdtemp(top));
	snprintf(dir, sizeof(dir), "%s/root", top);
	r.dir = dir;
	pid = fork();
	if (pid == 0) {
		CHECK(unshare(CLONE_NEWNS) == 0);
		CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
		CHECK(mount("top", top, "tmpfs", 0, NULL) == 0);
		CHECK(mkdir(dir, 0755) == 0 && mkdir(below("root/proc"), 0755) == 0);
		as_host(test, &r);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	rmdir(top);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s", said);
	cr_assert(access(top, F_OK) < 0, "nothing of it is on the host");
}

static void direct_root(const struct root_spec *r)
{
	struct root_spec ro = *r;
	int root;

	CHECK(mkdir(below("root/sub"), 0755) == 0);
	CHECK(mount("sub", below("root/sub"), "tmpfs", 0, NULL) == 0);
	put(below("root/sub/file"), "x");
	ro.readonly = true;
	root = attach_root(&ro);
	place_proc();
	enter(root, &ro);
	CHECK(access("/sub/file", F_OK) == 0);
	CHECK(mkdir("/new", 0755) < 0 && errno == EROFS);
	CHECK(mkdir("/sub/new", 0755) == 0);
	CHECK(access(top, F_OK) < 0);
	CHECK(strncmp(shown("/"), "ro", 2) == 0);
}
Test(rootfs, a_directory_as_root_with_what_is_mounted_in_it)
{
	sandboxed(direct_root);
}

static void propagation_of_root(const struct root_spec *r)
{
	struct root_spec shared = *r;
	int root;

	CHECK(mount(NULL, top, NULL, MS_SHARED, NULL) == 0);
	shared.propagation = MS_SHARED | MS_REC;
	root = attach_root(&shared);
	CHECK(mkdir(below("root/inner"), 0755) == 0);
	place(&(struct mount){.kind = MOUNT_TMPFS, .target = "/inner"});
	place_proc();
	enter(root, &shared);
	CHECK(strstr(shown("/"), "shared:") && !strstr(shown("/"), "master:"));
}

static void slave_root(const struct root_spec *r)
{
	struct root_spec slave = *r;
	int root;

	CHECK(mount(NULL, top, NULL, MS_SHARED, NULL) == 0);
	slave.propagation = MS_SLAVE | MS_REC;
	root = attach_root(&slave);
	place_proc();
	enter(root, &slave);
	CHECK(strstr(shown("/"), "master:") && !strstr(shown("/"), "shared:"));
}

static void private_root(const struct root_spec *r)
{
	int root;

	CHECK(mount(NULL, top, NULL, MS_SHARED, NULL) == 0);
	root = attach_root(r);
	place_proc();
	enter(root, r);
	CHECK(!strstr(shown("/"), "master:") && !strstr(shown("/"), "shared:"));
}
Test(rootfs, a_shared_root)
{
	sandboxed(propagation_of_root);
}
Test(rootfs, a_slave_root)
{
	sandboxed(slave_root);
}
Test(rootfs, a_root_is_private_unless_asked)
{
	sandboxed(private_root);
}

static void without_pivot(const struct root_spec *r)
{
	struct root_spec moved = *r;
	struct root_way way = {.own_users = true, .caps = UINT64_C(1) << 21};
	int root;

	moved.no_pivot = true;
	moved.readonly = true;
	root = attach_root(&moved);
	CHECK(root_enter(root, &moved, &way, &err) < 0);
	CHECK(strstr(err.text, "can be uncovered") && err.hint[0]);
	place_proc();
	way.caps = 0;
	CHECK(root_enter(root, &moved, &way, &err) == 0);
	CHECK(access("/proc/self/status", F_OK) == 0 && access("/bin/sh", F_OK) < 0);
	CHECK(mkdir("/x", 0755) < 0 && errno == EROFS);
	/* The way out of a chroot leads to the same root. */
	CHECK(mkdir("/proc/../proc", 0755) < 0);
	CHECK(chroot("/proc") == 0);
	for (int i = 0; i < 8; i++)
		CHECK(chdir("..") == 0);
	CHECK(access("proc", F_OK) == 0 && access("bin/sh", F_OK) < 0);
}
Test(rootfs, without_pivot_root)
{
	sandboxed(without_pivot);
}

static void attributes(const struct root_spec *r)
{
	const char *source = below("data");
	struct mount m = {
		.kind = MOUNT_BIND,
		.source = source,
		.target = "/m",
		.recursive = true,
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV,
		.attr_rset = MOUNT_ATTR_NODEV,
	};
	struct mount all = m;
	int root;

	CHECK(mkdir(source, 0755) == 0 && mkdir(below("data/sub"), 0755) == 0);
	CHECK(mount("s", below("data/sub"), "tmpfs", 0, NULL) == 0);
	root = attach_root(r);
	place(&m);
	all.target = "/all";
	all.attr_rset = all.attr_set;
	place(&all);
	place_proc();
	enter(root, r);
	CHECK(strncmp(shown("/m"), "ro,nodev", 8) == 0);
	CHECK(strncmp(shown("/m/sub"), "rw,nodev", 8) == 0);
	CHECK(strncmp(shown("/all/sub"), "ro,nodev", 8) == 0);
}
Test(rootfs, attributes_for_the_top_and_for_all_below)
{
	sandboxed(attributes);
}

static void propagation(const struct root_spec *r)
{
	struct mount m = {.kind = MOUNT_BIND, .source = below("data"), .recursive = true};
	static const struct {
		const char *target;
		uint64_t type;
	} each[] = {{"/private", 0}, {"/slave", MS_SLAVE | MS_REC}, {"/shared", MS_SHARED}};
	int root, source[3];

	CHECK(mkdir(m.source, 0755) == 0);
	CHECK(mount("s", m.source, "tmpfs", 0, NULL) == 0);
	CHECK(mount(NULL, m.source, NULL, MS_SHARED, NULL) == 0);
	for (int i = 0; i < 3; i++)
		CHECK((source[i] = mount_source_open(&m, &err)) >= 0);
	root = attach_root(r);
	for (int i = 0; i < 3; i++) {
		m.target = each[i].target;
		m.propagation = each[i].type;
		CHECK(place_from(&m, source[i]) == 0);
	}
	place_proc();
	enter(root, r);
	CHECK(!strstr(shown("/private"), "master:") && !strstr(shown("/private"), "shared:"));
	CHECK(strstr(shown("/slave"), "master:") && !strstr(shown("/slave"), "shared:"));
	CHECK(strstr(shown("/shared"), "shared:"));
}
Test(rootfs, a_mount_shares_with_the_host_only_if_asked)
{
	sandboxed(propagation);
}

static void file_on_file(const struct root_spec *r)
{
	struct mount m = {.kind = MOUNT_BIND, .source = below("data"), .target = "/etc/new/file"};
	char text[8] = "";
	int root, fd;

	put(m.source, "inside");
	root = attach_root(r);
	place(&m);
	enter(root, r);
	fd = open("/etc/new/file", O_RDONLY);
	CHECK(fd >= 0 && read(fd, text, 6) == 6 && strcmp(text, "inside") == 0);
}
Test(rootfs, a_file_over_a_file_that_is_not_there_yet)
{
	sandboxed(file_on_file);
}

static void any_file_system(const struct root_spec *r)
{
	struct mount m = {
		.kind = MOUNT_FS,
		.type = "ramfs",
		.source = "of-mine",
		.target = "/m",
		.data = "mode=0711",
		.attr_set = MOUNT_ATTR_NOEXEC | MOUNT_ATTR_NOATIME,
		.attr_clear = MOUNT_ATTR__ATIME,
	};
	char data[700];
	struct stat st;
	int root = attach_root(r);

	place(&m);
	m.type = "nonesuch";
	CHECK(place_from(&m, -1) < 0 && strstr(err.text, "nonesuch"));
	m.type = "tmpfs";
	m.data = "colour=blue";
	CHECK(place_from(&m, -1) < 0 && strstr(err.text, "colour"));
	/* More in one option than fsconfig(2) takes. */
	CHECK(mkdir(below("l%0120d", 1), 0755) == 0 && mkdir(below("l%0120d", 2), 0755) == 0 &&
		mkdir(below("l%0120d", 3), 0755) == 0);
	put(below("l%0120d/seen", 2), "x");
	snprintf(data, sizeof(data), "lowerdir=%s:%s:%s", below("l%0120d", 1), below("l%0120d", 2),
		below("l%0120d", 3));
	m = (struct mount){.kind = MOUNT_FS,
		.type = "overlay",
		.target = "/o",
		.data = data,
		.attr_set = MOUNT_ATTR_NOSUID};
	CHECK(!tree_options_fit(data));
	place(&m);
	place_proc();
	enter(root, r);
	CHECK(stat("/m", &st) == 0 && (st.st_mode & 0777) == 0711);
	CHECK(strstr(shown("/m"), "noexec,noatime") && strstr(shown("/m"), " ramfs of-mine "));
	CHECK(access("/o/seen", F_OK) == 0 && strstr(shown("/o"), "nosuid"));
}
Test(rootfs, any_file_system_with_its_own_options)
{
	sandboxed(any_file_system);
}

static void copied_up(const struct root_spec *r)
{
	struct mount m = {.kind = MOUNT_TMPFS,
		.target = "/var",
		.copy_up = true,
		.data = "size=1m"};
	const struct timespec times[2] = {{1000, 0}, {2000, 0}};
	char link[32] = "";
	struct stat st;
	int root, fd;

	CHECK(mkdir(below("root/var"), 0750) == 0 && mkdir(below("root/var/d"), 0700) == 0);
	put(below("root/var/d/file"), "text");
	CHECK(chown(below("root/var/d/file"), 7, 8) == 0);
	CHECK(chmod(below("root/var/d/file"), 04755) == 0);
	CHECK(utimensat(AT_FDCWD, below("root/var/d/file"), times, 0) == 0);
	CHECK(symlink("/etc/shadow", below("root/var/link")) == 0);
	CHECK(mkfifo(below("root/var/fifo"), 0600) == 0);
	CHECK(chown(below("root/var"), 9, 9) == 0);
	root = attach_root(r);
	alarm(30);
	place(&m);
	m.target = "/absent";
	place(&m);
	m.target = "/mode";
	m.data = "size=1m,mode=1777";
	CHECK(mkdir(below("root/mode"), 0700) == 0);
	place(&m);
	enter(root, r);
	CHECK(stat("/var", &st) == 0 && st.st_uid == 9 && (st.st_mode & 07777) == 0750);
	CHECK(stat("/var/d/file", &st) == 0 && st.st_uid == 7 && st.st_gid == 8);
	CHECK((st.st_mode & 07777) == 04755 && st.st_mtim.tv_sec == 2000 && st.st_size == 4);
	CHECK(readlink("/var/link", link, 31) == 11 && strcmp(link, "/etc/shadow") == 0);
	CHECK(lstat("/var/fifo", &st) == 0 && S_ISFIFO(st.st_mode));
	CHECK(stat("/mode", &st) == 0 && (st.st_mode & 07777) == 01777);
	fd = open("/var/new", O_WRONLY | O_CREAT, 0600);
	CHECK(fd >= 0);
}
Test(rootfs, a_tmpfs_starts_with_what_is_below_it)
{
	sandboxed(copied_up);
}

static void too_much(const struct root_spec *r)
{
	struct mount m = {.kind = MOUNT_TMPFS,
		.target = "/var",
		.copy_up = true,
		.data = "size=64k"};
	int root, at, next;
	FILE *f;

	CHECK(mkdir(below("root/var"), 0755) == 0 && mkdir(below("root/deep"), 0755) == 0);
	f = fopen(below("root/var/big"), "we");
	CHECK(f && ftruncate(fileno(f), 1 << 30) == 0); /* a hole takes no room */
	for (int i = 0; i < 1 << 18; i++)
		putc('x', f);
	CHECK(fclose(f) == 0);
	at = open(below("root/deep"), O_PATH);
	for (int i = 0; i < 80; i++) {
		CHECK(mkdirat(at, "d", 0755) == 0);
		next = openat(at, "d", O_PATH);
		close(at);
		at = next;
	}
	root = attach_root(r);
	CHECK(place_from(&m, -1) < 0);
	CHECK(err.sys == ENOSPC && strstr(err.text, "big in the tmpfs at /var"));
	m.target = "/deep";
	CHECK(place_from(&m, -1) < 0 && strstr(err.text, "64 levels"));
}
Test(rootfs, a_tmpfs_that_cannot_hold_it_is_refused)
{
	sandboxed(too_much);
}

static void over_proc(const struct root_spec *r)
{
	struct mount m = {.kind = MOUNT_BIND, .source = below("data")};
	int root, source;

	put(m.source, "x");
	root = attach_root(r);
	place_proc();
	m.target = "/proc/meminfo";
	place(&m);
	m.target = "/proc/self/attr/exec";
	source = mount_source_open(&m, &err);
	CHECK(place_from(&m, source) < 0 && strstr(err.text, "part of procfs"));
	m.kind = MOUNT_TMPFS;
	m.target = "/proc/sys";
	CHECK(place_from(&m, -1) < 0 && strstr(err.text, "/proc/sys"));
	CHECK(symlinkat("proc", root, "link") == 0);
	m.target = "/link/sys";
	CHECK(place_from(&m, -1) < 0 && strstr(err.text, "part of procfs"));
}
Test(rootfs, nothing_over_a_part_of_proc)
{
	sandboxed(over_proc);
}

static void proc_is_a_link(const struct root_spec *r)
{
	struct mount m = {.kind = MOUNT_PROC, .target = "/proc"};
	int root;

	CHECK(rmdir(below("root/proc")) == 0 && symlink("/etc", below("root/proc")) == 0);
	root = attach_root(r);
	CHECK(place_from(&m, -1) < 0 && strstr(err.text, "symbolic link"));
}
Test(rootfs, proc_must_not_be_a_link)
{
	sandboxed(proc_is_a_link);
}

static void own_maps(const struct root_spec *r)
{
	/* Not on the tmpfs of these tests, which no kernel before 6.3 can id-map. */
	char data[256];
	struct mount m = {.kind = MOUNT_BIND, .source = data, .target = "/m"};
	struct id_map map = {0, 100000, 65536};
	int userns = idmap_userns_new(&map, 1, &map, 1, &err), source, fd;
	struct stat st;
	int root;

	CHECK(userns >= 0);
	snprintf(data, sizeof(data), "%s/ctr-data-XXXXXX", getenv("TMPDIR") ?: "/tmp");
	CHECK((fd = mkstemp(data)) >= 0 && write(fd, "x", 1) == 1 && fchown(fd, 5, 6) == 0);
	root = attach_root(r);
	source = mount_source_open(&m, &err);
	CHECK(source >= 0 && tree_idmap(source, userns, "data", false, &err) == 0);
	CHECK(place_from(&m, source) == 0);
	CHECK(unlink(data) == 0);
	enter(root, r);
	CHECK(stat("/m", &st) == 0 && st.st_uid == 100005 && st.st_gid == 100006);
}
Test(rootfs, a_mount_with_id_maps_of_its_own)
{
	sandboxed(own_maps);
}

static void masks(const struct root_spec *r)
{
	struct stat st;
	struct mask mask = {.empty = -1};
	int root;

	put(below("root/secret"), "x");
	CHECK(mkdir(below("root/dir"), 0755) == 0);
	put(below("root/dir/file"), "x");
	put(below("root/plain"), "x");
	root = attach_root(r);
	mask.null = null_open(-1, &err);
	CHECK(mask.null >= 0 && mask_path(&layout, "/secret", &mask, &err) == 0);
	CHECK(mask_path(&layout, "/dir", &mask, &err) == 0 &&
		mask_path(&layout, "/no", &mask, &err) == 0);
	CHECK(readonly_path(&layout, "/plain", &err) == 0);
	enter(root, r);
	CHECK(stat("/secret", &st) == 0 && st.st_rdev == makedev(1, 3));
	CHECK(access("/dir/file", F_OK) < 0 && mkdir("/dir/x", 0755) < 0);
	CHECK(open("/plain", O_WRONLY) < 0 && errno == EROFS);
}
Test(rootfs, masked_and_read_only_paths)
{
	sandboxed(masks);
}

static void devices(const struct root_spec *r)
{
	const struct device list[] = {
		{'c', 1, 3, 0666, 0, 0, "/dev/null", "rwm"},
		{'p', 0, 0, 0640, 5, 6, "/dev/sub/fifo", "rwm"},
		{'c', 1, 5, 0600, 0, 0, "/srv/zero", "rwm"},
		{'c', 1, 7, 0640, 99, 300, "/dev/full", "rwm"},
	};
	const struct id_map uids[] = {{0, 1000, 5}, {5, 7000, 10}}, gids[] = {{0, 2000, 100}};
	const struct id_maps ids = {uids, gids, 2, 1};
	struct mount m = {.kind = MOUNT_DEV, .target = "/dev"};
	struct mount elsewhere = {.kind = MOUNT_BIND, .target = "/srv/zero"};
	struct stat st;
	int dev = dev_new(&m, list, 4, &ids, &err), node = dev_node_new(&list[2], &ids, &err), root;

	CHECK(dev >= 0 && node >= 0);
	root = attach_root(r);
	CHECK(place_from(&m, dev) == 0);
	CHECK(place_from(&elsewhere, node) == 0);
	enter(root, r);
	CHECK(stat("/dev/null", &st) == 0 && st.st_uid == 1000 && st.st_gid == 2000);
	CHECK(stat("/dev/sub/fifo", &st) == 0 && S_ISFIFO(st.st_mode));
	CHECK(st.st_uid == 7000 && st.st_gid == 2006 && (st.st_mode & 0777) == 0640);
	CHECK(stat("/srv/zero", &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 5));
	CHECK(access("/dev/zero", F_OK) < 0);
	/* The host's root is nobody in the container. */
	CHECK(stat("/dev/full", &st) == 0 && st.st_uid == 0 && st.st_gid == 0);
}
Test(rootfs, devices_belong_to_ids_of_several_ranges)
{
	sandboxed(devices);
}

/* What is beside the root, in the host's mount namespace, has something else at the places of mounts. */
static void swap_places(int go)
{
	char byte;

	CHECK(read(go, &byte, 1) == 1);
	CHECK(rename(below("root/proc"), below("root/was")) == 0);
	CHECK(rename(below("root/vol"), below("root/old")) == 0);
	CHECK(mkdir(below("root/proc"), 0755) == 0 && mkdir(below("root/proc/sys"), 0755) == 0);
	CHECK(mkdir(below("root/vol"), 0755) == 0);
	_exit(0);
}

static void swapped(const struct root_spec *r)
{
	int go[2], root, fd, status;
	struct mask mask = {.empty = -1};
	struct stat st;
	pid_t sibling;

	CHECK(mkdir(below("root/vol"), 0755) == 0 && pipe(go) == 0);
	sibling = fork();
	if (sibling == 0)
		swap_places(go[0]);
	root = attach_root(r);
	place_proc();
	place(&(struct mount){.kind = MOUNT_TMPFS, .target = "/vol"});
	CHECK(write(go[1], "", 1) == 1 && waitpid(sibling, &status, 0) == sibling && status == 0);
	place(&(struct mount){.kind = MOUNT_TMPFS, .target = "/vol/sub", .data = "mode=700"});
	mask.null = null_open(-1, &err);
	CHECK(mask_path(&layout, "/proc/version", &mask, &err) == 0);
	CHECK(readonly_path(&layout, "/proc/sys", &err) == 0);
	fd = layout_open(&layout, "/proc/self/mounts", O_PATH, &err);
	CHECK(fd >= 0 && strstr(shown(below("root/was/sys")), "ro,"));
	enter(root, r);
	CHECK(stat("/was/version", &st) == 0 && st.st_rdev == makedev(1, 3));
	CHECK(stat("/old/sub", &st) == 0 && (st.st_mode & 0777) == 0700);
	CHECK(stat("/vol/sub", &st) < 0 && stat("/proc/version", &st) < 0);
	CHECK(open("/was/sys/kernel/hostname", O_WRONLY) < 0 && errno == EROFS);
}
Test(rootfs, what_lies_in_a_mount_is_found_by_its_descriptor)
{
	sandboxed(swapped);
}

static void links(const struct root_spec *r)
{
	int fd;

	attach_root(r);
	CHECK(symlinkat("/run", layout.rootfd, "var-run") == 0);
	CHECK(symlinkat("nowhere/./..//new", layout.rootfd, "dangles") == 0);
	CHECK(symlinkat("round", layout.rootfd, "round") == 0);
	place_proc();
	place(&(struct mount){.kind = MOUNT_TMPFS, .target = "/var-run/a/b", .data = "mode=711"});
	CHECK(faccessat(layout.rootfd, "run/a/b", F_OK, 0) == 0);
	place(&(struct mount){.kind = MOUNT_TMPFS, .target = "/run", .data = "mode=700"});
	/* A link leads into what is mounted where it leads. */
	fd = layout_ensure(&layout, "/var-run/x/y", INSIDE_FILE, &err);
	CHECK(fd >= 0 && faccessat(made_fds[2], "x/y", F_OK, 0) == 0);
	fd = layout_ensure(&layout, "/dangles/z", INSIDE_DIR, &err);
	CHECK(fd >= 0 && faccessat(layout.rootfd, "new/z", F_OK, 0) == 0);
	CHECK(layout_open(&layout, "/round/x", O_PATH, &err) < 0 && err.sys == ELOOP);
	CHECK(layout_ensure(&layout, "/round/x", INSIDE_DIR, &err) < 0 && err.sys == ELOOP);
	/* Those of procfs to what is no path lead nowhere. */
	CHECK(layout_open(&layout, "/proc/self/mounts", O_PATH, &err) >= 0);
	CHECK(layout_open(&layout, "/proc/self/root/tmp", O_PATH, &err) < 0 && err.sys == ELOOP);
	CHECK(layout_open(&layout, "/proc/self/cwd", O_PATH, &err) < 0);
}
Test(rootfs, links_are_followed_in_the_container)
{
	sandboxed(links);
}

static void covered(const struct root_spec *r)
{
	struct stat a, b;
	int fd;

	attach_root(r);
	place(&(struct mount){.kind = MOUNT_TMPFS, .target = "/a/b", .data = "mode=700"});
	place(&(struct mount){.kind = MOUNT_TMPFS, .target = "/a", .data = "mode=700"});
	fd = layout_ensure(&layout, "/a/b/c", INSIDE_DIR, &err);
	CHECK(fd >= 0 && fstat(fd, &a) == 0 && fstat(made_fds[1], &b) == 0);
	CHECK(a.st_dev == b.st_dev);
	place(&(struct mount){.kind = MOUNT_TMPFS, .target = "/", .data = "mode=700"});
	CHECK(layout_root(&layout) == made_fds[2]);
	CHECK(layout_open(&layout, "/a", O_PATH, &err) < 0 && err.sys == ENOENT);
}
Test(rootfs, a_later_mount_covers_earlier_ones)
{
	sandboxed(covered);
}

static void ends_readonly(const struct root_spec *r)
{
	struct mount ro = {.kind = MOUNT_TMPFS, .target = "/t", .attr_set = MOUNT_ATTR_RDONLY};
	struct stat st;
	int root;

	CHECK(mkdir(below("root/t"), 0) == 0 && chmod(below("root/t"), 01750) == 0);
	CHECK(chown(below("root/t"), 7, 8) == 0);
	root = attach_root(r);
	place(&ro);
	place(&(struct mount){.kind = MOUNT_TMPFS, .target = "/t/in", .data = "size=1m"});
	CHECK(mounts_end(&layout, &err) == 0);
	enter(root, r);
	CHECK(access("/t/in", F_OK) == 0 && mkdir("/t/x", 0755) < 0 && errno == EROFS);
	CHECK(stat("/t", &st) == 0 && (st.st_mode & 07777) == 01750);
	CHECK(st.st_uid == 7 && st.st_gid == 8);
	/* Where nothing was, the kernel's mode. */
	CHECK(stat("/t/in", &st) == 0 && (st.st_mode & 07777) == 01777);
}
Test(rootfs, a_tmpfs_is_as_its_place_and_read_only_last)
{
	sandboxed(ends_readonly);
}
