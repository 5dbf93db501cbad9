#include "spec/config.h"

#include "base/jsonplace.h"
#include "base/jsonwide.h"
#include "spec/defaults.h"
#include "spec/document.h"
#include "spec/unitproperty.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { VERSION_MINOR = 3 };

static int extra_read(struct walk *w, struct document *d, const char *name, const char *text)
{
	const struct field *f = document_extras;
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
		const char *name = document_extra_name(kv.key);
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
	if (document_version_minor(d->version) <= VERSION_MINOR)
		return;
	walk_enter(w, "ociVersion", 0);
	walk_warn(w, "%.40s is newer than 1.%d, which is what is known here", d->version,
		VERSION_MINOR);
	walk_leave(w, 0);
}

/* Whoever starts a container of ours knows nothing of these. */
static int engines_own_refuse(struct walk *w, const struct document *d)
{
	size_t n = d->spec.net_device_count;

	for (size_t i = 0; i < HOOK_POINTS; i++)
		n += d->spec.hooks.count[i];
	return n ? walk_fail(w, "hooks and linux.netDevices are for engines only") : 0;
}

static int document_read(struct walk *w, struct document *d, const json_t *json,
	enum config_origin origin)
{
	if (fields_read(w, document_fields, d, json) < 0 || annotations_read(w, d, origin) < 0 ||
		document_process_read(w, d, "process") < 0 || document_mounts_read(w, d) < 0 ||
		document_linux_read(w, d) < 0)
		return -1;
	version_read(w, d);
	own_read(d);
	if (origin == CONFIG_OURS)
		return engines_own_refuse(w, d);
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

/* A document that is being read. */
struct reading {
	struct walk w;
	struct document d;
	json_t *json;
};

static int reading_begin(struct reading *r, const char *what, const char *text, size_t len,
	enum config_origin origin, struct err *err)
{
	*r = (struct reading){
		.w = {.what = what,
			.text = text,
			.text_len = len,
			.err = err,
			.arena = &r->d.spec.arena,
			.of_bytes = origin == CONFIG_OURS,
			.lenient = origin == CONFIG_ENGINE},
		.d.spec = {.process.umask = 0022,
			.stop_signal = SIGTERM,
			.stop_timeout_ns = 10 * 1000000000ULL},
		.json = json_parse_wide(what, text, len, err),
	};
	return r->json ? 0 : -1;
}

/* result: 0, or -1 if it was refused. */
static int reading_end(struct reading *r, int result, struct spec *ret)
{
	json_decref(r->json);
	if (result < 0) {
		fail_at(&r->w);
		spec_free(&r->d.spec);
		return -1;
	}
	r->d.spec.warnings = r->w.warnings;
	r->d.spec.warning_count = r->w.warning_count;
	*ret = r->d.spec;
	return 0;
}

int config_read(const char *what, const char *text, size_t len, enum config_origin origin,
	struct spec *ret, struct err *err)
{
	struct reading r;

	if (reading_begin(&r, what, text, len, origin, err) < 0)
		return -1;
	return reading_end(&r, document_read(&r.w, &r.d, r.json, origin), ret);
}

int config_read_process(const char *what, const char *text, size_t len, const struct spec *base,
	struct spec *ret, struct err *err)
{
	struct reading r;
	int result;

	if (reading_begin(&r, what, text, len, CONFIG_ENGINE, err) < 0)
		return -1;
	result = fields_read(&r.w, document_process_fields, &r.d, r.json);
	if (result == 0)
		result = document_process_read(&r.w, &r.d, "");
	if (result == 0)
		process_inherit(&r.d, &base->process, r.json);
	return reading_end(&r, result, ret);
}

int config_read_resources(const char *what, const char *text, size_t len, const struct spec *base,
	struct spec *ret, struct err *err)
{
	struct reading r;
	int result;

	if (reading_begin(&r, what, text, len, CONFIG_ENGINE, err) < 0)
		return -1;
	if (base->oci_version)
		r.d.version = arena_strdup(r.w.arena, base->oci_version);
	r.d.resources.memory_before = base->limits.memory;
	result = fields_read(&r.w, document_resource_fields, &r.d, r.json);
	if (result == 0)
		result = document_resources_read(&r.w, &r.d, "");
	if (result == 0 && r.d.spec.device_rule_count)
		spec_device_rules_complete(&r.d.spec);
	return reading_end(&r, result, ret);
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
