#include "spec/config.h"

#include "base/fd.h"
#include "base/num.h"
#include "spec/capname.h"
#include "spec/document.h"
#include "spec/maclabel.h"
#include "spec/sysctlname.h"

#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

enum { PATH_SIZE = 4096, HOST_SIZE = 64, ID_MAPS_MAX = 340 };

#define OCI_VERSION "1.2.0"
#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))

const char *document_path(const char *s)
{
	return s[0] == '/' && strlen(s) < PATH_SIZE ? NULL : "an absolute path";
}

static const char *version_check(const char *s)
{
	return strncmp(s, "1.", 2) == 0 && strspn(s + 2, "0123456789") > 0 ? NULL : "version 1";
}

static const char *nonempty_check(const char *s)
{
	return *s ? NULL : "at least one character";
}

static const char *hostname_size(const char *s)
{
	return *s && strlen(s) <= HOST_SIZE ? NULL : "1 to 64 bytes";
}

static const struct field root[] = {
	{"path", FIELD_STRING, FIELD_REQUIRED, AT(document, root), .check = nonempty_check},
	{"readonly", FIELD_BOOL, 0, AT(document, spec.root.readonly)},
	{NULL},
};

static const struct field user[] = {
	{"uid", FIELD_ID, FIELD_REQUIRED | FIELD_ALWAYS, AT(document, uid)},
	{"gid", FIELD_ID, FIELD_REQUIRED | FIELD_ALWAYS, AT(document, gid)},
	{"umask", FIELD_U32, FIELD_ALWAYS, AT(document, spec.process.umask), .max = 0777},
	{"additionalGids", FIELD_IDS, 0, AT(document, gids), N(document, gid_count)},
	{NULL},
};

#define CAPS(name, set)                                                                            \
	{                                                                                          \
		name, FIELD_STRINGS, FIELD_ALWAYS, AT(document, caps[set].names),                  \
			N(document, caps[set].count)                                               \
	}

/* Empty, as some engines write it, is none. */
static const char *profile_check(const char *s)
{
	struct err ignored;

	return !*s || apparmor_check("", s, &ignored) == 0 ? NULL : "the name of a profile";
}

static const char *label_check(const char *s)
{
	struct err ignored;

	return !*s || selinux_check("", s, &ignored) == 0 ? NULL : "user:role:type[:level]";
}

static const char *unless_empty(const char *s)
{
	return s && *s ? s : NULL;
}

static const struct field capabilities[] = {
	CAPS("bounding", CAPSET_BOUNDING),
	CAPS("effective", CAPSET_EFFECTIVE),
	CAPS("permitted", CAPSET_PERMITTED),
	CAPS("inheritable", CAPSET_INHERITABLE),
	CAPS("ambient", CAPSET_AMBIENT),
	{NULL},
};
static const char *const capset_names[CAPSETS] = {
	[CAPSET_BOUNDING] = "bounding",
	[CAPSET_EFFECTIVE] = "effective",
	[CAPSET_PERMITTED] = "permitted",
	[CAPSET_INHERITABLE] = "inheritable",
	[CAPSET_AMBIENT] = "ambient",
};

static const struct field rlimit[] = {
	{"type", FIELD_STRING, FIELD_REQUIRED, AT(document_rlimit, type)},
	{"hard", FIELD_U64, FIELD_REQUIRED | FIELD_ALWAYS, AT(document_rlimit, hard)},
	{"soft", FIELD_U64, FIELD_REQUIRED | FIELD_ALWAYS, AT(document_rlimit, soft)},
	{NULL},
};

static const struct field process[] = {
	{"terminal", FIELD_BOOL, FIELD_ALWAYS, AT(document, spec.process.terminal)},
	{"user", FIELD_OBJECT, FIELD_REQUIRED, .fields = user},
	{"args", FIELD_STRINGS, FIELD_REQUIRED | FIELD_ALWAYS, AT(document, spec.process.argv),
		N(document, spec.process.argc)},
	{"env", FIELD_STRINGS, 0, AT(document, spec.process.env), N(document, spec.process.envc)},
	{"cwd", FIELD_STRING, FIELD_REQUIRED, AT(document, spec.process.cwd),
		.check = document_path},
	{"capabilities", FIELD_OBJECT, 0, .fields = capabilities},
	{"rlimits", FIELD_ARRAY, 0, AT(document, rlimits), N(document, rlimit_count),
		EACH(document_rlimit, rlimit)},
	{"noNewPrivileges", FIELD_BOOL, FIELD_ALWAYS, AT(document, spec.process.no_new_privs)},
	{"apparmorProfile", FIELD_STRING, 0, AT(document, spec.process.apparmor),
		.check = profile_check},
	{"selinuxLabel", FIELD_STRING, 0, AT(document, spec.process.selinux), .check = label_check},
	{"oomScoreAdj", FIELD_INT, FIELD_PRESENT, AT(document, spec.process.oom_score_adj),
		N(document, spec.process.oom_score_adj_set), .min = -1000, .max = 1000},
	{NULL},
};

static const struct field namespace[] = {
	{"type", FIELD_STRING, FIELD_REQUIRED, AT(document_name, type)},
	{NULL},
};

static const struct field id_map[] = {
	{"containerID", FIELD_ID, FIELD_REQUIRED | FIELD_ALWAYS, AT(id_map, inside)},
	{"hostID", FIELD_ID, FIELD_REQUIRED | FIELD_ALWAYS, AT(id_map, outside)},
	{"size", FIELD_U32, FIELD_REQUIRED, AT(id_map, count), .min = 1, .max = UINT32_MAX},
	{NULL},
};

static const struct field boottime[] = {
	{"secs", FIELD_I64, 0, AT(document, spec.ns.boot_offset_s)},
	{NULL},
};
static const struct field monotonic[] = {
	{"secs", FIELD_I64, 0, AT(document, spec.ns.monotonic_offset_s)},
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
	{"major", FIELD_U32, FIELD_ALWAYS, AT(document_device, major), .max = 4095},
	{"minor", FIELD_U32, FIELD_ALWAYS, AT(document_device, minor), .max = 1048575},
	{"fileMode", FIELD_U32, FIELD_ALWAYS, AT(document_device, mode), .max = 0177777},
	{"uid", FIELD_ID, FIELD_ALWAYS, AT(document_device, uid)},
	{"gid", FIELD_ID, FIELD_ALWAYS, AT(document_device, gid)},
	{NULL},
};

static const struct field linux_[] = {
	{"namespaces", FIELD_ARRAY, FIELD_ALWAYS, AT(document, namespaces),
		N(document, namespace_count), EACH(document_name, namespace)},
	{"uidMappings", FIELD_ARRAY, 0, AT(document, spec.ns.uid_maps),
		N(document, spec.ns.uid_map_count), EACH(id_map, id_map)},
	{"gidMappings", FIELD_ARRAY, 0, AT(document, spec.ns.gid_maps),
		N(document, spec.ns.gid_map_count), EACH(id_map, id_map)},
	{"timeOffsets", FIELD_OBJECT, 0, .fields = time_offsets},
	{"devices", FIELD_ARRAY, 0, AT(document, devices), N(document, device_count),
		EACH(document_device, device)},
	{"resources", FIELD_OBJECT, 0, .fields = document_resource_fields},
	{"sysctl", FIELD_PAIRS, 0, AT(document, sysctls), N(document, sysctl_count)},
	{"maskedPaths", FIELD_STRINGS, 0, AT(document, spec.masked), N(document, spec.masked_count),
		.check = document_path},
	{"readonlyPaths", FIELD_STRINGS, 0, AT(document, spec.readonly_paths),
		N(document, spec.readonly_count), .check = document_path},
	{NULL},
};

static const struct field top[] = {
	{"ociVersion", FIELD_STRING, FIELD_REQUIRED, AT(document, version), .check = version_check},
	{"root", FIELD_OBJECT, FIELD_REQUIRED, .fields = root},
	{"process", FIELD_OBJECT, FIELD_REQUIRED, .fields = process},
	{"hostname", FIELD_STRING, 0, AT(document, spec.hostname), .check = hostname_size},
	{"mounts", FIELD_ARRAY, 0, AT(document, mounts), N(document, mount_count),
		EACH(document_mount, document_mount_fields)},
	{"linux", FIELD_OBJECT, FIELD_REQUIRED, .fields = linux_},
	{"annotations", FIELD_PAIRS, 0, AT(document, annotations), N(document, annotation_count)},
	{NULL},
};

static const struct field host[] = {
	{"name", FIELD_STRING, FIELD_REQUIRED, AT(key_value, key)},
	{"address", FIELD_STRING, FIELD_REQUIRED, AT(key_value, value)},
	{NULL},
};

/* Annotations below CONFIG_PREFIX: a string as it is, anything else as the text of its JSON. */
static const struct field extras[] = {
	{"name", FIELD_STRING, 0, AT(document, spec.name)},
	{"id", FIELD_STRING, 0, AT(document, spec.id)},
	{"image", FIELD_STRING, 0, AT(document, spec.image)},
	{"rootfs", FIELD_STRING, 0, AT(document, dir), .check = nonempty_check},
	{"layers", FIELD_STRINGS, 0, AT(document, spec.root.layers),
		N(document, spec.root.layer_count), .check = nonempty_check},
	{"user", FIELD_STRING, 0, AT(document, user)},
	{"groups", FIELD_STRINGS, 0, AT(document, groups), N(document, group_count)},
	{"seccomp", FIELD_STRING, 0, AT(document, seccomp), .check = nonempty_check},
	{"open-stdin", FIELD_BOOL, 0, AT(document, spec.process.open_stdin)},
	{"init", FIELD_BOOL, 0, AT(document, spec.init)},
	{"remove", FIELD_BOOL, 0, AT(document, spec.remove)},
	{"die-with-parent", FIELD_BOOL, 0, AT(document, spec.die_with_parent)},
	{"stop-signal", FIELD_INT, FIELD_ALWAYS, AT(document, spec.stop_signal), .min = 1,
		.max = 64},
	{"stop-timeout-ns", FIELD_U64, FIELD_ALWAYS, AT(document, spec.stop_timeout_ns)},
	{"timeout-ns", FIELD_U64, 0, AT(document, spec.timeout_ns)},
	{"log-max-bytes", FIELD_U64, 0, AT(document, spec.log_max_bytes)},
	{"pids-default", FIELD_BOOL, 0, AT(document, spec.limits.pids_default)},
	{"memory-swap-default", FIELD_BOOL, 0, AT(document, spec.limits.memory_swap_default)},
	{"make-source", FIELD_STRINGS, 0, AT(document, make_source),
		N(document, make_source_count)},
	{"hosts", FIELD_ARRAY, 0, AT(document, spec.hosts), N(document, spec.host_count),
		EACH(key_value, host)},
	{"dns", FIELD_STRINGS, 0, AT(document, spec.dns), N(document, spec.dns_count)},
	{"dns-search", FIELD_STRINGS, 0, AT(document, spec.dns_search),
		N(document, spec.dns_search_count)},
	{"dns-options", FIELD_STRINGS, 0, AT(document, spec.dns_options),
		N(document, spec.dns_option_count)},
	{"labels", FIELD_PAIRS, 0, AT(document, spec.labels), N(document, spec.label_count)},
	{NULL},
};

static const struct {
	const char *name;
	uint64_t flag;
} namespaces[] = {
	{"pid", CLONE_NEWPID},
	{"network", CLONE_NEWNET},
	{"ipc", CLONE_NEWIPC},
	{"uts", CLONE_NEWUTS},
	{"mount", CLONE_NEWNS},
	{"user", CLONE_NEWUSER},
	{"cgroup", CLONE_NEWCGROUP},
	{"time", CLONE_NEWTIME},
};

static const struct {
	const char *name;
	int resource;
} resources[] = {
	{"RLIMIT_AS", RLIMIT_AS},
	{"RLIMIT_CORE", RLIMIT_CORE},
	{"RLIMIT_CPU", RLIMIT_CPU},
	{"RLIMIT_DATA", RLIMIT_DATA},
	{"RLIMIT_FSIZE", RLIMIT_FSIZE},
	{"RLIMIT_LOCKS", RLIMIT_LOCKS},
	{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
	{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
	{"RLIMIT_NICE", RLIMIT_NICE},
	{"RLIMIT_NOFILE", RLIMIT_NOFILE},
	{"RLIMIT_NPROC", RLIMIT_NPROC},
	{"RLIMIT_RSS", RLIMIT_RSS},
	{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
	{"RLIMIT_RTTIME", RLIMIT_RTTIME},
	{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_STACK", RLIMIT_STACK},
};

static const char *id_text(struct walk *w, uint32_t id)
{
	return arena_printf(w->arena, "%u", id);
}

static const char *user_text(struct walk *w, const struct document *d)
{
	return arena_printf(w->arena, "%u:%u", d->uid, d->gid);
}

static int user_read(struct walk *w, struct document *d)
{
	struct process_spec *p = &d->spec.process;

	p->user = d->user ? d->user : user_text(w, d);
	if (d->groups) {
		p->groups = d->groups;
		p->groupc = d->group_count;
		return 0;
	}
	for (size_t i = 0; i < d->gid_count; i++)
		arena_push(w->arena, p->groups, p->groupc,
			(char *)(uintptr_t)id_text(w, d->gids[i]));
	return 0;
}

/* As libcap writes it, which is as OCI does: one name, in capitals. */
static uint64_t cap_read(const char *name)
{
	char again[CAPS_TEXT_SIZE];
	struct err ignored;
	uint64_t mask;

	if (strncmp(name, "CAP_", 4) || caps_parse("", name, &mask, &ignored) < 0)
		return 0;
	return strcmp(caps_format(mask, again), name) ? 0 : mask;
}

static int caps_read(struct walk *w, struct document *d)
{
	for (int set = 0; set < CAPSETS; set++) {
		for (size_t i = 0; i < d->caps[set].count; i++) {
			uint64_t cap = cap_read(d->caps[set].names[i]);
			if (!cap) {
				walk_enter(w, "process.capabilities", 0);
				walk_enter(w, capset_names[set], 0);
				walk_enter(w, NULL, i);
				return walk_fail(w, "\"%.80s\" is not a capability",
					d->caps[set].names[i]);
			}
			d->spec.process.caps[set] |= cap;
		}
	}
	return 0;
}

static int rlimit_read(struct walk *w, const struct document_rlimit *from, struct process_spec *p)
{
	struct rlimit_spec to = {-1, from->soft, from->hard};

	for (size_t i = 0; i < COUNT(resources); i++)
		if (!strcmp(from->type, resources[i].name))
			to.resource = resources[i].resource;
	if (to.resource < 0)
		return walk_fail(w, "\"%.80s\" is not a resource", from->type);
	for (size_t i = 0; i < p->rlimit_count; i++)
		if (p->rlimits[i].resource == to.resource)
			return walk_fail(w, "%s is there twice", from->type);
	if (to.soft > to.hard)
		return walk_fail(w, "soft is more than hard");
	arena_push(w->arena, p->rlimits, p->rlimit_count, to);
	return 0;
}

static int rlimits_read(struct walk *w, struct document *d)
{
	size_t here = walk_enter(w, "process.rlimits", 0);

	for (size_t i = 0; i < d->rlimit_count; i++) {
		size_t list = walk_enter(w, NULL, i);
		if (rlimit_read(w, &d->rlimits[i], &d->spec.process) < 0)
			return -1;
		walk_leave(w, list);
	}
	walk_leave(w, here);
	return 0;
}

static int process_read(struct walk *w, struct document *d)
{
	if (!d->spec.process.argc) {
		walk_enter(w, "process.args", 0);
		return walk_fail(w, "must have at least one element");
	}
	if (user_read(w, d) < 0 || caps_read(w, d) < 0 || rlimits_read(w, d) < 0)
		return -1;
	return 0;
}

static uint64_t namespace_flag(const char *name)
{
	for (size_t i = 0; i < COUNT(namespaces); i++)
		if (!strcmp(name, namespaces[i].name))
			return namespaces[i].flag;
	return 0;
}

static int namespaces_read(struct walk *w, struct document *d)
{
	size_t here = walk_enter(w, "linux.namespaces", 0);

	for (size_t i = 0; i < d->namespace_count; i++) {
		size_t list = walk_enter(w, NULL, i);
		uint64_t flag = namespace_flag(d->namespaces[i].type);

		if (!flag)
			return walk_fail(w, "\"%.80s\" is not a namespace", d->namespaces[i].type);
		if (d->spec.ns.fresh & flag)
			return walk_fail(w, "\"%s\" is there twice", d->namespaces[i].type);
		d->spec.ns.fresh |= flag;
		walk_leave(w, list);
	}
	walk_leave(w, here);
	return 0;
}

static bool ranges_meet(uint64_t a, uint64_t b, uint64_t an, uint64_t bn)
{
	return a < b + bn && b < a + an;
}

static int maps_check(struct walk *w, const char *name, const struct id_map *maps, size_t n,
	uint64_t fresh)
{
	size_t here = walk_enter(w, name, 0);

	if (n && !(fresh & CLONE_NEWUSER))
		return walk_fail(w, "needs a namespace of type \"user\"");
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

static int device_read(struct walk *w, const struct document_device *from, struct device *to)
{
	uint32_t format = from->mode & ~07777u;

	*to = (struct device){
		.type = from->type[0] == 'u' ? 'c' : from->type[0],
		.major = from->major,
		.minor = from->minor,
		.mode = from->mode & 07777,
		.uid = from->uid,
		.gid = from->gid,
		.path = from->path,
		.access = "",
	};
	if (strlen(from->type) != 1 || (to->type != 'c' && to->type != 'b'))
		return walk_fail(w, "type: \"%.80s\" must be \"b\", \"c\" or \"u\"", from->type);
	if (format && format != (to->type == 'c' ? 0020000u : 0060000u))
		return walk_fail(w, "fileMode: is that of something else");
	return 0;
}

static int devices_read(struct walk *w, struct document *d)
{
	size_t here = walk_enter(w, "linux.devices", 0);

	for (size_t i = 0; i < d->device_count; i++) {
		size_t list = walk_enter(w, NULL, i);
		struct device to;

		if (device_read(w, &d->devices[i], &to) < 0)
			return -1;
		walk_leave(w, list);
		arena_push(w->arena, d->spec.devices, d->spec.device_count, to);
	}
	walk_leave(w, here);
	return 0;
}

static int sysctls_read(struct walk *w, struct document *d)
{
	size_t here = walk_enter(w, "linux.sysctl", 0);
	const char *what = arena_printf(w->arena, "%s: %s", w->what, w->path);

	for (size_t i = 0; i < d->sysctl_count; i++) {
		const struct key_value *kv = &d->sysctls[i];

		if (strchr(kv->key, '='))
			return walk_fail(w, "\"%.80s\" is not the name of a sysctl", kv->key);
		if (sysctl_flag(&d->spec, what, arena_printf(w->arena, "%s=%s", kv->key, kv->value),
			    w->err) < 0)
			return -1;
	}
	walk_leave(w, here);
	return 0;
}

static int linux_read(struct walk *w, struct document *d)
{
	const struct namespaces *ns = &d->spec.ns;

	if (namespaces_read(w, d) < 0 ||
		maps_check(w, "linux.uidMappings", ns->uid_maps, ns->uid_map_count, ns->fresh) <
			0 ||
		maps_check(w, "linux.gidMappings", ns->gid_maps, ns->gid_map_count, ns->fresh) < 0)
		return -1;
	if ((ns->boot_offset_s || ns->monotonic_offset_s) && !(ns->fresh & CLONE_NEWTIME)) {
		walk_enter(w, "linux.timeOffsets", 0);
		return walk_fail(w, "needs a namespace of type \"time\"");
	}
	if (devices_read(w, d) < 0 || document_resources_read(w, d) < 0 || sysctls_read(w, d) < 0)
		return -1;
	return 0;
}

static const char *extra_name(const char *key)
{
	size_t len = strlen(CONFIG_PREFIX);

	return strncmp(key, CONFIG_PREFIX, len) ? NULL : key + len;
}

static int extra_read(struct walk *w, struct document *d, const char *name, const char *text)
{
	const struct field *f = extras;
	autojson json_t *v = NULL;

	while (f->name && strcmp(f->name, name))
		f++;
	if (!f->name)
		return walk_fail(w, "is not supported");
	if (f->type == FIELD_STRING)
		v = json_string(text);
	else
		v = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
	if (!v)
		return walk_fail(w, "is not JSON");
	return field_read(w, f, d, v);
}

static int annotations_read(struct walk *w, struct document *d, enum config_origin origin)
{
	for (size_t i = 0; i < d->annotation_count; i++) {
		struct key_value kv = d->annotations[i];
		const char *name = extra_name(kv.key);
		size_t here = walk_enter(w, "annotations", 0);

		walk_enter(w, kv.key, 0);
		if (origin == CONFIG_ENGINE || !name)
			arena_push(w->arena, d->spec.annotations, d->spec.annotation_count, kv);
		else if (extra_read(w, d, name, kv.value) < 0)
			return -1;
		walk_leave(w, here);
	}
	return 0;
}

/* In OCI no filter is none; that we have our own is said in our own files. */
static void own_read(struct document *d)
{
	const char *seccomp = d->seccomp ? d->seccomp : "unconfined";

	d->spec.process.seccomp = strcmp(seccomp, "default") ? seccomp : NULL;
	d->spec.process.apparmor = unless_empty(d->spec.process.apparmor);
	d->spec.process.selinux = unless_empty(d->spec.process.selinux);
	d->spec.root.dir = d->dir;
	if (!d->dir && !d->spec.root.layer_count)
		d->spec.root.dir = d->root;
}

static int document_read(struct walk *w, struct document *d, const json_t *json,
	enum config_origin origin)
{
	*d = (struct document){
		.spec = {.process.umask = 0022,
			.stop_signal = SIGTERM,
			.stop_timeout_ns = 10 * 1000000000ULL},
	};
	w->arena = &d->spec.arena;
	if (fields_read(w, top, d, json) < 0 || annotations_read(w, d, origin) < 0 ||
		process_read(w, d) < 0 || document_mounts_read(w, d) < 0 || linux_read(w, d) < 0)
		return -1;
	own_read(d);
	return 0;
}

/* RLIM_INFINITY as the specification writes it is more than jansson's integers hold. Text that is
 * not inside a string is changed to what field.h reads as the same. */
static void infinity_replace(char *text, size_t len)
{
	static const char infinity[] = "18446744073709551615", instead[] = "9223372036854775807 ";
	const size_t size = sizeof(infinity) - 1;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (quoted && text[i] == '\\') {
			i++;
		} else if (text[i] == '"') {
			quoted = !quoted;
		} else if (!quoted && len - i > size && !memcmp(text + i, infinity, size) &&
			   i > 0 && strchr(": \t\r\n[,", text[i - 1]) &&
			   strchr(" \t\r\n,}]", text[i + size])) {
			memcpy(text + i, instead, size);
		}
	}
}

static json_t *parse(const char *what, const char *text, size_t len, struct err *err)
{
	autofree char *copy = NULL;

	if (!memmem(text, len, "18446744073709551615", 20))
		return json_parse(what, text, len, err);
	copy = malloc(len + 1);
	if (!copy) {
		err_set(err, "%s: out of memory", what);
		return NULL;
	}
	memcpy(copy, text, len);
	infinity_replace(copy, len);
	return json_parse(what, copy, len, err);
}

int config_read(const char *what, const char *text, size_t len, enum config_origin origin,
	struct spec *ret, struct err *err)
{
	autojson json_t *json = parse(what, text, len, err);
	struct walk w = {.what = what, .err = err};
	struct document d;

	if (!json)
		return -1;
	if (document_read(&w, &d, json, origin) < 0) {
		spec_free(&d.spec);
		return -1;
	}
	*ret = d.spec;
	return 0;
}

/* "1000:1000" or "1000"; what has a name in it is for the container's own files to say. */
static void user_ids(struct document *d)
{
	const char *s = d->spec.process.user ? d->spec.process.user : "";
	const char *colon = strchrnul(s, ':');
	char text[16];

	if (colon - s >= (ptrdiff_t)sizeof(text))
		return;
	memcpy(text, s, (size_t)(colon - s));
	text[colon - s] = '\0';
	if (num_parse_u32(text, &d->uid) < 0 || d->uid == UINT32_MAX)
		d->uid = 0;
	if (*colon && (num_parse_u32(colon + 1, &d->gid) < 0 || d->gid == UINT32_MAX))
		d->gid = 0;
}

static void user_write(struct walk *w, struct document *d)
{
	struct process_spec *p = &d->spec.process;
	bool all = true;
	uint32_t gid;

	user_ids(d);
	if (strcmp(p->user ? p->user : "", user_text(w, d)))
		d->user = p->user ? p->user : "";
	for (size_t i = 0; i < p->groupc; i++) {
		bool is = num_parse_u32(p->groups[i], &gid) == 0 && gid != UINT32_MAX;

		if (is)
			arena_push(w->arena, d->gids, d->gid_count, gid);
		all = all && is && !strcmp(p->groups[i], id_text(w, gid));
	}
	d->groups = all ? NULL : p->groups;
	d->group_count = all ? 0 : p->groupc;
}

static void caps_write(struct walk *w, struct document *d)
{
	for (int set = 0; set < CAPSETS; set++) {
		char text[CAPS_TEXT_SIZE];
		const char *s = caps_format(d->spec.process.caps[set], text);

		while (*s) {
			size_t len = strcspn(s, ",");
			arena_push(w->arena, d->caps[set].names, d->caps[set].count,
				arena_strndup(w->arena, s, len));
			s += len + (s[len] == ',');
		}
	}
}

static int rlimits_write(struct walk *w, struct document *d)
{
	for (size_t i = 0; i < d->spec.process.rlimit_count; i++) {
		const struct rlimit_spec *from = &d->spec.process.rlimits[i];
		struct document_rlimit to = {NULL, from->soft, from->hard};

		for (size_t k = 0; k < COUNT(resources); k++)
			if (resources[k].resource == from->resource)
				to.type = resources[k].name;
		if (!to.type)
			return walk_fail(w, "process.rlimits: resource %d has no name",
				from->resource);
		arena_push(w->arena, d->rlimits, d->rlimit_count, to);
	}
	return 0;
}

static void linux_write(struct walk *w, struct document *d)
{
	for (size_t i = 0; i < COUNT(namespaces); i++)
		if (d->spec.ns.fresh & namespaces[i].flag)
			arena_push(w->arena, d->namespaces, d->namespace_count,
				((struct document_name){namespaces[i].name}));
	for (size_t i = 0; i < d->spec.device_count; i++) {
		const struct device *from = &d->spec.devices[i];
		struct document_device to = {from->path, from->type == 'b' ? "b" : "c", from->major,
			from->minor, from->mode & 07777, from->uid, from->gid};
		arena_push(w->arena, d->devices, d->device_count, to);
	}
}

static int extra_write(struct walk *w, struct document *d, const struct field *f)
{
	autojson json_t *v = NULL;
	autofree char *text = NULL;
	struct key_value kv;

	if (field_write(w, f, d, &v) < 0)
		return -1;
	if (!v)
		return 0;
	if (f->type != FIELD_STRING)
		text = json_text(v, JSON_COMPACT | JSON_ENCODE_ANY, w->err);
	if (f->type != FIELD_STRING && !text)
		return -1;
	kv.key = arena_printf(w->arena, CONFIG_PREFIX "%s", f->name);
	kv.value = arena_strdup(w->arena, text ? text : json_string_value(v));
	arena_push(w->arena, d->annotations, d->annotation_count, kv);
	return 0;
}

static int annotations_write(struct walk *w, struct document *d)
{
	size_t here = walk_enter(w, "annotations", 0);

	for (size_t i = 0; i < d->spec.annotation_count; i++) {
		if (extra_name(d->spec.annotations[i].key))
			return walk_fail(w,
				"\"%.80s\": names below " CONFIG_PREFIX " are ctr's own",
				d->spec.annotations[i].key);
		arena_push(w->arena, d->annotations, d->annotation_count, d->spec.annotations[i]);
	}
	for (const struct field *f = extras; f->name; f++) {
		size_t list = walk_enter(w, f->name, 0);
		if (extra_write(w, d, f) < 0)
			return -1;
		walk_leave(w, list);
	}
	walk_leave(w, here);
	return 0;
}

static json_t *document_write(struct walk *w, struct document *d)
{
	const char *seccomp = d->spec.process.seccomp;

	user_write(w, d);
	caps_write(w, d);
	linux_write(w, d);
	d->sysctls = d->spec.sysctls;
	d->sysctl_count = d->spec.sysctl_count;
	d->dir = d->spec.root.dir;
	if (d->dir && !d->spec.root.layer_count && !strcmp(d->dir, d->root))
		d->dir = NULL;
	d->seccomp = !seccomp ? "default" : strcmp(seccomp, "unconfined") ? seccomp : NULL;
	if (rlimits_write(w, d) < 0 || document_mounts_write(w, d) < 0 ||
		document_resources_write(w, d) < 0 || annotations_write(w, d) < 0)
		return NULL;
	return fields_write(w, top, d);
}

json_t *config_write(const struct spec *spec, const char *root_path, struct err *err)
{
	struct arena scratch = {NULL};
	struct document d = {.spec = *spec, .version = OCI_VERSION, .root = root_path};
	struct walk w = {.what = "config.json", .arena = &scratch, .err = err};
	json_t *json = document_write(&w, &d);

	arena_free(&scratch);
	return json;
}
