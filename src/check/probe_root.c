#include "check/probe.h"

#include "base/fd.h"
#include "check/attempt.h"
#include "check/host.h"
#include "net/loopback.h"
#include "ns/idmap.h"
#include "rootfs/dev.h"
#include "rootfs/overlay.h"
#include "rootfs/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool probe_userns(struct probes *p)
{
	const struct attempt t = {.flags = CLONE_NEWUSER, .cgroup_fd = -1};
	struct err err = {0};
	int r = attempt_run(&t, &err);

	if (probe_told(p, "user namespace", PROBE_MISSING, r, &err, "up to %llu of them",
		    (unsigned long long)host_number("/proc/sys/user/max_user_namespaces")))
		return true;
	if (err.sys == ENOSPC)
		probe_cure(p, "sysctl -w user.max_user_namespaces=65536");
	else if (err.sys == EINVAL)
		probe_cure(p, "use a kernel with CONFIG_USER_NS");
	return false;
}

static int bring_up_loopback(const struct attempt *t, struct err *err)
{
	(void)t;
	return loopback_up(err);
}

static void probe_namespaces(struct probes *p)
{
	static const struct {
		uint64_t flag;
		const char *feature, *config;
	} kinds[] = {
		{CLONE_NEWNS, "mount namespace", "NAMESPACES"},
		{CLONE_NEWPID, "pid namespace", "PID_NS"},
		{CLONE_NEWUTS, "uts namespace", "UTS_NS"},
		{CLONE_NEWIPC, "ipc namespace", "IPC_NS"},
		{CLONE_NEWNET, "network namespace", "NET_NS"},
		{CLONE_NEWCGROUP, "cgroup namespace", "CGROUPS"},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		bool net = kinds[i].flag == CLONE_NEWNET;
		const struct attempt t = {
			.flags = kinds[i].flag | CLONE_NEWUSER,
			.cgroup_fd = -1,
			.run = net ? bring_up_loopback : NULL,
		};
		struct err err = {0};

		if (!probe_told(p, kinds[i].feature, PROBE_MISSING, attempt_run(&t, &err), &err,
			    "%s", net ? "with a loopback of its own" : "inside a user namespace") &&
			err.sys == EINVAL)
			probe_cure(p, "use a kernel with CONFIG_%s", kinds[i].config);
	}
}

static int mount_new(const struct attempt *t, struct err *err)
{
	autofd int fd = tree_new(t->arg, NULL,
		MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);

	return fd < 0 ? -1 : 0;
}

/* The kernel's own file systems, as they are mounted in a container. */
static void probe_filesystems(struct probes *p)
{
	static const struct {
		const char *name;
		bool hidden; /* no more of it is shown than the host's own mounts show */
	} types[] = {{"proc", true}, {"sysfs", true}, {"cgroup2", false}, {"devpts", false},
		{"mqueue", false}, {"tmpfs", false}};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const struct attempt t = {
			.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
				 CLONE_NEWIPC | CLONE_NEWCGROUP,
			.cgroup_fd = -1,
			.run = mount_new,
			.arg = types[i].name,
		};
		struct err err = {0};
		char feature[40];

		snprintf(feature, sizeof(feature), "mount %s", types[i].name);
		if (!probe_told(p, feature, PROBE_MISSING, attempt_run(&t, &err), &err,
			    "in a user namespace") &&
			err.sys == EPERM && types[i].hidden)
			probe_cure(p,
				"something is mounted over a part of the host's own %s: run ctr "
				"outside of other containers",
				types[i].name);
	}
}

static void probe_devices(struct probes *p)
{
	const struct device null = {'c', 1, 3, 0666, 0, 0, "/dev/null", "rwm"};
	const struct id_map map = {0, idmap_range_base(IDMAP_RANGES), SPEC_IDS};
	const struct id_maps ids = {&map, &map, 1, 1};
	struct err err = {0};
	autofd int fd = dev_new(&(struct mount){.kind = MOUNT_DEV}, &null, 1, &ids, &err);

	probe_told(p, "device nodes", PROBE_MISSING, fd < 0 ? -1 : 0, &err,
		"for a /dev of its own");
}

static bool probe_idmap(struct probes *p, int dir_fd)
{
	struct err err = {0};
	autofd int tree = tree_clone(dir_fd, "lower", false, &err);
	const struct attempt t = {
		.flags = CLONE_NEWUSER,
		.cgroup_fd = -1,
		.trees = &tree,
		.tree_count = 1,
	};
	char type[HOST_NAME_SIZE];

	host_filesystem(dir_fd, type);
	if (probe_told(p, "id-mapped mounts", PROBE_MISSING, tree < 0 ? -1 : attempt_run(&t, &err),
		    &err, "of %s, where the store lies", type))
		return true;
	if (err.sys == EINVAL)
		probe_cure(p,
			"%s cannot be id-mapped by this kernel: put CTR_ROOT on ext4, xfs or "
			"btrfs",
			type);
	return false;
}

/* What a payload does first: changes a file of the image, which copies it up, makes one, gives it
 * away, and removes one of the image, which leaves a whiteout. */
static int use_root(int root, struct err *err)
{
	autofd int old = openat(root, "old", O_WRONLY | O_APPEND | O_CLOEXEC);
	autofd int new = openat(root, "new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	struct stat st;

	if (old < 0 || write(old, "x", 1) != 1)
		return err_sys(err, "cannot change a file of the image");
	if (new < 0 || fchown(new, 1000, 1000) < 0)
		return err_sys(err, "cannot make a file in the root");
	if (fstat(new, &st) < 0 || st.st_uid != 1000 || fstat(old, &st) < 0 || st.st_uid != 0)
		return err_set(err, "files in the root belong to the wrong ids");
	if (unlinkat(root, "gone", 0) < 0)
		return err_sys(err, "cannot remove a file of the image");
	if (fstatat(root, "gone", &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
		return err_set(err, "a removed file of the image is still there");
	return 0;
}

static int mount_root(const struct attempt *t, struct err *err)
{
	const struct overlay o = {.layers = &t->trees[0], .count = 1, .writable = t->trees[1]};
	int root = overlay_mount(&o, err);

	return root < 0 ? -1 : use_root(root, err);
}

static void probe_overlay(struct probes *p, int dir_fd)
{
	struct err err = {0};
	autofd int lower = tree_clone(dir_fd, "lower", false, &err);
	autofd int writable = tree_clone(dir_fd, "", false, &err);
	const int trees[] = {lower, writable};
	const struct attempt t = {
		.flags = CLONE_NEWUSER | CLONE_NEWNS,
		.cgroup_fd = -1,
		.trees = trees,
		.tree_count = 2,
		.run = mount_root,
	};
	int r = lower < 0 || writable < 0 ? -1 : attempt_run(&t, &err);

	if (!probe_told(p, "overlay", PROBE_MISSING, r, &err,
		    "over id-mapped layers, mounted in a user namespace") &&
		err.sys == ENODEV)
		probe_cure(p, "modprobe overlay");
}

static int make_file(int dir_fd, const char *name)
{
	autofd int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	return fd < 0 ? -1 : 0;
}

static int make_image(int dir_fd, struct err *err)
{
	if (mkdirat(dir_fd, "lower", 0755) < 0 || mkdirat(dir_fd, "upper", 0755) < 0 ||
		mkdirat(dir_fd, "work", 0700) < 0 || make_file(dir_fd, "lower/old") < 0 ||
		make_file(dir_fd, "lower/gone") < 0)
		return err_sys(err, "cannot write below CTR_ROOT");
	return 0;
}

void probe_root(struct probes *p, int dir_fd)
{
	struct err err = {0};

	/* What rests on a thing that is missing would only say the same again. */
	if (!probe_userns(p))
		return;
	probe_namespaces(p);
	probe_filesystems(p);
	probe_devices(p);
	if (make_image(dir_fd, &err) < 0)
		probe_told(p, "store", PROBE_MISSING, -1, &err, "%s", "");
	else if (probe_idmap(p, dir_fd))
		probe_overlay(p, dir_fd);
}
