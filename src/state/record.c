#include "state/record.h"

#include "base/json.h"
#include "base/jsontext.h"
#include "base/utf8.h"
#include "ns/idmap.h"

#include <stdio.h>
#include <string.h>

bool record_has_range(const struct record *r)
{
	return r->range < IDMAP_RANGES;
}

bool record_has_group(const struct record *r)
{
	return record_has_range(r) || r->cgroup[0];
}

static const char *const stages[] = {
	[STAGE_CREATING] = "creating",
	[STAGE_RUNNING] = "running",
	[STAGE_RESTARTING] = "restarting",
};
static const size_t stage_count = sizeof(stages) / sizeof(stages[0]);

static void add_bundle(struct jsontext *t, const struct record *r)
{
	jsontext_string(t, "bundle", r->bundle);
	jsontext_boolean(t, "lateHooks", r->late_hooks);
	if (r->resources & 1u << RESOURCE_RDT)
		jsontext_boolean(t, "rdt", true);
	if (r->class_made)
		jsontext_boolean(t, "classMade", true);
	jsontext_integer(t, "createdNs", r->created_ns);
	jsontext_string(t, "cgroup", r->cgroup);
}

static void add_restart(struct jsontext *t, const struct record *r)
{
	jsontext_integer(t, "restarts", r->restarts);
	jsontext_integer(t, "streak", r->streak);
}

char *container_record_format(const struct record *r, struct err *err)
{
	autojsontext struct jsontext t = {0};

	/* Paths may be of any bytes, which JSON is not: then the container is refused. */
	if (!utf8_valid(r->bundle) || !utf8_valid(r->cgroup)) {
		err_set(err, "cannot write the record of %s", r->name);
		return NULL;
	}
	jsontext_open(&t, NULL, '{');
	jsontext_string(&t, "name", r->name);
	jsontext_string(&t, "id", r->id);
	jsontext_string(&t, "bootId", r->boot_id);
	jsontext_string(&t, "stage", stages[r->stage]);
	jsontext_integer(&t, "slot", r->range);
	jsontext_integer(&t, "namespaces", (int64_t)r->namespaces);
	jsontext_integer(&t, "pid", r->pid);
	jsontext_integer(&t, "startTicks", (int64_t)r->start_ticks);
	jsontext_integer(&t, "startedNs", r->started_ns);
	jsontext_boolean(&t, "remove", r->remove);
	jsontext_boolean(&t, "supervised", r->supervised);
	jsontext_boolean(&t, "terminal", r->terminal);
	if (r->kept)
		jsontext_boolean(&t, "kept", true);
	if (r->restarts)
		add_restart(&t, r);
	if (r->resources & 1u << RESOURCE_NET)
		jsontext_boolean(&t, "net", true);
	if (r->healthcheck)
		jsontext_boolean(&t, "healthcheck", true);
	if (r->own_volumes)
		jsontext_boolean(&t, "ownVolumes", true);
	if (r->bundle[0])
		add_bundle(&t, r);
	else if (r->cgroup[0])
		jsontext_string(&t, "cgroup", r->cgroup);
	jsontext_close(&t, '}');
	return jsontext_take(&t, err);
}

static int copy(char *to, size_t size, const char *from)
{
	return snprintf(to, size, "%s", from) < (int)size ? 0 : -1;
}

int container_record_parse(const char *text, size_t len, struct record *ret, struct err *err)
{
	autojson json_t *j = json_parse("record", text, len, err);
	const char *name, *id, *boot, *stage;
	const char *bundle = "", *cgroup = "", *policy; /* older versions wrote one */
	json_int_t range, namespaces, pid, ticks, started, created = 0, restarts = 0, streak = 0;
	int remove, supervised, terminal, late_hooks = 0, rdt = 0, class_made = 0, own_volumes = 0,
					  kept = 0, healthcheck = 0, net = 0;
	size_t at = 0;
	struct record r = {0};

	if (!j)
		return -1;
	if (json_take(j, "record", err,
		    "{ss ss ss ss sI sI sI sI sI sb sb sb s?s s?s s?I s?b s?b s?b s?b s?b s?b s?b s?s s?I s?I}",
		    "name", &name, "id", &id, "bootId", &boot, "stage", &stage, "slot", &range,
		    "namespaces", &namespaces, "pid", &pid, "startTicks", &ticks, "startedNs",
		    &started, "remove", &remove, "supervised", &supervised, "terminal", &terminal,
		    "bundle", &bundle, "cgroup", &cgroup, "createdNs", &created, "lateHooks",
		    &late_hooks, "rdt", &rdt, "classMade", &class_made, "ownVolumes", &own_volumes,
		    "kept", &kept, "healthcheck", &healthcheck, "net", &net, "restart", &policy,
		    "restarts", &restarts, "streak", &streak) < 0)
		return -1;
	while (at < stage_count && strcmp(stages[at], stage) != 0)
		at++;
	if (at == stage_count || range < 0 || range > IDMAP_RANGES || pid < 0 || pid > INT32_MAX ||
		copy(r.name, sizeof(r.name), name) < 0 || copy(r.id, sizeof(r.id), id) < 0 ||
		copy(r.boot_id, sizeof(r.boot_id), boot) < 0 ||
		copy(r.bundle, sizeof(r.bundle), bundle) < 0 ||
		copy(r.cgroup, sizeof(r.cgroup), cgroup) < 0 || restarts < 0 ||
		restarts > UINT32_MAX || streak < 0 || streak > UINT32_MAX)
		return err_set(err, "record: a value is out of range");
	r.stage = (enum stage)at;
	r.range = (uint32_t)range;
	r.namespaces = (uint64_t)namespaces;
	r.pid = (pid_t)pid;
	r.start_ticks = (uint64_t)ticks;
	r.started_ns = started;
	r.remove = remove;
	r.supervised = supervised;
	r.terminal = terminal;
	r.created_ns = created;
	r.late_hooks = late_hooks;
	r.resources = (rdt ? 1u << RESOURCE_RDT : 0) | (net ? 1u << RESOURCE_NET : 0);
	r.class_made = class_made;
	r.own_volumes = own_volumes;
	r.kept = kept;
	r.healthcheck = healthcheck;
	r.restarts = (uint32_t)restarts;
	r.streak = (uint32_t)streak;
	*ret = r;
	return 0;
}

static void add_strings(struct jsontext *t, struct arena *a, const char *name,
	const char *const *list, size_t n)
{
	jsontext_open(t, name, '[');
	for (size_t i = 0; i < n; i++)
		jsontext_string(t, NULL, utf8_escape(a, list[i]));
	jsontext_close(t, ']');
}

static size_t count(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

static void add_labels(struct jsontext *t, const struct metadata *s)
{
	jsontext_open(t, "labels", '{');
	for (size_t i = 0; i < s->label_count; i++)
		if (utf8_valid(s->labels[i].key) && utf8_valid(s->labels[i].value))
			jsontext_string(t, s->labels[i].key, s->labels[i].value);
	jsontext_close(t, '}');
}

static void add_metadata(struct jsontext *t, const struct metadata *s, struct arena *a)
{
	jsontext_string(t, "name", s->name);
	jsontext_string(t, "id", s->id);
	if (s->image)
		jsontext_string(t, "image", s->image);
	if (s->rootfs)
		jsontext_string(t, "rootfs", utf8_escape(a, s->rootfs));
	add_strings(t, a, "command", (const char *const *)s->command, count(s->command));
	add_strings(t, a, "layers", s->layers, s->layer_count);
	if (s->volume_count)
		add_strings(t, a, "volumes", s->volumes, s->volume_count);
	add_labels(t, s);
	jsontext_integer(t, "createdNs", s->created_ns);
	jsontext_integer(t, "startedNs", s->started_ns);
	jsontext_integer(t, "finishedNs", s->finished_ns);
	jsontext_boolean(t, "remove", s->remove);
	jsontext_boolean(t, "logged", s->logged);
	jsontext_boolean(t, "exited", s->exited);
	jsontext_integer(t, "exitStatus", s->exit_status);
	jsontext_boolean(t, "oomKilled", s->oom_killed);
	if (s->restarts)
		jsontext_integer(t, "restarts", s->restarts);
	if (s->unstarted)
		jsontext_boolean(t, "unstarted", true);
	if (s->error)
		jsontext_string(t, "error", s->error);
}

char *metadata_format(const struct metadata *s, struct err *err)
{
	autojsontext struct jsontext t = {0};
	struct arena a = {0};

	if (s->image && !utf8_valid(s->image)) {
		err_set(err, "cannot write container.json of %s", s->name);
		return NULL;
	}
	jsontext_open(&t, NULL, '{');
	add_metadata(&t, s, &a);
	jsontext_close(&t, '}');
	arena_free(&a);
	return jsontext_take(&t, err);
}

static int read_strings(struct arena *a, json_t *list, char ***ret, size_t *ret_count)
{
	size_t n = 0;

	*ret = arena_alloc(a, (json_array_size(list) + 1) * sizeof(**ret));
	for (; n < json_array_size(list); n++) {
		const char *s = json_string_value(json_array_get(list, n));

		if (!s)
			return -1;
		(*ret)[n] = arena_strdup(a, s);
		utf8_unescape((*ret)[n]);
	}
	*ret_count = n;
	return 0;
}

static int read_labels(struct metadata *s, json_t *labels)
{
	const char *key;
	json_t *value;

	json_object_foreach (labels, key, value) {
		struct key_value kv = {.key = arena_strdup(&s->arena, key)};

		if (!json_is_string(value))
			return -1;
		kv.value = arena_strdup(&s->arena, json_string_value(value));
		arena_push(&s->arena, s->labels, s->label_count, kv);
	}
	return 0;
}

int metadata_parse(const char *text, size_t len, struct metadata *ret, struct err *err)
{
	autojson json_t *j = json_parse("container.json", text, len, err);
	const char *name, *id, *image = NULL, *rootfs = NULL, *error = NULL;
	json_t *command, *layers, *labels, *volumes = NULL;
	json_int_t created, started, finished, restarts = 0;
	int remove, logged = 0, exited, status, oom, unstarted = 0;
	struct metadata s = {0};
	char **layer_list, **volume_list;
	size_t n;

	if (!j)
		return -1;
	if (json_take(j, "container.json", err,
		    "{ss ss s?s s?s so so s?o so sI sI sI sb s?b sb si sb s?b s?I s?s}", "name",
		    &name, "id", &id, "image", &image, "rootfs", &rootfs, "command", &command,
		    "layers", &layers, "volumes", &volumes, "labels", &labels, "createdNs",
		    &created, "startedNs", &started, "finishedNs", &finished, "remove", &remove,
		    "logged", &logged, "exited", &exited, "exitStatus", &status, "oomKilled", &oom,
		    "unstarted", &unstarted, "restarts", &restarts, "error", &error) < 0)
		return -1;
	if (read_strings(&s.arena, command, &s.command, &n) < 0 ||
		read_strings(&s.arena, layers, &layer_list, &s.layer_count) < 0 ||
		read_strings(&s.arena, volumes, &volume_list, &s.volume_count) < 0 ||
		read_labels(&s, labels) < 0) {
		arena_free(&s.arena);
		return err_set(err, "container.json: a list holds something else than strings");
	}
	s.layers = (const char **)layer_list;
	s.volumes = (const char **)volume_list;
	s.name = arena_strdup(&s.arena, name);
	s.id = arena_strdup(&s.arena, id);
	s.image = image ? arena_strdup(&s.arena, image) : NULL;
	s.error = error ? arena_strdup(&s.arena, error) : NULL;
	if (rootfs) {
		char *bytes = arena_strdup(&s.arena, rootfs);

		utf8_unescape(bytes);
		s.rootfs = bytes;
	}
	s.created_ns = created;
	s.started_ns = started;
	s.finished_ns = finished;
	s.remove = remove;
	s.logged = logged;
	s.exited = exited;
	s.exit_status = status;
	s.oom_killed = oom;
	s.unstarted = unstarted;
	s.restarts = restarts > 0 ? (uint32_t)restarts : 0;
	*ret = s;
	return 0;
}

void metadata_free(struct metadata *s)
{
	arena_free(&s->arena);
}
