#include "spec/document.h"

#include <linux/sched.h>
#include <net/if.h>
#include <string.h>

enum { ID_MAPS_MAX = 340 };

const struct field document_id_map_fields[] = {
	{"containerID", FIELD_ID, FIELD_REQUIRED | FIELD_ALWAYS, AT(id_map, inside)},
	{"hostID", FIELD_ID, FIELD_REQUIRED | FIELD_ALWAYS, AT(id_map, outside)},
	{"size", FIELD_U32, FIELD_REQUIRED, AT(id_map, count), .min = 1, .max = UINT32_MAX},
	{NULL},
};

const struct field document_namespace_fields[] = {
	{"type", FIELD_STRING, FIELD_REQUIRED, AT(document_namespace, type)},
	{"path", FIELD_STRING, FIELD_FILLED, AT(document_namespace, path), .check = document_path},
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
const struct field document_time_fields[] = {
	{"boottime", FIELD_OBJECT, .fields = boottime},
	{"monotonic", FIELD_OBJECT, .fields = monotonic},
	{NULL},
};

/* As the kernel's dev_valid_name(). */
const char *document_interface_check(const char *s)
{
	return *s && strlen(s) < IFNAMSIZ && strcmp(s, ".") && strcmp(s, "..") &&
			       !strpbrk(s, "/: \t\n\v\f\r%")
		       ? NULL
		       : "the name of a network interface";
}

const struct field document_net_device_fields[] = {
	{"name", FIELD_STRING, FIELD_FILLED, AT(net_device, inside),
		.check = document_interface_check},
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

uint64_t document_namespaces_all(const struct namespaces *ns)
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
	if (document_namespaces_all(ns) & type->value)
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
	bool user = document_namespaces_all(ns) & CLONE_NEWUSER;

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

static const char *inside_name(const struct net_device *n)
{
	return n->inside ? n->inside : n->name;
}

static int net_devices_check(struct walk *w, const struct spec *s)
{
	size_t here = walk_enter(w, "linux.netDevices", 0);

	if (s->net_device_count && !(document_namespaces_all(&s->ns) & CLONE_NEWNET))
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

	if (!name || (document_namespaces_all(&s->ns) & CLONE_NEWUTS))
		return 0;
	return walk_fail_in(w, name, "needs a namespace of type \"uts\"");
}

int document_namespaces_read(struct walk *w, struct document *d)
{
	struct spec *s = &d->spec;

	if (namespaces_read(w, d) < 0 || maps_read(w, &s->ns) < 0 || time_check(w, &s->ns) < 0 ||
		net_devices_check(w, s) < 0)
		return -1;
	return w->lenient ? names_check(w, s) : 0;
}

void document_namespaces_write(struct walk *w, struct document *d)
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
