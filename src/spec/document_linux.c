#include "spec/document.h"

#include "spec/sysctlname.h"

#include <linux/mempolicy.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>

/* WEIGHTED_INTERLEAVE is Linux 6.9's: its header need not know it. */
enum { WEIGHTED_INTERLEAVE = 6 };

/* A path below the tree, or "SLICE:PREFIX:NAME" for systemd. */
static const char *cgroup_check(const char *s)
{
	return strlen(s) < 4096 ? NULL : "a path";
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

static const char *path_size(const char *s)
{
	return strlen(s) < 4095 ? NULL : "a path";
}

const struct field document_linux_fields[] = {
	{"namespaces", FIELD_ARRAY, FIELD_ALWAYS, AT(document, namespaces),
		N(document, namespace_count), EACH(document_namespace, document_namespace_fields)},
	{"uidMappings", FIELD_ARRAY, 0, AT(document, spec.ns.uid_maps),
		N(document, spec.ns.uid_map_count), EACH(id_map, document_id_map_fields)},
	{"gidMappings", FIELD_ARRAY, 0, AT(document, spec.ns.gid_maps),
		N(document, spec.ns.gid_map_count), EACH(id_map, document_id_map_fields)},
	{"timeOffsets", FIELD_OBJECT, 0, .fields = document_time_fields},
	{"devices", FIELD_ARRAY, 0, AT(document, devices), N(document, device_count),
		EACH(document_device, document_device_fields)},
	{"resources", FIELD_OBJECT, 0, .fields = document_resource_fields},
	{"sysctl", FIELD_PAIRS, 0, AT(document, sysctls), N(document, sysctl_count)},
	{"cgroupsPath", FIELD_STRING, FIELD_FILLED, AT(document, spec.cgroup),
		.check = cgroup_check},
	{"rootfsPropagation", FIELD_STRING, FIELD_FILLED, AT(document, propagation)},
	{"seccomp", FIELD_JSON, 0, AT(document, seccomp_object)},
	{"mountLabel", FIELD_STRING, FIELD_FILLED, AT(document, spec.mount_label),
		.check = document_label},
	{"personality", FIELD_OBJECT, 0, .fields = execution_domain},
	{"memoryPolicy", FIELD_OBJECT, 0, .fields = memory_policy},
	{"netDevices", FIELD_MAP, 0, AT(document, spec.net_devices),
		N(document, spec.net_device_count), EACH(net_device, document_net_device_fields),
		.key = offsetof(struct net_device, name), .check = document_interface_check},
	{"intelRdt", FIELD_OBJECT, FIELD_ALWAYS | FIELD_PRESENT,
		.count = offsetof(struct document, spec.intel_rdt.set),
		.fields = document_rdt_fields},
	{"maskedPaths", FIELD_STRINGS, 0, AT(document, spec.masked), N(document, spec.masked_count),
		.check = path_size},
	{"readonlyPaths", FIELD_STRINGS, 0, AT(document, spec.readonly_paths),
		N(document, spec.readonly_count), .check = path_size},
	{NULL},
};

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
	uint64_t alone = document_namespaces_all(&d->spec.ns);
	struct err refused;

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

int document_linux_read(struct walk *w, struct document *d)
{
	if (document_namespaces_read(w, d) < 0 || document_devices_read(w, d) < 0 ||
		document_resources_read(w, d, "linux.resources") < 0 || sysctls_read(w, d) < 0 ||
		root_propagation_read(w, d) < 0 || document_seccomp_read(w, d) < 0 ||
		personality_read(w, d) < 0 || memory_policy_read(w, d) < 0 ||
		document_rdt_read(w, d) < 0)
		return -1;
	mount_label_read(w, d);
	if (paths_read(w, "linux.maskedPaths", d->spec.masked, &d->spec.masked_count) < 0 ||
		paths_read(w, "linux.readonlyPaths", d->spec.readonly_paths,
			&d->spec.readonly_count) < 0)
		return -1;
	if (d->spec.cgroup)
		d->spec.cgroup = cgroup_clean(w, d->spec.cgroup);
	return 0;
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

	document_namespaces_write(w, d);
	document_devices_write(w, d);
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
