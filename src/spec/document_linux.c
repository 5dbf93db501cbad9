#include "spec/document.h"

#include "spec/limitflag.h"
#include "spec/maclabel.h"
#include "spec/sysctlname.h"

#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>

/* WEIGHTED_INTERLEAVE is Linux 6.9's: its header need not know it. */
enum { ID_MAPS_MAX = 340, WEIGHTED_INTERLEAVE = 6 };

/* A path below the tree, or "SLICE:PREFIX:NAME" for systemd. */
static const char *cgroup_check(const char *s)
{
	return strlen(s) < 4096 ? NULL : "a path";
}

static const struct field namespace[] = {
	{"type", FIELD_STRING, FIELD_REQUIRED, AT(document_namespace, type)},
	{"path", FIELD_STRING, FIELD_FILLED, AT(document_namespace, path), .check = document_path},
	{NULL},
};

const struct field document_id_map_fields[] = {
	{"containerID", FIELD_ID, FIELD_REQUIRED | FIELD_ALWAYS, AT(id_map, inside)},
	{"hostID", FIELD_ID, FIELD_REQUIRED | FIELD_ALWAYS, AT(id_map, outside)},
	{"size", FIELD_U32, FIELD_REQUIRED, AT(id_map, count), .min = 1, .max = UINT32_MAX},
	{NULL},
};

static const struct field boottime[] = {
	{"secs", FIELD_I64, 0, AT(document, spec.ns.boot_offset_s)},
	{"nanosecs", FIELD_U32, 0, AT(document, spec.ns.boot_offset_ns), .max = 999999999},
	{NULL},
};
static const struct field monotonic[] = {
	{"secs", FIELD_I64, 0, AT(document, spec.ns.monotonic_offset_s)},
	{"nanosecs", FIELD_U32, 0, AT(document, spec.ns.monotonic_offset_ns), .max = 999999999},
	{NULL},
};
static const struct field time_offsets[] = {
	{"boottime", FIELD_OBJECT, .fields = boottime},
	{"monotonic", FIELD_OBJECT, .fields = monotonic},
	{NULL},
};

static const struct field device[] = {
	{"path", FIELD_STRING, FIELD_REQUIRED, AT(document_device, path), .check = document_path},
	{"type", FIELD_STRING, FIELD_REQUIRED, AT(document_device, type)},
	{"major", FIELD_U32, FIELD_PRESENT, AT(document_device, major),
		N(document_device, has_major), .max = 4095},
	{"minor", FIELD_U32, FIELD_PRESENT, AT(document_device, minor),
		N(document_device, has_minor), .max = 1048575},
	{"fileMode", FIELD_U32, FIELD_PRESENT, AT(document_device, mode),
		N(document_device, has_mode), .max = 0177777},
	{"uid", FIELD_ID, FIELD_ALWAYS, AT(document_device, uid)},
	{"gid", FIELD_ID, FIELD_ALWAYS, AT(document_device, gid)},
	{NULL},
};

static const char *label_check(const char *s)
{
	struct err ignored;

	return selinux_check("", s, &ignored) == 0 ? NULL : "user:role:type[:level]";
}

static const struct field execution_domain[] = {
	{"domain", FIELD_STRING, FIELD_REQUIRED, AT(document, domain)},
	{"flags", FIELD_STRINGS, 0, AT(document, domain_flags), N(document, domain_flag_count)},
	{NULL},
};

static const struct field memory_policy[] = {
	{"mode", FIELD_STRING, FIELD_REQUIRED, AT(document, memory_mode)},
	{"nodes", FIELD_STRING, FIELD_FILLED, AT(document, spec.process.memory_policy.nodes)},
	{"flags", FIELD_STRINGS, 0, AT(document, memory_flags), N(document, memory_flag_count)},
	{NULL},
};

/* As the kernel's dev_valid_name(). */
static const char *interface_check(const char *s)
{
	return *s && strlen(s) < IFNAMSIZ && strcmp(s, ".") && strcmp(s, "..") &&
			       !strpbrk(s, "/: \t\n\v\f\r%")
		       ? NULL
		       : "the name of a network interface";
}

static const struct field net_device[] = {
	{"name", FIELD_STRING, FIELD_FILLED, AT(net_device, inside), .check = interface_check},
	{NULL},
};

static const char *path_size(const char *s)
{
	return strlen(s) < 4095 ? NULL : "a path";
}

const struct field document_linux_fields[] = {
	{"namespaces", FIELD_ARRAY, FIELD_ALWAYS, AT(document, namespaces),
		N(document, namespace_count), EACH(document_namespace, namespace)},
	{"uidMappings", FIELD_ARRAY, 0, AT(document, spec.ns.uid_maps),
		N(document, spec.ns.uid_map_count), EACH(id_map, document_id_map_fields)},
	{"gidMappings", FIELD_ARRAY, 0, AT(document, spec.ns.gid_maps),
		N(document, spec.ns.gid_map_count), EACH(id_map, document_id_map_fields)},
	{"timeOffsets", FIELD_OBJECT, 0, .fields = time_offsets},
	{"devices", FIELD_ARRAY, 0, AT(document, devices), N(document, device_count),
		EACH(document_device, device)},
	{"resources", FIELD_OBJECT, 0, .fields = document_resource_fields},
	{"sysctl", FIELD_PAIRS, 0, AT(document, sysctls), N(document, sysctl_count)},
	{"cgroupsPath", FIELD_STRING, FIELD_FILLED, AT(document, spec.cgroup),
		.check = cgroup_check},
	{"rootfsPropagation", FIELD_STRING, FIELD_FILLED, AT(document, propagation)},
	{"seccomp", FIELD_JSON, 0, AT(document, seccomp_object)},
	{"mountLabel", FIELD_STRING, FIELD_FILLED, AT(document, spec.mount_label),
		.check = label_check},
	{"personality", FIELD_OBJECT, 0, .fields = execution_domain},
	{"memoryPolicy", FIELD_OBJECT, 0, .fields = memory_policy},
	{"netDevices", FIELD_MAP, 0, AT(document, spec.net_devices),
		N(document, spec.net_device_count), EACH(net_device, net_device),
		.key = offsetof(struct net_device, name), .check = interface_check},
	{"intelRdt", FIELD_OBJECT, FIELD_ALWAYS | FIELD_PRESENT,
		.count = offsetof(struct document, spec.intel_rdt.set),
		.fields = document_rdt_fields},
	{"maskedPaths", FIELD_STRINGS, 0, AT(document, spec.masked), N(document, spec.masked_count),
		.check = path_size},
	{"readonlyPaths", FIELD_STRINGS, 0, AT(document, spec.readonly_paths),
		N(document, spec.readonly_count), .check = path_size},
	{NULL},
};

static const struct word namespaces[] = {
	{"pid", CLONE_NEWPID},
	{"network", CLONE_NEWNET},
	{"ipc", CLONE_NEWIPC},
	{"uts", CLONE_NEWUTS},
	{"mount", CLONE_NEWNS},
	{"user", CLONE_NEWUSER},
	{"cgroup", CLONE_NEWCGROUP},
	{"time", CLONE_NEWTIME},
	{NULL},
};

static uint64_t namespaces_all(const struct namespaces *ns)
{
	uint64_t flags = ns->fresh;

	for (size_t i = 0; i < ns->path_count; i++)
		flags |= ns->paths[i].flag;
	return flags;
}

static int namespace_read(struct walk *w, const struct document_namespace *from,
	struct namespaces *ns)
{
	const struct word *type = word_find(namespaces, from->type);

	if (!type)
		return walk_fail(w, "\"%.80s\" is not a namespace", from->type);
	if (namespaces_all(ns) & type->value)
		return walk_fail(w, "\"%s\" is there twice", from->type);
	if (from->path)
		arena_push(w->arena, ns->paths, ns->path_count,
			((struct ns_path){type->value, from->path}));
	else
		ns->fresh |= type->value;
	return 0;
}

static int namespaces_read(struct walk *w, struct document *d)
{
	size_t here = walk_enter(w, "linux.namespaces", 0);

	for (size_t i = 0; i < d->namespace_count; i++) {
		size_t list = walk_enter(w, NULL, i);

		if (namespace_read(w, &d->namespaces[i], &d->spec.ns) < 0)
			return -1;
		walk_leave(w, list);
	}
	walk_leave(w, here);
	return 0;
}

/* What peers do not look at where it means nothing. */
static int unused(struct walk *w, const char *needs)
{
	if (!w->lenient)
		return walk_fail(w, "%s", needs);
	walk_warn(w, "is ignored: it %s", needs);
	return 0;
}

static bool ranges_meet(uint64_t a, uint64_t b, uint64_t an, uint64_t bn)
{
	return a < b + bn && b < a + an;
}

int document_maps_check(struct walk *w, const char *name, const struct id_map *maps, size_t n)
{
	size_t here = walk_enter(w, name, 0);

	if (n > ID_MAPS_MAX)
		return walk_fail(w, "has more than %d ranges", ID_MAPS_MAX);
	for (size_t i = 0; i < n; i++) {
		const struct id_map *m = &maps[i];
		if ((uint64_t)m->inside + m->count > UINT32_MAX ||
			(uint64_t)m->outside + m->count > UINT32_MAX)
			return walk_fail(w, "[%zu] goes beyond the last id", i);
		for (size_t k = 0; k < i; k++)
			if (ranges_meet(m->inside, maps[k].inside, m->count, maps[k].count) ||
				ranges_meet(m->outside, maps[k].outside, m->count, maps[k].count))
				return walk_fail(w, "[%zu] overlaps [%zu]", i, k);
	}
	walk_leave(w, here);
	return 0;
}

/* Beside the path of a user namespace that is there the maps are what it has already. */
static int maps_read(struct walk *w, struct namespaces *ns)
{
	bool user = namespaces_all(ns) & CLONE_NEWUSER;

	if (!user && (ns->uid_map_count || ns->gid_map_count)) {
		size_t here = walk_enter(w,
			ns->uid_map_count ? "linux.uidMappings" : "linux.gidMappings", 0);
		if (unused(w, "needs a namespace of type \"user\"") < 0)
			return -1;
		ns->uid_map_count = ns->gid_map_count = 0;
		walk_leave(w, here);
	}
	if (document_maps_check(w, "linux.uidMappings", ns->uid_maps, ns->uid_map_count) < 0)
		return -1;
	return document_maps_check(w, "linux.gidMappings", ns->gid_maps, ns->gid_map_count);
}

static int time_check(struct walk *w, struct namespaces *ns)
{
	size_t here;
	bool offset = ns->boot_offset_s || ns->boot_offset_ns || ns->monotonic_offset_s ||
		      ns->monotonic_offset_ns;

	if (!offset || (ns->fresh & CLONE_NEWTIME))
		return 0;
	here = walk_enter(w, "linux.timeOffsets", 0);
	if (unused(w, "needs a new namespace of type \"time\"") < 0)
		return -1;
	ns->boot_offset_s = ns->monotonic_offset_s = 0;
	ns->boot_offset_ns = ns->monotonic_offset_ns = 0;
	walk_leave(w, here);
	return 0;
}

static mode_t device_format(char type)
{
	return type == 'c' ? S_IFCHR : type == 'b' ? S_IFBLK : S_IFIFO;
}

static int device_read(struct walk *w, const struct document_device *from, struct device *to)
{
	char type = from->type[0] == 'u' ? 'c' : from->type[0];
	mode_t format = from->mode & S_IFMT;

	if (strlen(from->type) != 1 || !strchr("cbp", type))
		return walk_fail(w, "type: \"%.80s\" must be \"b\", \"c\", \"u\" or \"p\"",
			from->type);
	if (type != 'p' && !(from->has_major && from->has_minor)) {
		const char *what = from->has_major ? "minor" : "major";
		if (!w->lenient)
			return walk_fail(w, "%s: is missing", what);
		walk_warn(w, "%s: is missing, and taken as 0", what);
	}
	if (format && format != device_format(type))
		return walk_fail(w, "fileMode: is that of something else");
	*to = (struct device){
		.type = type,
		.major = type == 'p' ? 0 : from->major,
		.minor = type == 'p' ? 0 : from->minor,
		.mode = from->has_mode ? from->mode & 07777 : 0666,
		.uid = from->uid,
		.gid = from->gid,
		.path = document_clean_path(w, from->path),
		.access = "",
	};
	return 0;
}

/* Engines name one twice where the user has. */
static int device_add(struct walk *w, struct spec *s, const struct device *d)
{
	for (size_t i = 0; i < s->device_count; i++) {
		const struct device *there = &s->devices[i];

		if (strcmp(there->path, d->path))
			continue;
		if (there->type == d->type && there->major == d->major && there->minor == d->minor)
			return 0;
		if (!w->lenient)
			return walk_fail(w, "%s is there already, as another device", d->path);
		walk_warn(w, "%s is there already, as another device, and stays that", d->path);
		return 0;
	}
	arena_push(w->arena, s->devices, s->device_count, *d);
	return 0;
}

static int devices_read(struct walk *w, struct document *d)
{
	size_t here = walk_enter(w, "linux.devices", 0);

	for (size_t i = 0; i < d->device_count; i++) {
		size_t list = walk_enter(w, NULL, i);
		struct device to;

		if (device_read(w, &d->devices[i], &to) < 0 || device_add(w, &d->spec, &to) < 0)
			return -1;
		walk_leave(w, list);
	}
	walk_leave(w, here);
	return 0;
}

/* As it is written into the file: a newline behind it changes nothing. NULL: nor does the rest. */
static const char *sysctl_value(struct walk *w, const struct key_value *kv)
{
	size_t len = strlen(kv->value);

	if (!w->lenient)
		return kv->value;
	if (len && kv->value[len - 1] == '\n')
		len--;
	if (len)
		return arena_strndup(w->arena, kv->value, len);
	walk_warn(w, "%.80s: an empty value changes nothing", kv->key);
	return NULL;
}

static int sysctls_read(struct walk *w, struct document *d)
{
	size_t here = walk_enter(w, "linux.sysctl", 0);
	const char *what = arena_printf(w->arena, "%s: %s", w->what, w->path);
	uint64_t alone = d->spec.ns.fresh;
	struct err refused;

	for (size_t i = 0; i < d->spec.ns.path_count; i++)
		alone |= d->spec.ns.paths[i].flag;
	for (size_t i = 0; i < d->sysctl_count; i++) {
		const struct key_value *kv = &d->sysctls[i];
		const char *value = sysctl_value(w, kv);

		if (strchr(kv->key, '='))
			return walk_fail(w, "\"%.80s\" is not the name of a sysctl", kv->key);
		if (!value)
			continue;
		if (sysctl_flag(&d->spec, what, arena_printf(w->arena, "%s=%s", kv->key, value),
			    w->err) < 0)
			return -1;
		if (w->lenient && sysctl_check("sysctl", kv->key, alone, &refused) < 0)
			return walk_fail(w, "%s", refused.text);
	}
	for (size_t i = 0; d->spec.domainname && i < d->spec.sysctl_count; i++)
		if (!strcmp(d->spec.sysctls[i].key, "kernel.domainname"))
			return walk_fail(w, "kernel.domainname is set by domainname already");
	walk_leave(w, here);
	return 0;
}

static const struct word propagations[] = {
	{"private", MS_PRIVATE},
	{"rprivate", MS_PRIVATE | MS_REC},
	{"shared", MS_SHARED},
	{"rshared", MS_SHARED | MS_REC},
	{"slave", MS_SLAVE},
	{"rslave", MS_SLAVE | MS_REC},
	{"unbindable", MS_UNBINDABLE},
	{"runbindable", MS_UNBINDABLE | MS_REC},
	{NULL},
};

uint64_t document_propagation(const char *name)
{
	const struct word *p = word_find(propagations, name);

	return p ? p->value : 0;
}

const char *document_propagation_name(uint64_t flags)
{
	return word_name(propagations, flags);
}

static void mount_label_read(struct walk *w, const struct document *d)
{
	size_t here = walk_enter(w, "linux.mountLabel", 0);

	if (d->spec.mount_label)
		walk_warn(w, "is not set: new file systems have the label that the policy gives");
	walk_leave(w, here);
}

static int root_propagation_read(struct walk *w, struct document *d)
{
	size_t here = walk_enter(w, "linux.rootfsPropagation", 0);

	if (d->propagation) {
		d->spec.root.propagation = document_propagation(d->propagation);
		if (!d->spec.root.propagation)
			return walk_fail(w, "\"%.80s\" is not a propagation", d->propagation);
	}
	walk_leave(w, here);
	return 0;
}

static int personality_read(struct walk *w, struct document *d)
{
	size_t here = walk_enter(w, "linux.personality", 0);

	if (!d->domain)
		return walk_leave(w, here), 0;
	if (d->domain_flag_count && !w->lenient)
		return walk_fail(w, "flags: there are none");
	if (d->domain_flag_count)
		walk_warn(w, "flags: there are none, and these are ignored");
	if (strcmp(d->domain, "LINUX") && strcmp(d->domain, "LINUX32"))
		return walk_fail(w, "domain: \"%.80s\" must be \"LINUX\" or \"LINUX32\"",
			d->domain);
	d->spec.process.personality = d->domain[5] ? PER_LINUX32 : PER_LINUX;
	d->spec.process.personality_set = true;
	walk_leave(w, here);
	return 0;
}

const struct word document_memory_modes[] = {
	{"MPOL_DEFAULT", MPOL_DEFAULT},
	{"MPOL_BIND", MPOL_BIND},
	{"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
	{"MPOL_WEIGHTED_INTERLEAVE", WEIGHTED_INTERLEAVE},
	{"MPOL_PREFERRED", MPOL_PREFERRED},
	{"MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY},
	{"MPOL_LOCAL", MPOL_LOCAL},
	{NULL},
};

const struct word document_memory_flags[] = {
	{"MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING},
	{"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
	{"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
	{NULL},
};

static int memory_flags_read(struct walk *w, const struct document *d, int *mode)
{
	for (size_t i = 0; i < d->memory_flag_count; i++) {
		const struct word *f = word_find(document_memory_flags, d->memory_flags[i]);
		if (!f)
			return walk_fail(w, "flags: \"%.80s\" is not a flag of memory",
				d->memory_flags[i]);
		*mode |= (int)f->value;
	}
	return 0;
}

static int memory_policy_read(struct walk *w, struct document *d)
{
	struct memory_policy *p = &d->spec.process.memory_policy;
	size_t here = walk_enter(w, "linux.memoryPolicy", 0);
	const struct word *mode;
	bool bare;

	if (document_list_read(w, "nodes", &p->nodes) < 0)
		return -1;
	if (!d->memory_mode)
		return walk_leave(w, here), 0;
	mode = word_find(document_memory_modes, d->memory_mode);
	if (!mode)
		return walk_fail(w, "mode: \"%.80s\" is not a policy", d->memory_mode);
	bare = mode->value == MPOL_DEFAULT || mode->value == MPOL_LOCAL;
	if (bare && p->nodes)
		return walk_fail(w, "nodes: %s takes none", mode->name);
	if (!bare && mode->value != MPOL_PREFERRED && !p->nodes)
		return walk_fail(w, "nodes: %s needs some", mode->name);
	p->mode = (int)mode->value;
	p->set = true;
	if (memory_flags_read(w, d, &p->mode) < 0)
		return -1;
	walk_leave(w, here);
	return 0;
}

static const char *inside_name(const struct net_device *n)
{
	return n->inside ? n->inside : n->name;
}

static int net_devices_check(struct walk *w, const struct spec *s)
{
	size_t here = walk_enter(w, "linux.netDevices", 0);

	if (s->net_device_count && !(namespaces_all(&s->ns) & CLONE_NEWNET))
		return walk_fail(w, "needs a namespace of type \"network\"");
	for (size_t i = 0; i < s->net_device_count; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(inside_name(&s->net_devices[i]),
				    inside_name(&s->net_devices[k])))
				return walk_fail(w, "two are called \"%s\" in the container",
					inside_name(&s->net_devices[i]));
	walk_leave(w, here);
	return 0;
}

/* A name in a namespace of the host would be the host's. */
static int names_check(struct walk *w, const struct spec *s)
{
	const char *name = s->hostname ? "hostname" : s->domainname ? "domainname" : NULL;

	if (!name || (namespaces_all(&s->ns) & CLONE_NEWUTS))
		return 0;
	walk_enter(w, name, 0);
	return walk_fail(w, "needs a namespace of type \"uts\"");
}

/* As if the root were the directory that a relative one starts from; one without a name is none. */
static int paths_read(struct walk *w, const char *name, const char **paths, size_t *count)
{
	size_t here = walk_enter(w, name, 0), kept = 0;

	for (size_t i = 0; i < *count; i++) {
		size_t list = walk_enter(w, NULL, i);

		if (paths[i][0] != '/' && !w->lenient)
			return walk_fail(w, "\"%.80s\" must be an absolute path", paths[i]);
		if (paths[i][0] != '/')
			walk_warn(w, "\"%.80s\" should be an absolute path", paths[i]);
		if (paths[i][0] == '/')
			paths[kept++] = paths[i];
		else if (paths[i][0])
			paths[kept++] = arena_printf(w->arena, "/%s", paths[i]);
		walk_leave(w, list);
	}
	*count = kept;
	walk_leave(w, here);
	return 0;
}

/* Without "." and "..", which lead no further than to the top of the tree. */
static const char *cgroup_clean(struct walk *w, const char *path)
{
	char *clean = arena_strdup(w->arena, path);
	size_t len = 0;

	if (!strstr(path, "/.") && path[0] != '.')
		return path;
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");

		if (n == 2 && !strncmp(p, "..", 2))
			while (len > 0 && clean[--len] != '/')
				;
		else if (n > 0 && !(n == 1 && *p == '.'))
			len += (size_t)sprintf(clean + len, "%s%.*s",
				len || *path == '/' ? "/" : "", (int)n, p);
		p += n + (p[n] == '/');
	}
	clean[len] = '\0';
	return len ? clean : "/";
}

int document_linux_read(struct walk *w, struct document *d, enum config_origin origin)
{
	if (namespaces_read(w, d) < 0 || maps_read(w, &d->spec.ns) < 0 ||
		time_check(w, &d->spec.ns) < 0 || devices_read(w, d) < 0 ||
		document_resources_read(w, d, "linux.resources", origin) < 0 ||
		sysctls_read(w, d) < 0 || root_propagation_read(w, d) < 0 ||
		document_seccomp_read(w, d) < 0 || personality_read(w, d) < 0 ||
		memory_policy_read(w, d) < 0 || net_devices_check(w, &d->spec) < 0 ||
		document_rdt_read(w, d) < 0)
		return -1;
	mount_label_read(w, d);
	if (paths_read(w, "linux.maskedPaths", d->spec.masked, &d->spec.masked_count) < 0 ||
		paths_read(w, "linux.readonlyPaths", d->spec.readonly_paths,
			&d->spec.readonly_count) < 0)
		return -1;
	if (d->spec.cgroup)
		d->spec.cgroup = cgroup_clean(w, d->spec.cgroup);
	return origin == CONFIG_ENGINE ? names_check(w, &d->spec) : 0;
}

static void namespaces_write(struct walk *w, struct document *d)
{
	const struct namespaces *ns = &d->spec.ns;

	for (const struct word *type = namespaces; type->name; type++) {
		struct document_namespace to = {type->name, NULL};

		for (size_t i = 0; i < ns->path_count; i++)
			if (ns->paths[i].flag == type->value)
				to.path = ns->paths[i].path;
		if (to.path || (ns->fresh & type->value))
			arena_push(w->arena, d->namespaces, d->namespace_count, to);
	}
}

static void devices_write(struct walk *w, struct document *d)
{
	for (size_t i = 0; i < d->spec.device_count; i++) {
		const struct device *from = &d->spec.devices[i];
		struct document_device to = {
			.path = from->path,
			.type = from->type == 'b'   ? "b"
				: from->type == 'p' ? "p"
						    : "c",
			.major = from->major,
			.minor = from->minor,
			.mode = from->mode & 07777,
			.uid = from->uid,
			.gid = from->gid,
			.has_major = from->type != 'p',
			.has_minor = from->type != 'p',
			.has_mode = true,
		};
		arena_push(w->arena, d->devices, d->device_count, to);
	}
}

static void memory_policy_write(struct walk *w, struct document *d)
{
	const struct memory_policy *p = &d->spec.process.memory_policy;
	uint64_t mode = (unsigned)p->mode;

	if (!p->set)
		return;
	for (const struct word *f = document_memory_flags; f->name; f++)
		if (mode & f->value) {
			mode &= ~f->value;
			arena_push(w->arena, d->memory_flags, d->memory_flag_count, f->name);
		}
	d->memory_mode = word_name(document_memory_modes, mode);
}

int document_linux_write(struct walk *w, struct document *d)
{
	const struct process_spec *p = &d->spec.process;

	namespaces_write(w, d);
	devices_write(w, d);
	memory_policy_write(w, d);
	d->sysctls = d->spec.sysctls;
	d->sysctl_count = d->spec.sysctl_count;
	d->propagation = document_propagation_name(d->spec.root.propagation);
	if (p->personality_set)
		d->domain = p->personality == PER_LINUX32 ? "LINUX32" : "LINUX";
	if (document_resources_write(w, d) < 0)
		return -1;
	return document_seccomp_write(w, d);
}
