#include "launch/plan.h"

#include "base/output.h"
#include "ns/clone.h"
#include "ns/idmap.h"
#include "ns/join.h"
#include "ns/rights.h"
#include "process/seccomp.h"
#include "spec/capname.h"
#include "spec/environment.h"

#include <inttypes.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>

static void plan_argv(const struct spec *spec, struct plan *plan, struct arena *a)
{
	size_t n = 0;

	plan->argv = arena_alloc(a, (spec->process.argc + 3) * sizeof(char *));
	if (spec->init) {
		plan->argv[n++] = arena_strdup(a, "ctr-init");
		plan->argv[n++] = arena_strdup(a, "--");
	}
	memcpy(plan->argv + n, spec->process.argv, spec->process.argc * sizeof(char *));
}

static void plan_env(const struct spec *spec, struct plan *plan, struct arena *a)
{
	const char *path = env_get(spec, "PATH");

	plan->env = arena_alloc(a, (spec->process.envc + 2) * sizeof(char *));
	memcpy(plan->env, spec->process.env, spec->process.envc * sizeof(char *));
	plan->path = path ? path : "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

/* A mount that the user asked for at the same place is theirs to fill. */
static bool is_mounted(const struct spec *spec, const char *target)
{
	for (size_t i = 0; i < spec->mount_count; i++)
		if (strcmp(spec->mounts[i].target, target) == 0)
			return true;
	return false;
}

static void plan_etc(const struct spec *spec, const struct host_etc *host,
	const struct etc_network *net, struct plan *plan, struct arena *a)
{
	bool asked = spec->dns_count || spec->dns_search_count || spec->dns_option_count;
	const struct etc_file files[] = {
		{"/etc/hosts", "hosts",
			spec->hostname || host->hosts || spec->host_count || net
				? etc_hosts(a, spec, host->hosts, net)
				: NULL},
		{"/etc/hostname", "hostname", spec->hostname ? etc_hostname(a, spec) : NULL},
		{"/etc/resolv.conf", "resolv.conf",
			host->resolv || asked || net ? etc_resolv(a, spec, host->resolv, net)
						     : NULL},
	};

	plan->etc_count = 0;
	/* The files of an engine's root are the engine's. */
	for (size_t i = 0; !spec->root.direct && i < sizeof(files) / sizeof(files[0]); i++)
		if (files[i].text && !is_mounted(spec, files[i].target))
			plan->etc[plan->etc_count++] = files[i];
}

void plan_set_network(struct plan *plan, const struct spec *spec, const struct etc_network *net,
	struct arena *arena)
{
	plan_etc(spec, &(struct host_etc){.resolv = plan->host_resolv}, net, plan, arena);
}

bool plan_has_mounts(const struct spec *spec)
{
	return spec->ns.fresh & CLONE_NEWNS;
}

/* In a mount namespace of others nothing is mounted: it would be there for them, and stay. */
static int check_mount_namespace(const struct spec *spec, struct err *err)
{
	/* A process that enters a container makes no root. */
	if (plan_has_mounts(spec) || !spec->root.direct)
		return 0;
	if (!spec->mount_count && !spec->masked_count && !spec->readonly_count &&
		!spec->root.readonly)
		return 0;
	if (ns_paths_flags(&spec->ns) & CLONE_NEWNS)
		return err_set(err, "with a mount namespace by path the container can have no "
				    "mounts, masks or read-only paths: they would be made in it, "
				    "and stay there");
	return err_set(err, "the container has no mount namespace: its mounts, masks and "
			    "read-only paths would be the host's");
}

/* Offsets into the range. Far ids take places next to its end, which nobody uses but "nobody". */
static void plan_range(const struct namespaces *ns, struct plan *plan)
{
	enum { NOBODY = 65534, END = SPEC_IDS - FAR_IDS_MAX - 2 };

	plan->maps[plan->map_count++] = (struct id_map){0, 0, ns->far_id_count ? END : SPEC_IDS};
	if (!ns->far_id_count)
		return;
	plan->maps[plan->map_count++] = (struct id_map){NOBODY, NOBODY, 1};
	for (uint32_t i = 0; i < ns->far_id_count; i++)
		plan->maps[plan->map_count++] = (struct id_map){ns->far_ids[i], END + i, 1};
}

int plan_make(const struct spec *spec, const struct host_etc *host, struct plan *ret,
	struct arena *arena, struct err *err)
{
	*ret = (struct plan){.clone_flags = spec->ns.fresh};
	if (check_mount_namespace(spec, err) < 0 ||
		cgroup_plan(&spec->limits, &ret->cgroup, err) < 0)
		return -1;
	if ((spec->ns.fresh & CLONE_NEWUSER) && !spec->ns.uid_map_count)
		plan_range(&spec->ns, ret);
	plan_argv(spec, ret, arena);
	plan_env(spec, ret, arena);
	plan_etc(spec, host ? host : &(struct host_etc){0}, NULL, ret, arena);
	if (host && host->resolv)
		ret->host_resolv = arena_strdup(arena, host->resolv);
	return 0;
}

void plan_set_range(struct plan *plan, const struct spec *spec, unsigned range)
{
	const struct namespaces *ns = &spec->ns;

	if (plan->map_count) {
		for (size_t i = 0; i < plan->map_count; i++)
			plan->maps[i].outside = plan->maps[i].outside % SPEC_IDS +
						idmap_range_base(range);
		plan->ids = (struct id_maps){plan->maps, plan->maps, plan->map_count,
			plan->map_count};
	} else if (ns->fresh & CLONE_NEWUSER) {
		plan->ids = (struct id_maps){ns->uid_maps, ns->gid_maps, ns->uid_map_count,
			ns->gid_map_count};
	}
}

enum device_way plan_device(const struct spec *spec, const struct device *d, bool own_nodes)
{
	if (!plan_has_mounts(spec))
		return DEVICE_LEFT;
	if (strncmp(d->path, "/dev/", 5) != 0)
		return DEVICE_APART;
	for (size_t i = 0; i < spec->mount_count; i++) {
		const char *at = spec->mounts[i].target;

		if (spec->mounts[i].kind == MOUNT_DEV)
			return own_nodes ? DEVICE_IN_DEV : DEVICE_APART;
		if (strncmp(at, "/dev", 4) == 0 && strspn(at + 4, "/") == strlen(at + 4))
			return DEVICE_LEFT;
	}
	return DEVICE_APART;
}

enum ids_groups plan_groups(const struct process_spec *p)
{
	if (p->keep_groups)
		return IDS_GROUPS_KEEP;
	return rights_get() == RIGHTS_HOST ? IDS_GROUPS_SET : IDS_GROUPS_MAY_STAY;
}

bool plan_has_users(const struct spec *spec)
{
	return (spec->ns.fresh | ns_paths_flags(&spec->ns)) & CLONE_NEWUSER;
}

bool plan_delegates(const struct spec *spec, const struct id_maps *ids, uint32_t *ret_owner)
{
	const char *user = spec->process.user;
	bool writable = false;

	for (size_t i = 0; i < spec->mount_count; i++)
		if (spec->mounts[i].kind == MOUNT_CGROUP)
			writable = !(spec->mounts[i].attr_set & MOUNT_ATTR_RDONLY);
	return writable && (spec->ns.fresh & CLONE_NEWCGROUP) &&
	       id_map_find(ids->uids, ids->nuids, user ? (uint32_t)strtoul(user, NULL, 10) : 0,
		       ret_owner);
}

static const char *const kinds[] = {
	[MOUNT_BIND] = "bind",
	[MOUNT_TMPFS] = "tmpfs",
	[MOUNT_PROC] = "proc",
	[MOUNT_SYSFS] = "sysfs",
	[MOUNT_DEVPTS] = "devpts",
	[MOUNT_MQUEUE] = "mqueue",
	[MOUNT_CGROUP] = "cgroup2",
	[MOUNT_DEV] = "dev",
	[MOUNT_FS] = "fs",
};

static void print_mount(const struct mount *m, FILE *out)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} attrs[] = {
		{MOUNT_ATTR_RDONLY, "ro"},
		{MOUNT_ATTR_NOSUID, "nosuid"},
		{MOUNT_ATTR_NODEV, "nodev"},
		{MOUNT_ATTR_NOEXEC, "noexec"},
	};

	output_print(out, "mount     %s",
		m->volume ? "volume"
		: m->type ? m->type
			  : kinds[m->kind]);
	if (m->volume)
		output_print(out, " %s", m->anonymous ? "(its own)" : m->volume);
	else if (m->source)
		output_print(out, " %s", m->source);
	output_print(out, " -> %s", m->target);
	for (size_t i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++)
		if (m->attr_set & attrs[i].flag)
			output_print(out, " %s", attrs[i].name);
	output_print(out, "%s%s%s%s\n", m->recursive ? " recursive" : "", m->idmap ? " idmap" : "",
		m->data ? " " : "", m->data ? m->data : "");
}

static void print_process(const struct spec *spec, FILE *out)
{
	const struct process_spec *p = &spec->process;
	char caps[CAPS_TEXT_SIZE];

	output_print(out, "user      %s\n", *p->user ? p->user : "0");
	output_print(out, "cwd       %s\n", p->cwd);
	output_print(out, "caps      %s\n", caps_format(p->caps[CAPSET_BOUNDING], caps));
	output_print(out, "seccomp   %s\n", p->seccomp ? p->seccomp : "built-in");
	if (p->apparmor)
		output_print(out, "apparmor  %s\n", p->apparmor);
	if (p->selinux)
		output_print(out, "selinux   %s\n", p->selinux);
	output_print(out, "privs     %s\n", p->no_new_privs ? "no new" : "may grow");
	for (size_t i = 0; i < p->envc; i++)
		output_print(out, "env       %s\n", p->env[i]);
	fputs("exec     ", out);
	for (size_t i = 0; i < p->argc; i++)
		output_print(out, " %s", p->argv[i]);
	fputc('\n', out);
}

static void print_map(const char *what, const struct id_map *m, FILE *out)
{
	output_print(out, "%-10s%u..%u -> %u\n", what, m->inside, m->inside + m->count - 1,
		m->outside);
}

static void print_networks(const struct network_spec *n, FILE *out)
{
	char text[NETWORK_PORT_SIZE];

	if (n->container)
		output_print(out, "network   that of %s\n", n->container);
	for (size_t i = 0; i < n->attachment_count; i++) {
		const struct network_attachment *a = &n->attachments[i];

		output_print(out, "network   %s", a->network);
		for (size_t k = 0; k < a->address_count; k++)
			output_print(out, " %s", address_format(&a->addresses[k], text));
		output_print(out, "%s\n", a->address_count ? "" : " (an address that is free)");
	}
	for (size_t i = 0; i < n->port_count; i++)
		output_print(out, "publish   %s\n", network_port_format(&n->ports[i], text));
}

void plan_print(const struct spec *spec, const struct plan *plan, FILE *out)
{
	char names[64];

	output_print(out, "name      %s\n", spec->name);
	if (spec->cgroup)
		output_print(out, "group     %s%s\n", spec->cgroup,
			spec->systemd_cgroup ? " (a scope of systemd)" : "");
	for (size_t i = 0; i < plan->cgroup.count; i++)
		output_print(out, "cgroup    %s = %s%s\n", plan->cgroup.writes[i].file,
			plan->cgroup.writes[i].value,
			!plan->cgroup.writes[i].optional ? ""
			: strcmp(plan->cgroup.writes[i].file, "pids.max") == 0
				? " (else RLIMIT_NPROC)"
				: " (where the host can)");
	output_print(out, "clone     %s\n", ns_format(plan->clone_flags, names));
	for (size_t i = 0; i < spec->ns.path_count; i++)
		output_print(out, "join      %s %s\n", ns_format(spec->ns.paths[i].flag, names),
			spec->ns.paths[i].path);
	print_networks(&spec->network, out);
	for (size_t i = 0; i < spec->ns.uid_map_count; i++)
		print_map("uids", &spec->ns.uid_maps[i], out);
	for (size_t i = 0; i < spec->ns.gid_map_count; i++)
		print_map("gids", &spec->ns.gid_maps[i], out);
	if (plan->map_count)
		output_print(out, "ids       0..%u -> a free range of %u\n",
			plan->maps[0].count - 1, SPEC_IDS);
	for (size_t i = 1; i < plan->map_count; i++)
		output_print(out, "ids       %u -> in that range\n", plan->maps[i].inside);
	for (size_t i = 0; i < spec->root.layer_count; i++)
		output_print(out, "layer     %s\n", spec->root.layers[i]);
	if (spec->root.dir && !spec->root.direct)
		output_print(out, "layer     %s\n", spec->root.dir);
	output_print(out, "%s   / %s\n", spec->root.direct ? spec->root.dir : "overlay",
		spec->root.readonly ? "ro" : "rw");
	for (size_t i = 0; i < spec->mount_count; i++)
		print_mount(&spec->mounts[i], out);
	for (size_t i = 0; i < plan->etc_count; i++)
		output_print(out, "write     %s\n", plan->etc[i].target);
	for (size_t i = 0; i < spec->masked_count; i++)
		output_print(out, "mask      %s\n", spec->masked[i]);
	for (size_t i = 0; i < spec->readonly_count; i++)
		output_print(out, "readonly  %s\n", spec->readonly_paths[i]);
	for (size_t i = 0; i < spec->sysctl_count; i++)
		output_print(out, "sysctl    %s = %s\n", spec->sysctls[i].key,
			spec->sysctls[i].value);
	if (spec->hostname)
		output_print(out, "hostname  %s\n", spec->hostname);
	print_process(spec, out);
}
