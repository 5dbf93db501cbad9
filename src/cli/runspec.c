#include "cli/runspec.h"
#include "cli/labelfile.h"
#include "cli/terminal.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/num.h"
#include "cgroup/scope.h"
#include "container/life.h"
#include "launch/volumes.h"
#include "net/plan.h"
#include "process/lsm.h"
#include "spec/capname.h"
#include "spec/defaults.h"
#include "spec/envfile.h"
#include "spec/environment.h"
#include "spec/farid.h"
#include "spec/limitflag.h"
#include "spec/mountflag.h"
#include "spec/mounts.h"
#include "spec/name.h"
#include "spec/signame.h"
#include "spec/sysctlname.h"
#include "spec/usercaps.h"
#include "state/cgrouppath.h"
#include "state/networks.h"
#include "state/store.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { CAP_LAST_FALLBACK = 40 };

static int take_image(struct run_options *o, const struct store *store, const char *name,
	struct image *image, int *ret_lock, struct err *err)
{
	struct spec *s = &o->spec;
	autofd int lock = image_lock(store->root_fd, IMAGE_SHARED, err);
	size_t labels = s->label_count;

	if (lock < 0 || image_open(store->root_fd, name, image, err) < 0)
		return -1;
	if (!image->layer_count)
		return err_set(err, "image %s has no layers: there is nothing in it that could run",
			image->name);
	s->image = arena_strdup(&s->arena, image->name);
	s->root.layers = image->layers;
	s->root.layer_count = image->layer_count;
	for (size_t i = 0; i < image->env_count; i++)
		if (env_add(s, "the image's environment", image->env[i], err) < 0)
			return -1;
	for (size_t i = 0; i < image->volume_count; i++)
		mountflag_of_image(s, image->volumes[i]);
	for (size_t i = 0; i < image->label_count; i++) {
		bool given = false;

		/* The image's own are different from each other. */
		for (size_t k = 0; k < labels; k++)
			given = given || strcmp(s->labels[k].key, image->labels[i].key) == 0;
		if (!given)
			arena_push(&s->arena, s->labels, s->label_count, image->labels[i]);
	}
	if (*image->user)
		s->process.user = image->user;
	if (*image->workdir)
		s->process.cwd = image->workdir;
	*ret_lock = take_fd(&lock);
	return 0;
}

/* Below those of the image. */
static int take_host_environment(struct run_options *o, struct err *err)
{
	for (char **e = environ; o->env_host && *e; e++)
		if (strchr(*e, '=') && env_add(&o->spec, "--env-host", *e, err) < 0)
			return -1;
	return 0;
}

/* Of two files the later one counts; before both, what was given by --label. */
static int take_label_files(struct run_options *o, struct err *err)
{
	for (size_t i = o->label_file_count; i > 0; i--)
		if (labelfile_take(&o->spec, o->label_files[i - 1], err) < 0)
			return -1;
	return 0;
}

/* OS/ARCH[/VARIANT], or one of the two. */
static int check_platform(const char *platform, const char *arch, struct err *err)
{
	const char *slash = strchr(platform, '/');
	const char *rest = slash ? slash + 1 : strcmp(platform, "linux") == 0 ? NULL : platform;
	size_t len = rest ? strcspn(rest, "/") : 0;

	if (slash && strncmp(platform, "linux/", 6) != 0)
		return err_value(err, "--platform", platform, "is not of Linux");
	if (!rest || (strlen(arch) == len && strncmp(arch, rest, len) == 0))
		return 0;
	err_value(err, "--platform", platform, "is not what the image is for: linux/%.30s", arch);
	return err_hint(err,
		"ctr image import takes the one of another platform, under a name of its own");
}

static int stop_signal(struct run_options *o, const struct image *image, struct err *err)
{
	const char *name = o->stop_signal ? o->stop_signal : image ? image->stop_signal : "";
	int sig;

	if (!*name)
		return 0;
	sig = signal_parse(name);
	if (sig < 0 && o->stop_signal)
		return err_value(err, "--stop-signal", name, "is not a signal");
	if (sig < 0) {
		err_value(err, "the image's StopSignal", name, "is not a signal");
		return err_hint(err, "--stop-signal gives another");
	}
	o->spec.stop_signal = sig;
	return 0;
}

/* Who asks is the supervisor; where there is to be none, an image's wish is not met. */
static int take_health(struct run_options *o, const struct image *image, struct err *err)
{
	struct health_spec *h = &o->spec.health, given = *h;

	health_complete(h, o->spec.die_with_parent ? NULL : image ? &image->health : NULL);
	if (o->spec.die_with_parent && h->test_count)
		return err_set(err, "--health-cmd and --die-with-parent: a supervisor would ask");
	if (h->test_count || given.test_count || memcmp(&given, h, sizeof(given)) == 0)
		return 0;
	err_set(err, "there is no health check that these --health options would be for");
	return err_hint(err, "--health-cmd gives one");
}

/* Words of the command line replace the image's cmd; --entrypoint replaces both. */
static int take_command(struct run_options *o, const struct image *image, int argc, char **argv,
	struct err *err)
{
	struct process_spec *p = &o->spec.process;
	struct arena *a = &o->spec.arena;

	if (o->entrypoint && *o->entrypoint)
		arena_push(a, p->argv, p->argc, (char *)o->entrypoint);
	for (size_t i = 0; image && !o->entrypoint && i < image->entrypoint_count; i++)
		arena_push(a, p->argv, p->argc, image->entrypoint[i]);
	for (int i = 0; i < argc; i++)
		arena_push(a, p->argv, p->argc, argv[i]);
	for (size_t i = 0; image && !o->entrypoint && argc == 0 && i < image->cmd_count; i++)
		arena_push(a, p->argv, p->argc, image->cmd[i]);
	if (p->argc == 0) {
		err_set(err, "no command to run");
		return err_hint(err, "%s",
			o->rootfs ? "ctr run --rootfs DIR -- COMMAND"
				  : "the image names none; ctr run IMAGE COMMAND");
	}
	if (p->argv[0][0] == '-' && !strchr(p->argv[0], '/')) {
		err_set(err, "the command cannot be '%.60s'", p->argv[0]);
		return err_hint(err, "%s",
			strcmp(p->argv[0], "--") == 0
				? "leave it out: what follows the image is the command"
				: "flags of ctr run go before the image");
	}
	arena_push(a, p->argv, p->argc, NULL);
	p->argc--;
	return 0;
}

static unsigned last_cap(void)
{
	char text[16];
	uint32_t n;

	if (file_peek(AT_FDCWD, "/proc/sys/kernel/cap_last_cap", text, sizeof(text)) > 0 &&
		num_parse_u32(text, &n) == 0)
		return n;
	return CAP_LAST_FALLBACK;
}

static int take_caps(struct run_options *o, struct err *err)
{
	uint64_t *sets = o->spec.process.caps, mask;

	if (!o->cap_add && !o->cap_drop)
		return 0;
	if (caps_apply(sets[CAPSET_BOUNDING], o->cap_add, o->cap_drop, last_cap(), &mask, err) < 0)
		return -1;
	sets[CAPSET_BOUNDING] = sets[CAPSET_EFFECTIVE] = sets[CAPSET_PERMITTED] = mask;
	usercaps_set(&o->spec.process, o->cap_add);
	return 0;
}

/* A container that manages the groups below its own writes to its own group as well. */
static int take_cgroups(struct run_options *o, struct err *err)
{
	struct spec *s = &o->spec;

	if (!o->writable_cgroups)
		return 0;
	if (~s->ns.fresh & (CLONE_NEWUSER | CLONE_NEWCGROUP))
		return err_set(err, "--security-opt writable-cgroups needs a user and a cgroup "
				    "namespace: root of the host could lift its own limits");
	for (size_t i = 0; i < s->mount_count; i++)
		if (s->mounts[i].kind == MOUNT_CGROUP)
			s->mounts[i].attr_set &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	return 0;
}

/* The counters are there on real machines of some makers only; each mask costs a mount. */
static void mask_throttles(struct spec *s)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);

	if (access("/sys/devices/system/cpu/cpu0/thermal_throttle", F_OK) == 0 && cpus > 0)
		spec_mask_throttles(s, (unsigned)cpus);
}

/* Rights over the host's network are the host's to give, and a container's users have none there. */
static void warn_of_vain_caps(const struct run_options *o)
{
	const uint64_t of_networks = UINT64_C(1) << CAP_NET_BIND_SERVICE |
				     UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_NET_RAW;
	uint64_t vain = o->cap_add == CAPS_ALL ? 0 : o->cap_add & of_networks;
	char names[CAPS_TEXT_SIZE];

	if (!vain || network_mode(&o->spec) != NETWORK_HOST || !(o->spec.ns.fresh & CLONE_NEWUSER))
		return;
	warn("--cap-add %s gives nothing in the host's network%s", caps_format(vain, names),
		vain & UINT64_C(1) << CAP_NET_BIND_SERVICE
			? ": set net.ipv4.ip_unprivileged_port_start on the host"
			: "");
}

static int check_together(struct run_options *o, struct err *err)
{
	struct spec *s = &o->spec;

	if (take_cgroups(o, err) < 0)
		return -1;
	mask_throttles(s);
	warn_of_vain_caps(o);
	for (size_t i = 0; i < s->mount_count; i++)
		if (s->mounts[i].copy_up) {
			err_set(err, "%s: tmpcopyup is not supported", s->mounts[i].target);
			return err_hint(err, "fill the tmpfs from the command that is run");
		}
	for (size_t i = 0; i < s->sysctl_count; i++)
		if (sysctl_check("--sysctl", s->sysctls[i].key, s->ns.fresh, err) < 0)
			return -1;
	if (o->hostname_given && !(s->ns.fresh & CLONE_NEWUTS))
		return err_set(err, "--hostname would change the host's own with --uts host");
	if (s->init && !(s->ns.fresh & CLONE_NEWPID))
		return err_set(err, "--init needs process ids of its own, not --pid host");
	if (s->restart && s->remove)
		return err_set(err, "--restart and --rm: what is removed cannot be started again");
	if (s->restart && s->die_with_parent)
		return err_set(err,
			"--restart and --die-with-parent: who would start it again is gone");
	if (s->die_with_parent && (o->detach || s->process.terminal))
		return err_set(err,
			"--die-with-parent does not go with --%s: a supervisor is the parent",
			o->detach ? "detach" : "tty");
	/* What the host has not mounted cannot be shared. */
	if (!(s->ns.fresh & CLONE_NEWIPC) && access("/dev/mqueue", F_OK) < 0)
		spec_mount_drop(s, "/dev/mqueue");
	if (limits_check(&s->limits, err) < 0)
		return -1;
	mounts_sort(s);
	return mounts_check(s, err);
}

/* docker's parts of a label take the place of those of our own. */
static int take_label(struct run_options *o, struct err *err)
{
	char own[LSM_LABEL_SIZE];

	if (!selinux_parts_any(&o->label))
		return 0;
	if (lsm_selinux_own(own, err) < 0)
		return err_wrap(err, "--security-opt label");
	o->spec.process.selinux = selinux_merge(&o->spec.arena, own, &o->label);
	return 0;
}

/* A made-up name that is taken by now is no reason to fail. */
static int make_up_name(struct run_options *o, const struct store *store, struct err *err)
{
	char name[NAME_RANDOM_SIZE];
	struct stat st;

	do {
		if (name_random(o->names_made_up++, name, err) < 0)
			return -1;
	} while (fstatat(store->containers_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0);
	o->spec.name = arena_strdup(&o->spec.arena, name);
	return 0;
}

bool run_options_rename(struct run_options *o, const struct store *store, struct err *err)
{
	return !o->name && make_up_name(o, store, err) == 0;
}

static int take_name(struct run_options *o, const struct store *store, struct err *err)
{
	char id[ID_SIZE];

	if (id_random(id, err) < 0)
		return -1;
	o->spec.id = arena_strdup(&o->spec.arena, id);
	o->spec.name = o->name;
	return o->name ? 0 : make_up_name(o, store, err);
}

/* In the form of linux.cgroupsPath; the id is no other container's. */
static int take_cgroup(struct run_options *o, struct err *err)
{
	const char *parent = o->cgroup_parent;
	char path[CGROUP_PATH_SIZE];
	struct spec *s = &o->spec;

	if (s->systemd_cgroup) {
		s->cgroup = arena_printf(&s->arena, "%s:ctr:%s", parent ? parent : "", s->id);
		return parent ? slice_expand("--cgroup-parent", parent, path, err) : 0;
	}
	if (!parent)
		return 0;
	s->cgroup = arena_printf(&s->arena, "%s/%s", parent, s->id);
	return container_cgroup_path_plan(s, path, sizeof(path), err) < 0
		       ? err_wrap(err, "--cgroup-parent")
		       : 0;
}

/* Ids above the container's range that it needs: those of its user, and of the owners of its volumes. */
static int take_far_ids(struct run_options *o, struct err *err)
{
	struct spec *s = &o->spec;
	struct namespaces *ns = &s->ns;
	struct stat st;

	if (!(ns->fresh & CLONE_NEWUSER))
		return 0;
	if (far_id_add_user(ns, "--user", s->process.user, err) < 0)
		return -1;
	for (size_t i = 0; i < s->process.groupc; i++)
		if (far_id_add_user(ns, "--group-add", s->process.groups[i], err) < 0)
			return -1;
	for (size_t i = 0; i < s->mount_count; i++)
		if (s->mounts[i].idmap && s->mounts[i].source &&
			stat(s->mounts[i].source, &st) == 0 &&
			(far_id_add(ns, s->mounts[i].source, st.st_uid, err) < 0 ||
				far_id_add(ns, s->mounts[i].source, st.st_gid, err) < 0))
			return -1;
	return 0;
}

/* If a file is gone at a later start, a directory in its place would keep it from coming back. */
static void take_files(struct spec *s)
{
	struct stat st;

	for (size_t i = 0; i < s->mount_count; i++)
		if (s->mounts[i].make_source && stat(s->mounts[i].source, &st) == 0 &&
			!S_ISDIR(st.st_mode))
			s->mounts[i].make_source = false;
}

/* In the host's network others know a container by the host's name. */
static void take_hostname(struct run_options *o)
{
	struct spec *s = &o->spec;
	struct utsname host;

	if (!o->hostname_given && network_mode(s) == NETWORK_HOST && (s->ns.fresh & CLONE_NEWUTS) &&
		uname(&host) == 0)
		s->hostname = arena_strdup(&s->arena, host.nodename);
}

/* By its name, however it was named. */
static int take_neighbour(struct run_options *o, const struct store *store, struct err *err)
{
	char name[SPEC_NAME_MAX + 1];

	if (!o->spec.network.container)
		return 0;
	if (container_find(store, o->spec.network.container, name, err) < 0)
		return err_wrap(err, "--net container:%s", o->spec.network.container);
	o->spec.network.container = arena_strdup(&o->spec.arena, name);
	return 0;
}

/* What is started finds out by itself. */
static int check_networks(const struct run_options *o, const struct store *store, struct err *err)
{
	const struct network_spec *n = &o->spec.network;
	struct network_plan plan;
	struct arena a = {NULL};
	struct network *nets;
	int r = -1;

	if (!n->attachment_count || !(o->create || o->dry_run))
		return 0;
	if (networks_of(store, &o->spec, &a, &nets, err) == 0) {
		r = network_plan_make(&o->spec, 0, nets, &plan, err);
		if (r == 0)
			network_plan_free(&plan);
		networks_free(nets, n->attachment_count);
	}
	arena_free(&a);
	return r;
}

int run_options_finish(struct run_options *o, const struct store *store, int argc, char **argv,
	struct image *ret_image, int *ret_image_lock, struct err *err)
{
	struct image *image = NULL;

	*ret_image_lock = -1;
	o->spec.root.dir = o->rootfs;
	if (o->replace && !o->name)
		return err_set(err, "--replace needs a --name");
	if (o->platform && o->rootfs)
		return err_set(err, "--platform is of an image, not of --rootfs");
	if (take_host_environment(o, err) < 0 || take_label_files(o, err) < 0)
		return -1;
	if (!o->rootfs) {
		if (argc < 1) {
			err_set(err, "no image and no --rootfs");
			return err_hint(err, "ctr %s IMAGE COMMAND, or ctr %s --rootfs DIR COMMAND",
				o->create ? "create" : "run", o->create ? "create" : "run");
		}
		if (take_image(o, store, argv[0], ret_image, ret_image_lock, err) < 0)
			return -1;
		image = ret_image;
		if (o->platform && check_platform(o->platform, image->architecture, err) < 0)
			return -1;
		argc--;
		argv++;
	}
	/* What is removed at the end need not get to the disk before; without this the end of the root
	 * has the whole file system below it synced. */
	if (o->spec.remove)
		o->spec.root.never_synced = true;
	if (o->user)
		o->spec.process.user = o->user;
	if (o->workdir)
		o->spec.process.cwd = o->workdir;
	if (o->spec.process.terminal && !env_get(&o->spec, "TERM"))
		terminal_name_take(&o->spec);
	if (networkflag_finish(&o->spec, &o->network, image ? image->ports : NULL,
		    image ? image->port_count : 0, err) < 0)
		return -1;
	if (stop_signal(o, image, err) < 0 || take_health(o, image, err) < 0 ||
		take_command(o, image, argc, argv, err) < 0 ||
		environment_take(&o->environment, &o->spec, err) < 0 || take_caps(o, err) < 0 ||
		take_label(o, err) < 0 || check_together(o, err) < 0 ||
		take_name(o, store, err) < 0 || volumes_name(&o->spec, store, err) < 0 ||
		take_cgroup(o, err) < 0 || take_far_ids(o, err) < 0)
		return -1;
	take_files(&o->spec);
	take_hostname(o);
	if (take_neighbour(o, store, err) < 0)
		return -1;
	spec_complete(&o->spec);
	return check_networks(o, store, err);
}
