#include "spec/config.h"

#include "base/fd.h"
#include "base/jsonplace.h"
#include "base/jsonwide.h"
#include "base/utf8.h"
#include "spec/defaults.h"
#include "spec/document.h"
#include "spec/restart.h"
#include "spec/unitproperty.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { PATH_SIZE = 4096, HOST_SIZE = 64, VERSION_MINOR = 3 };

#define OCI_VERSION "1.2.0"
#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))

const char *document_path(const char *s)
{
	return s[0] == '/' && strlen(s) < PATH_SIZE ? NULL : "an absolute path";
}

/* A number of at most 4 digits at *s, and *s behind it; -1 if there is none. */
static int version_number(const char **s)
{
	int n = 0;

	if (!isdigit((unsigned char)**s) || (**s == '0' && isdigit((unsigned char)(*s)[1])))
		return -1;
	for (int i = 0; i < 4 && isdigit((unsigned char)**s); i++)
		n = n * 10 + *(*s)++ - '0';
	return n;
}

/* As in "1.0.2-dev", "1.2.0+dev" or "1.0". The minor number, or -1. */
static int version_minor(const char *s)
{
	int minor;

	if (strncmp(s, "1.", 2))
		return -1;
	s += 2;
	minor = version_number(&s);
	if (minor < 0 || (*s && (*s++ != '.' || version_number(&s) < 0)))
		return -1;
	return !*s || ((*s == '-' || *s == '+') && s[1]) ? minor : -1;
}

static const char *version_check(const char *s)
{
	return version_minor(s) >= 0 ? NULL : "a version 1 such as \"1.2.0\"";
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

static const struct field hook[] = {
	{"path", FIELD_STRING, FIELD_REQUIRED, AT(hook, path), .check = document_path},
	{"args", FIELD_STRINGS, 0, AT(hook, argv), N(hook, argc)},
	{"env", FIELD_STRINGS, 0, AT(hook, env), N(hook, envc)},
	{"timeout", FIELD_U32, 0, AT(hook, timeout_s), .min = 1, .max = INT32_MAX},
	{NULL},
};

#define HOOKS(name, point)                                                                         \
	{                                                                                          \
		name, FIELD_ARRAY, 0, AT(document, spec.hooks.items[point]),                       \
			N(document, spec.hooks.count[point]), EACH(hook, hook)                     \
	}

static const struct field hooks[] = {
	HOOKS("prestart", HOOK_PRESTART),
	HOOKS("createRuntime", HOOK_CREATE_RUNTIME),
	HOOKS("createContainer", HOOK_CREATE_CONTAINER),
	HOOKS("startContainer", HOOK_START_CONTAINER),
	HOOKS("poststart", HOOK_POSTSTART),
	HOOKS("poststop", HOOK_POSTSTOP),
	{NULL},
};

#define PLATFORM "it is for another platform than Linux"

static const struct field top[] = {
	{"ociVersion", FIELD_STRING, FIELD_REQUIRED, AT(document, version), .check = version_check},
	{"root", FIELD_OBJECT, FIELD_REQUIRED, .fields = root},
	{"process", FIELD_OBJECT, FIELD_REQUIRED, .fields = document_process_fields},
	{"hostname", FIELD_STRING, FIELD_FILLED, AT(document, spec.hostname),
		.check = hostname_size},
	{"domainname", FIELD_STRING, FIELD_FILLED, AT(document, spec.domainname),
		.check = hostname_size},
	{"mounts", FIELD_ARRAY, 0, AT(document, mounts), N(document, mount_count),
		EACH(document_mount, document_mount_fields)},
	{"linux", FIELD_OBJECT, FIELD_ALWAYS, .fields = document_linux_fields},
	{"hooks", FIELD_OBJECT, 0, .fields = hooks},
	{"annotations", FIELD_PAIRS, 0, AT(document, annotations), N(document, annotation_count)},
	{"solaris", FIELD_IGNORED, .why = PLATFORM},
	{"windows", FIELD_IGNORED, .why = PLATFORM},
	{"freebsd", FIELD_IGNORED, .why = PLATFORM},
	{"vm", FIELD_IGNORED, .why = PLATFORM},
	{"zos", FIELD_IGNORED, .why = PLATFORM},
	{NULL},
};

static const char *restart_check(const char *s)
{
	struct restart_policy policy;
	struct err err;

	return restart_parse("restart", s, &policy, &err) < 0 ? "a restart policy" : NULL;
}

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
	{"seccomp-profile", FIELD_STRING, 0, AT(document, spec.process.seccomp_profile)},
	{"open-stdin", FIELD_BOOL, 0, AT(document, spec.process.open_stdin)},
	{"detach-keys", FIELD_STRING, 0, AT(document, spec.process.detach_keys)},
	{"init", FIELD_BOOL, 0, AT(document, spec.init)},
	{"systemd-cgroup", FIELD_BOOL, 0, AT(document, spec.systemd_cgroup)},
	{"remove", FIELD_BOOL, 0, AT(document, spec.remove)},
	{"restart", FIELD_STRING, 0, AT(document, spec.restart), .check = restart_check},
	{"die-with-parent", FIELD_BOOL, 0, AT(document, spec.die_with_parent)},
	{"stop-signal", FIELD_INT, FIELD_ALWAYS, AT(document, spec.stop_signal), .min = 1,
		.max = 64},
	{"stop-timeout-ns", FIELD_U64, FIELD_ALWAYS, AT(document, spec.stop_timeout_ns)},
	{"timeout-ns", FIELD_U64, 0, AT(document, spec.timeout_ns)},
	{"log-max-bytes", FIELD_U64, 0, AT(document, spec.log_max_bytes)},
	{"log-rate-bytes", FIELD_U64, 0, AT(document, spec.log_rate_bytes)},
	{"health-test", FIELD_STRINGS, 0, AT(document, spec.health.test),
		N(document, spec.health.test_count)},
	{"health-interval-ns", FIELD_U64, 0, AT(document, spec.health.interval_ns)},
	{"health-timeout-ns", FIELD_U64, 0, AT(document, spec.health.timeout_ns)},
	{"health-start-period-ns", FIELD_U64, 0, AT(document, spec.health.start_period_ns)},
	{"health-start-interval-ns", FIELD_U64, 0, AT(document, spec.health.start_interval_ns)},
	{"health-retries", FIELD_U64, 0, AT(document, spec.health.retries)},
	{"network", FIELD_OBJECT, 0, .fields = document_network_fields},
	{"pids-default", FIELD_BOOL, 0, AT(document, spec.limits.pids_default)},
	{"memory-swap-default", FIELD_BOOL, 0, AT(document, spec.limits.memory_swap_default)},
	{"private-ids", FIELD_BOOL, 0, AT(document, spec.ns.private_ids)},
	{"volatile", FIELD_BOOL, 0, AT(document, spec.root.never_synced)},
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

		if (!kv.key[0])
			walk_warn(w, "a name should not be empty");
		walk_enter(w, kv.key, 0);
		if (origin == CONFIG_ENGINE && strcmp(kv.key, CONFIG_KEEP_GROUPS) == 0)
			d->spec.process.keep_groups = strcmp(kv.value, "1") == 0;
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
	const char *seccomp = d->seccomp                     ? d->seccomp
			      : d->spec.process.seccomp_text ? "default"
							     : "unconfined";

	d->spec.process.seccomp = strcmp(seccomp, "default") ? seccomp : NULL;
	d->spec.root.dir = d->dir;
	if (!d->dir && !d->spec.root.layer_count)
		d->spec.root.dir = d->root;
}

static void version_read(struct walk *w, struct document *d)
{
	d->spec.oci_version = d->version;
	if (version_minor(d->version) <= VERSION_MINOR)
		return;
	walk_enter(w, "ociVersion", 0);
	walk_warn(w, "%.40s is newer than 1.%d, which is what is known here", d->version,
		VERSION_MINOR);
	walk_leave(w, 0);
}

static void document_init(struct document *d, struct walk *w, enum config_origin origin)
{
	*d = (struct document){
		.spec = {.process.umask = 0022,
			.stop_signal = SIGTERM,
			.stop_timeout_ns = 10 * 1000000000ULL},
	};
	w->arena = &d->spec.arena;
	w->lenient = origin == CONFIG_ENGINE;
}

static int document_read(struct walk *w, struct document *d, const json_t *json,
	enum config_origin origin)
{
	if (fields_read(w, top, d, json) < 0 || annotations_read(w, d, origin) < 0 ||
		document_process_read(w, d, "process") < 0 || document_mounts_read(w, d) < 0 ||
		document_linux_read(w, d, origin) < 0)
		return -1;
	version_read(w, d);
	own_read(d);
	if (origin == CONFIG_ENGINE)
		spec_devices_complete(&d->spec);
	return 0;
}

/* "WHAT: PLACE: …" becomes "WHAT:LINE:COLUMN: PLACE: …". */
static int fail_at(const struct walk *w)
{
	size_t what = strlen(w->what);
	unsigned line, column;
	struct err e = *w->err;

	if (strncmp(e.text, w->what, what) || e.text[what] != ':')
		return -1;
	json_locate(w->text, w->text_len, w->path, &line, &column);
	err_set(w->err, "%s:%u:%u%s", w->what, line, column, e.text + what);
	w->err->status = e.status;
	memcpy(w->err->hint, e.hint, sizeof(e.hint));
	return -1;
}

static const char *copied(struct arena *a, const char *s)
{
	return s ? arena_strdup(a, s) : NULL;
}

static bool has(const json_t *json, const char *member)
{
	const json_t *v = json_object_get(json, member);

	return v && !json_is_null(v);
}

/* What the document of a process does not say is as the container has it. */
static void process_inherit(struct document *d, const struct process_spec *base, const json_t *json)
{
	struct process_spec *p = &d->spec.process;
	struct arena *a = &d->spec.arena;

	if (!has(json, "capabilities"))
		memcpy(p->caps, base->caps, sizeof(p->caps));
	for (size_t i = 0; !has(json, "rlimits") && i < base->rlimit_count; i++)
		arena_push(a, p->rlimits, p->rlimit_count, base->rlimits[i]);
	if (!p->apparmor)
		p->apparmor = copied(a, base->apparmor);
	if (!p->selinux)
		p->selinux = copied(a, base->selinux);
	p->keep_groups = base->keep_groups;
	p->seccomp = copied(a, base->seccomp);
	p->seccomp_profile = copied(a, base->seccomp_profile);
	p->seccomp_text = copied(a, base->seccomp_text);
	p->listener = copied(a, base->listener);
	p->listener_metadata = copied(a, base->listener_metadata);
	p->memory_policy = base->memory_policy;
	p->memory_policy.nodes = copied(a, base->memory_policy.nodes);
	p->personality = base->personality;
	p->personality_set = base->personality_set;
}

static int read_done(struct walk *w, struct document *d, struct spec *ret)
{
	d->spec.warnings = w->warnings;
	d->spec.warning_count = w->warning_count;
	*ret = d->spec;
	return 0;
}

int config_read(const char *what, const char *text, size_t len, enum config_origin origin,
	struct spec *ret, struct err *err)
{
	autojson json_t *json = json_parse_wide(what, text, len, err);
	struct walk w = {.what = what,
		.text = text,
		.text_len = len,
		.err = err,
		.of_bytes = origin == CONFIG_OURS};
	struct document d;

	if (!json)
		return -1;
	document_init(&d, &w, origin);
	if (document_read(&w, &d, json, origin) < 0) {
		fail_at(&w);
		spec_free(&d.spec);
		return -1;
	}
	return read_done(&w, &d, ret);
}

int config_read_process(const char *what, const char *text, size_t len, const struct spec *base,
	struct spec *ret, struct err *err)
{
	autojson json_t *json = json_parse_wide(what, text, len, err);
	struct walk w = {.what = what, .text = text, .text_len = len, .err = err};
	struct document d;

	if (!json)
		return -1;
	document_init(&d, &w, CONFIG_ENGINE);
	if (fields_read(&w, document_process_fields, &d, json) < 0 ||
		document_process_read(&w, &d, "") < 0) {
		fail_at(&w);
		spec_free(&d.spec);
		return -1;
	}
	process_inherit(&d, &base->process, json);
	return read_done(&w, &d, ret);
}

int config_read_resources(const char *what, const char *text, size_t len, const struct spec *base,
	struct spec *ret, struct err *err)
{
	autojson json_t *json = json_parse_wide(what, text, len, err);
	struct walk w = {.what = what, .text = text, .text_len = len, .err = err};
	struct document d;

	if (!json)
		return -1;
	document_init(&d, &w, CONFIG_ENGINE);
	if (base->oci_version)
		d.version = arena_strdup(w.arena, base->oci_version);
	d.resources.memory_before = base->limits.memory;
	if (fields_read(&w, document_resource_fields, &d, json) < 0 ||
		document_resources_read(&w, &d, "", CONFIG_ENGINE) < 0) {
		fail_at(&w);
		spec_free(&d.spec);
		return -1;
	}
	if (d.spec.device_rule_count)
		spec_device_rules_complete(&d.spec);
	return read_done(&w, &d, ret);
}

static int unit_properties_read(struct walk *w, struct spec *spec)
{
	const size_t prefix = strlen(UNIT_PROPERTY_PREFIX);
	size_t here = walk_enter(w, "annotations", 0);

	for (size_t i = 0; i < spec->annotation_count; i++) {
		const struct key_value *kv = &spec->annotations[i];
		struct unit_property p;
		struct err e;
		size_t list;

		if (strncmp(kv->key, UNIT_PROPERTY_PREFIX, prefix) != 0)
			continue;
		list = walk_enter(w, kv->key, 0);
		if (unit_property_parse(kv->key + prefix, kv->value, w->arena, &p, &e) < 0) {
			walk_fail(w, "%s", e.text);
			return e.hint[0] ? err_hint(w->err, "%s", e.hint) : -1;
		}
		arena_push(w->arena, spec->unit_properties, spec->unit_property_count, p);
		walk_leave(w, list);
	}
	walk_leave(w, here);
	return 0;
}

int config_read_unit_properties(const char *what, const char *text, size_t len, struct spec *spec,
	struct err *err)
{
	struct walk w = {.what = what,
		.text = text,
		.text_len = len,
		.arena = &spec->arena,
		.err = err};

	return unit_properties_read(&w, spec) < 0 ? fail_at(&w) : 0;
}

static const char *rebased(struct arena *a, const char *path, const char *dir)
{
	return path[0] == '/' ? path : arena_printf(a, "%s/%s", dir, path);
}

void config_rebase(struct spec *spec, const char *bundle)
{
	if (spec->root.dir)
		spec->root.dir = rebased(&spec->arena, spec->root.dir, bundle);
	for (size_t i = 0; i < spec->mount_count; i++)
		if (spec->mounts[i].kind == MOUNT_BIND)
			spec->mounts[i].source = rebased(&spec->arena, spec->mounts[i].source,
				bundle);
}

/* The value of the annotation, or NULL if there is nothing to write; -1 if it cannot be. */
static int extra_text(struct walk *w, const struct field *f, const struct document *d,
	struct jsontext *scratch, const char **ret)
{
	scratch->len = 0;
	scratch->filled = false;
	if (f->type == FIELD_STRING) {
		const char *s = *(const char *const *)((const char *)d + f->at);

		*ret = s ? utf8_escape(w->arena, s) : NULL;
		return 0;
	}
	if (field_write(w, f, d, scratch, NULL) < 0)
		return -1;
	if (scratch->failed)
		return walk_fail(w, "out of memory");
	*ret = scratch->len ? arena_strndup(w->arena, scratch->text, scratch->len) : NULL;
	return 0;
}

static int extras_write(struct walk *w, struct document *d)
{
	autojsontext struct jsontext scratch = {0};

	for (const struct field *f = extras; f->name; f++) {
		size_t list = walk_enter(w, f->name, 0);
		struct key_value kv;

		if (extra_text(w, f, d, &scratch, &kv.value) < 0)
			return -1;
		walk_leave(w, list);
		if (!kv.value)
			continue;
		kv.key = arena_printf(w->arena, CONFIG_PREFIX "%s", f->name);
		arena_push(w->arena, d->annotations, d->annotation_count, kv);
	}
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
	if (extras_write(w, d) < 0)
		return -1;
	walk_leave(w, here);
	return 0;
}

static char *document_write(struct walk *w, struct document *d)
{
	autojsontext struct jsontext text = {.indented = true};
	const char *seccomp = d->spec.process.seccomp;

	d->dir = d->spec.root.dir;
	if (d->dir && !d->spec.root.layer_count && !strcmp(d->dir, d->root))
		d->dir = NULL;
	if (!seccomp)
		d->seccomp = d->spec.process.seccomp_text ? NULL : "default";
	else if (strcmp(seccomp, "unconfined"))
		d->seccomp = seccomp;
	if (document_process_write(w, d) < 0 || document_mounts_write(w, d) < 0 ||
		document_linux_write(w, d) < 0 || annotations_write(w, d) < 0 ||
		fields_write(w, top, d, &text) < 0)
		return NULL;
	return jsontext_take(&text, w->err);
}

char *config_write(const struct spec *spec, const char *root_path, struct err *err)
{
	struct arena scratch = {NULL};
	struct document d = {.spec = *spec, .version = OCI_VERSION, .root = root_path};
	struct walk w = {.what = "config.json", .arena = &scratch, .err = err};
	char *text = document_write(&w, &d);

	json_decref(d.seccomp_object);
	arena_free(&scratch);
	return text;
}
