#include "launch/child.h"

#include "base/fd.h"
#include "base/file.h"
#include "launch/hooks.h"
#include "launch/payload.h"
#include "net/handover.h"
#include "net/loopback.h"
#include "ns/clone.h"
#include "ns/join.h"
#include "ns/nested.h"
#include "ns/rights.h"
#include "ns/time.h"
#include "ns/uts.h"
#include "process/ids.h"
#include "process/lsm.h"
#include "rootfs/dev.h"
#include "rootfs/layout.h"
#include "rootfs/mounts.h"
#include "rootfs/nsroot.h"
#include "rootfs/overlay.h"
#include "rootfs/root.h"
#include "rootfs/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Until the payload is executed, nobody but the parent knows of us. */
static int die_with_parent(struct err *err)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return err_sys(err, "cannot tie the process to its parent");
	return 0;
}

/* In a namespace that is joined as well: who shares one shares its names, which may be set already by
 * somebody with more rights to it. */
static int set_names(const struct spec *spec, struct err *err)
{
	struct utsname now;

	if (!((spec->ns.fresh | ns_paths_flags(&spec->ns)) & CLONE_NEWUTS))
		return 0;
	if (uname(&now) < 0)
		return err_sys(err, "see the hostname of the container");
	if (spec->domainname && strcmp(now.domainname, spec->domainname) != 0 &&
		uts_set_domainname(spec->domainname, err) < 0)
		return -1;
	return spec->hostname && strcmp(now.nodename, spec->hostname) != 0
		       ? uts_set_hostname(spec->hostname, err)
		       : 0;
}

/* With usual flags it can make none, and a start need not say how many. */
static bool may_make_namespaces(const struct spec *spec)
{
	return spec->process.seccomp || (spec->process.caps[CAPSET_BOUNDING] >> CAP_SYS_ADMIN & 1);
}

/* What needs no ids and no mounts yet: the parent prepares those meanwhile. */
static int make_namespaces(const struct child *c, struct err *err)
{
	const struct spec *spec = c->spec;
	uint64_t fresh = spec->ns.fresh;
	int *ns_fds = c->ns_fds;

	if (die_with_parent(err) < 0 || ns_paths_join(&spec->ns, ns_fds, err) < 0 ||
		ns_unshare_late(fresh, err) < 0)
		return -1;
	ns_paths_close(&spec->ns, ns_fds);
	if (network_hand_over(c->network_sock, err) < 0)
		return -1;
	/* An engine's container is as the engine made it. */
	if ((fresh & CLONE_NEWUSER) && !spec->root.direct && may_make_namespaces(spec) &&
		ns_nested_limit(err) < 0)
		return -1;
	if ((fresh & CLONE_NEWTIME) && time_enter(&spec->ns, err) < 0)
		return -1;
	if (set_names(spec, err) < 0)
		return -1;
	if (c->network_sock < 0 && (fresh & CLONE_NEWNET) && loopback_up(err) < 0)
		return -1;
	return 0;
}

/* Hooks that we run ourselves want to know who we are to the host, which the host's procfs knows. */
static int tell_namespaces(const struct child *c, struct err *err)
{
	char text[16] = "";

	if (!c->states.created)
		return 0;
	if (readlink("/proc/self", text, sizeof(text) - 1) < 0)
		return err_sys(err, "read the host's /proc/self");
	bundle_state_set_pid(c->states.creating, (pid_t)atoi(text));
	bundle_state_set_pid(c->states.created, (pid_t)atoi(text));
	return bundle_awaits_namespaces(c->spec) ? bundle_tell(c->go_sock, err) : 0;
}

static int hide(bool on, struct err *err)
{
	if (prctl(PR_SET_DUMPABLE, !on) < 0)
		return err_sys(err, "cannot hide from the container");
	return 0;
}

/* Others may be in our pid namespace, with rights over our ids from now on: our memory, and the
 * descriptors that are still open, are not for them (CVE-2016-9962). Not sooner, as a parent that is not
 * root has to write our id maps. And changing ids unties from the parent: done again. */
static int take_ids(const struct spec *spec, struct err *err)
{
	if (hide(true, err) < 0)
		return -1;
	if (!plan_has_users(spec))
		return 0;
	return ids_become_root(plan_groups(&spec->process), err) < 0 ? -1 : die_with_parent(err);
}

/* A file of ours, in the scratch tmpfs that is the working directory, over one of the image. */
static int place_etc(const struct layout *l, const struct etc_file *f, struct err *err)
{
	autofd int fd = openat(AT_FDCWD, f->name,
		O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	autofd int copy = -1, target = -1;

	if (fd < 0 || fd_write_all(fd, f->text, strlen(f->text)) < 0 || fchmod(fd, 0644) < 0)
		return err_sys(err, "write the container's %s", f->target);
	copy = tree_clone(fd, "", false, err);
	if (copy < 0)
		return err_wrap(err, "%s", f->target);
	target = layout_ensure(l, f->target, INSIDE_FILE, err);
	if (target < 0)
		return -1;
	return tree_attach(copy, target, f->target, err);
}

/* A sysfs is refused, too, where that of the caller has masks: as it may in a container. */
static uint64_t showing_namespaces(const struct spec *spec)
{
	/* The processes of a namespace that is joined are its own; a procfs of the host would show others. */
	const uint64_t own = spec->ns.fresh | (ns_paths_flags(&spec->ns) & CLONE_NEWPID);

	return rights_get() == RIGHTS_HOST ? own : own & ~(uint64_t)CLONE_NEWNET;
}

static int place_mounts(const struct child *c, struct layout *l, int *ret_devfd, struct err *err)
{
	const uint64_t own = showing_namespaces(c->spec);

	for (size_t i = 0; i < c->spec->mount_count; i++) {
		if (detached_open_in_turn(c->detached, c->spec, c->plan, i, l, err) < 0 ||
			mount_place(l, &l->mounts[i], own, &c->detached->sources[i], err) < 0)
			return -1;
		if (l->mounts[i].kind == MOUNT_DEV)
			*ret_devfd = l->fds[i];
		l->count = i + 1;
	}
	return 0;
}

static int place_files(const struct child *c, const struct layout *l, struct err *err)
{
	const struct spec *spec = c->spec;

	for (size_t i = 0; i < spec->device_count; i++)
		if (c->detached->devices[i] >= 0 &&
			dev_node_place(l, &spec->devices[i], c->detached->devices[i], err) < 0)
			return -1;
	for (size_t i = 0; i < c->plan->etc_count; i++)
		if (place_etc(l, &c->plan->etc[i], err) < 0)
			return -1;
	return 0;
}

/* As long as the root can be written, read-only or not. */
static int make_dir(const struct layout *l, const char *path, struct err *err)
{
	int fd = path[1] ? layout_ensure(l, path, INSIDE_DIR, err) : -1;

	if (fd < 0 && path[1])
		return err_wrap(err, "working directory %s", path);
	fd_cleanup(&fd);
	return 0;
}

static int build_root(const struct child *c, struct layout *l, int *ret_devfd, struct err *err)
{
	if (place_mounts(c, l, ret_devfd, err) < 0 || place_files(c, l, err) < 0 ||
		(c->spec->root.direct && *ret_devfd < 0 && dev_link(l, err) < 0) ||
		(c->streams.console_sock >= 0 && console_prepare(l, err) < 0))
		return -1;
	return make_dir(l, c->spec->process.cwd, err);
}

/* An engine's hooks of the host's side come between the mounts and what is last done to them. Those of a
 * user without rights enter our namespaces only if they may trace us; nobody else has rights over the
 * ids of a user namespace that was just made. */
static int tell_mounts(const struct child *c, struct err *err)
{
	const bool show = c->detached->by_child && (c->spec->ns.fresh & CLONE_NEWUSER);

	if (!bundle_awaits_mounts(c->spec))
		return 0;
	if ((show && hide(false, err) < 0) || bundle_tell(c->go_sock, err) < 0 ||
		bundle_await(c->go_sock, err) < 0)
		return -1;
	return show ? hide(true, err) : 0;
}

/* A procfs of the container's, if there is one; else one that nobody sees will do. */
static int proc_open(const struct layout *l, struct err *err)
{
	int fd;

	for (size_t i = l->count; i-- > 0;)
		if (l->mounts[i].kind == MOUNT_PROC)
			return fcntl(l->fds[i], F_DUPFD_CLOEXEC, 3);
	fd = tree_new("proc", NULL, 0, err);
	/* If we may not show the processes of this pid namespace, the /proc that is there is taken. */
	return fd < 0 && err->sys == EPERM ? tree_clone(AT_FDCWD, "/proc", false, err) : fd;
}

/* Its devices are there once the network is. */
static bool sets_devices(const struct spec *spec)
{
	for (size_t i = 0; i < spec->sysctl_count; i++) {
		const char *key = spec->sysctls[i].key;

		if (strncmp(key, "net.", 4) == 0 &&
			(strstr(key, ".conf.") || strstr(key, ".neigh.")))
			return true;
	}
	return false;
}

/* While /proc/sys is writable; they may be of an interface that a hook has made. What an engine has mounted
 * over /proc/sys is in nobody's way: a copy of the procfs alone has it not. */
static int set_sysctls(struct payload *payload, const struct layout *l, struct err *err)
{
	const struct spec *spec = payload->spec;
	autofd int proc = -1, alone = -1;

	if (!spec->sysctl_count)
		return 0;
	if (sets_devices(spec) && network_await(payload->network_sock, err) < 0)
		return -1;
	if (sets_devices(spec))
		payload->network_sock = -1;
	proc = proc_open(l, err);
	if (proc < 0)
		return -1;
	if (sysctls_apply(proc, spec->sysctls, spec->sysctl_count, err) == 0)
		return 0;
	if (err->sys != EXDEV)
		return -1;
	alone = tree_clone(proc, "", false, err);
	return alone < 0 ? -1 : sysctls_apply(alone, spec->sysctls, spec->sysctl_count, err);
}

static int hide_paths(const struct spec *spec, const struct layout *l, int devfd, struct err *err)
{
	autofd int null = -1, empty = -1;
	struct mask mask = {-1, -1};

	if (spec->masked_count) {
		mask.null = null = null_open(devfd, err);
		if (null < 0)
			return -1;
	}
	for (size_t i = 0; i < spec->masked_count; i++) {
		int r = mask_path(l, spec->masked[i], &mask, err);

		empty = mask.empty;
		if (r < 0)
			return -1;
	}
	for (size_t i = 0; i < spec->readonly_count; i++)
		if (readonly_path(l, spec->readonly_paths[i], err) < 0)
			return -1;
	return 0;
}

/* The root, attached, as a descriptor. */
static int make_root(const struct detached *t, const struct spec *spec, struct err *err)
{
	const struct overlay overlay = {
		.layers = t->layers,
		.count = t->layer_count,
		.writable = t->writable,
		.is_volatile = spec->root.never_synced,
		.nosuid = spec->process.no_new_privs,
	};

	if (!spec->root.direct)
		return overlay_mount(&overlay, err);
	if (!plan_has_mounts(spec))
		return t->layers[0];
	return direct_mount(t->layers[0], &spec->root, err) < 0 ? -1 : t->layers[0];
}

/* Before anything is mounted. In a chroot the kernel makes no user namespace, so that with one there is none. */
static int isolate(const struct spec *spec, bool *ret_chrooted, struct err *err)
{
	*ret_chrooted = false;
	if (!plan_has_mounts(spec) || (spec->ns.fresh & CLONE_NEWUSER))
		return 0;
	return nsroot_isolate(ret_chrooted, err);
}

static int enter_root(const struct spec *spec, int rootfd, bool chrooted, struct err *err)
{
	const struct root_way way = {
		.own_users = plan_has_users(spec),
		.chrooted = chrooted,
		.caps = spec->process.caps[CAPSET_BOUNDING],
	};

	if (!plan_has_mounts(spec))
		return root_change(rootfd, err);
	return root_enter(rootfd, &spec->root, &way, err);
}

/* As root of our own namespaces we may mount what the parent may not. */
static int open_mounts(const struct child *c, struct err *err)
{
	if (!c->detached->by_child)
		return 0;
	return detached_open(c->detached, c->container, c->spec, c->plan, err);
}

static int become_payload(const struct child *c, struct payload *payload, struct err *err)
{
	const struct detached *t = c->detached;
	const struct spec *spec = c->spec;
	struct layout l = {.rootfd = -1, .mounts = spec->mounts, .fds = t->sources};
	int devfd = -1, label_fd, rootfd = -1;
	bool chrooted;

	if (take_ids(spec, err) < 0 || open_mounts(c, err) < 0 ||
		lsm_open(&spec->process, &label_fd, err) < 0 || isolate(spec, &chrooted, err) < 0)
		return -1;
	l.rootfd = make_root(t, spec, err);
	if (l.rootfd < 0 || build_root(c, &l, &devfd, err) < 0 || tell_mounts(c, err) < 0 ||
		set_sysctls(payload, &l, err) < 0 || mounts_end(&l, err) < 0 ||
		hide_paths(spec, &l, devfd, err) < 0 ||
		payload_set_streams(spec, &l, &c->streams, err) < 0 ||
		(c->streams.console_sock >= 0 && console_place(&l, STDIN_FILENO, err) < 0) ||
		detached_leave(t, rootfd = layout_root(&l), err) < 0 ||
		hooks_run(&spec->hooks, HOOK_CREATE_CONTAINER, c->states.creating,
			&(struct hook_setting){.dir_fd = rootfd}, err) < 0 ||
		enter_root(spec, rootfd, chrooted, err) < 0)
		return -1;
	payload->rootfd = rootfd;
	payload->label_fd = label_fd;
	return payload_execute(payload, err);
}

_Noreturn void child_run(const struct child *c)
{
	struct payload payload = {
		.spec = c->spec,
		.plan = c->plan,
		.init_fd = -1,
		.report_fd = c->report_fd,
		.start_fd = c->start_fd,
		.network_sock = c->network_sock,
		.keep_fds = c->keep_fds,
		.state = c->states.created,
		.listener = c->listener,
	};
	struct err err = {0};

	if (fd_list_close_others(c->kept, &err) == 0 && make_namespaces(c, &err) == 0 &&
		tell_namespaces(c, &err) == 0 &&
		detached_receive(c->detached, c->spec, c->go_sock, &err) == 0) {
		payload.init_fd = c->detached->init;
		become_payload(c, &payload, &err);
	}
	/* Without its mounts it was given up by a parent that knows why. */
	fd_write_all(payload.report_fd, &err, sizeof(err));
	_exit(err.status ? err.status : ERR_STATUS_OURS);
}
