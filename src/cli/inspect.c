#include "base/fd.h"
#include "cgroup/effective.h"
#include "cgroup/hierarchy.h"
#include "cgroup/path.h"
#include "cli/command.h"
#include "cli/dockernames.h"
#include "cli/networkview.h"
#include "cli/size.h"
#include "cli/view.h"
#include "container/life.h"
#include "image/store.h"
#include "ns/idmap.h"
#include "state/alive.h"
#include "state/configfile.h"
#include "state/health.h"
#include "state/metadata.h"
#include "state/status.h"

#include <errno.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>

static int set_type(void *to, const char *what, const char *value, struct err *err)
{
	(void)to;
	if (strcmp(value, "container") == 0)
		return 0;
	err_value(err, what, value, "is not container");
	return err_hint(err, "images have ctr image inspect, volumes ctr volume inspect");
}

/* 0: the kernel has no such file, or nothing is set. */
static void put_limit(json_t *j, const char *key, uint64_t value)
{
	if (value == UINT64_MAX)
		json_object_set_new(j, key, json_string("max"));
	else if (value)
		json_object_set_new(j, key, json_integer((json_int_t)value));
}

static void put_text(json_t *j, const char *key, const char *value)
{
	if (value)
		json_object_set_new(j, key, json_string(value));
}

static json_t *io_json(const struct limits *l)
{
	json_t *list = json_array();

	for (size_t i = 0; i < l->io_max_count; i++) {
		const struct io_max *m = &l->io_max[i];
		json_t *j = json_object();
		char device[32];

		snprintf(device, sizeof(device), "%u:%u", m->major, m->minor);
		put_text(j, "device", device);
		put_limit(j, "rbps", m->rbps);
		put_limit(j, "wbps", m->wbps);
		put_limit(j, "riops", m->riops);
		put_limit(j, "wiops", m->wiops);
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *limits_json(const struct limits *l)
{
	json_t *j = json_object(), *conf = json_object();

	put_limit(j, "memory", l->memory);
	put_limit(j, "memoryHigh", l->memory_high);
	put_limit(j, "memoryLow", l->memory_low);
	put_limit(j, "swap", l->memory_swap);
	if (l->memory_swap_set && !l->memory_swap)
		json_object_set_new(j, "swap", json_integer(0));
	put_limit(j, "cpuQuotaUs", l->cpu_quota_us);
	put_limit(j, "cpuPeriodUs", l->cpu_period_us);
	put_limit(j, "cpuWeight", l->cpu_weight);
	put_text(j, "cpusetCpus", l->cpuset_cpus);
	put_text(j, "cpusetMems", l->cpuset_mems);
	put_limit(j, "pids", l->pids);
	put_limit(j, "ioWeight", l->io_weight);
	if (l->io_max_count)
		json_object_set_new(j, "ioMax", io_json(l));
	for (size_t i = 0; i < l->conf_count; i++)
		put_text(conf, l->conf[i].key, l->conf[i].value);
	json_object_set_new(j, "conf", conf);
	return j;
}

/* As the kernel has them now; absent where this host has no such controller. */
static json_t *read_limits(struct container *c, struct err *err)
{
	struct spec spec = {0};
	bool known = container_spec(c->store, c->record.name, &spec, err) == 0;
	struct arena a = {0};
	struct limits limits;
	json_t *j = NULL;

	if (!known && err->sys != ENOENT)
		return NULL;
	if (cgroup_read_limits(c->group_fd, known ? &spec.limits : NULL, &a, &limits, err) == 0)
		j = limits_json(&limits);
	arena_free(&a);
	if (known)
		spec_free(&spec);
	return j;
}

static json_t *ids_json(const struct record *r)
{
	if (!(r->namespaces & CLONE_NEWUSER))
		return NULL;
	return json_pack("{sI si}", "first", (json_int_t)idmap_range_base(r->range), "count",
		SPEC_IDS);
}

static json_t *cgroup_json(const struct record *r, struct err *err)
{
	char mount[256], path[sizeof(mount) + CGROUP_PATH_SIZE];
	autofd int fd = cgroup_hierarchy_open(mount, sizeof(mount), err);

	if (fd < 0)
		return NULL;
	if (r->cgroup[0])
		snprintf(path, sizeof(path), "%s/%s", mount, r->cgroup);
	else
		snprintf(path, sizeof(path), "%s/ctr/%03x", mount, r->range);
	return json_shown(path);
}

/* null: not now. */
static void put(json_t *j, const char *key, json_t *value)
{
	json_object_set_new(j, key, value ? value : json_null());
}

static json_t *answer_json(const struct health_answer *x)
{
	char start[TIME_SIZE], end[TIME_SIZE];

	return json_pack("{ss ss si so}", "Start", time_format(x->start_ns, start), "End",
		time_format(x->end_ns, end), "ExitCode", x->status, "Output",
		json_shown(x->output));
}

/* In docker's words, for who reads docker's. */
static int put_health(json_t *j, const struct container *c, struct err *err)
{
	json_t *log = json_array();
	struct arena a = {0};
	struct health h;
	int r = health_read(c->state_fd, &c->record, &a, &h, err);

	for (size_t i = 0; r == 0 && i < h.count; i++)
		json_array_append_new(log, answer_json(&h.answers[i]));
	put(j, "health",
		json_pack("{ss sI so}", "Status", health_status_name(h.state.status),
			"FailingStreak", (json_int_t)h.state.streak, "Log", log));
	arena_free(&a);
	return r;
}

static int put_running(json_t *j, struct container *c, struct err *err)
{
	json_t *cgroup = cgroup_json(&c->record, err), *limits = NULL;

	if (!cgroup)
		return -1;
	put(j, "idRange", ids_json(&c->record));
	put(j, "cgroup", cgroup);
	put(j, "supervised",
		json_boolean(
			c->record.supervised && !container_is_forsaken(&c->record, c->state_fd)));
	put(j, "terminal", json_boolean(c->record.terminal));
	if (c->record.healthcheck && put_health(j, c, err) < 0)
		return -1;
	if (c->group_fd >= 0 && !(limits = read_limits(c, err)))
		return -1;
	put(j, "limits", limits);
	return 0;
}

/* What exists while it runs. */
static int add_running(json_t *j, const struct store *store, const struct view *view,
	struct err *err)
{
	static const char *const keys[] = {"idRange", "cgroup", "limits", "supervised", "terminal",
		"health"};
	bool alive = view->status == CONTAINER_RUNNING || view->status == CONTAINER_PAUSED;
	struct container c;
	int r = -1;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		put(j, keys[i], NULL);
	if (!alive || view->elsewhere)
		return 0;
	if (container_open_running(store, view->metadata.name, "inspect", &c, err) == 0) {
		r = put_running(j, &c, err);
		container_close(&c);
	}
	/* No error if it has ended meanwhile, or its group is gone. */
	return r == 0 || err->sys == ESRCH || err->sys == ENOENT ? 0 : -1;
}

struct inspect_flags {
	struct format format; /* first: what its setter is given */
	bool size;
};

static json_t *layers_json(const struct metadata *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->layer_count; i++)
		json_array_append_new(list, json_shown(s->layers[i]));
	return list;
}

static const char *member(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static bool is_readonly(const json_t *mount)
{
	const json_t *options = json_object_get(mount, "options"), *option;
	size_t i;

	json_array_foreach (options, i, option)
		if (strcmp(json_string_value(option), "ro") == 0 ||
			strcmp(json_string_value(option), "rro") == 0)
			return true;
	return false;
}

/* The volume that the source of a mount is the data of, or NULL. */
static const char *volume_of(const struct store *store, const struct metadata *s,
	const char *source)
{
	char path[4096];

	for (size_t i = 0; source && i < s->volume_count; i++) {
		snprintf(path, sizeof(path), "%s/volumes/%s/data", store->root, s->volumes[i]);
		if (strcmp(path, source) == 0)
			return s->volumes[i];
	}
	return NULL;
}

/* What is seen of the host; the rest of its mounts is in its config. */
static json_t *mounts_json(const struct store *store, const struct metadata *s,
	const json_t *config)
{
	json_t *list = json_array(), *mount;
	size_t i;

	json_array_foreach (json_object_get(config, "mounts"), i, mount) {
		const char *type = member(mount, "type"), *source = member(mount, "source");
		const char *volume = volume_of(store, s, source);
		json_t *j;

		if (!type || !source || strcmp(type, "bind") != 0)
			continue;
		j = json_pack("{ss so so so sb}", "type", volume ? "volume" : "bind", "name",
			json_text_or_null(volume), "source", json_shown(source), "destination",
			json_text_or_null(member(mount, "destination")), "readOnly",
			is_readonly(mount));
		json_array_append_new(list, j);
	}
	return list;
}

/* Of one that runs: its networks, and the ports of the host that lead to it. */
static int put_networks(json_t *j, const struct store *store, const struct view *view,
	struct err *err)
{
	struct network_plan plan = {.port_count = 0};

	if (view->connected && network_plan_of(store, view->metadata.name, &plan, err) < 0)
		return -1;
	put(j, "networks", connections_json(&plan));
	put(j, "ports", ports_json(&plan));
	network_plan_free(&plan);
	return 0;
}

static json_t *container_json(const struct store *store, const struct view *view, struct err *err)
{
	const char *name = view->metadata.name;
	autofree char *text = NULL;
	autojson json_t *config = NULL, *j = NULL;
	char data[4096];
	size_t len;

	if (container_read(store, name, "config.json", &text, &len, err) == 0)
		config = json_parse("config.json", text, len, err);
	if (!config && err->sys != ENOENT)
		return NULL;
	j = view_json(view);
	snprintf(data, sizeof(data), "%s/containers/%s", store->root, name);
	put(j, "directory", json_shown(data));
	put(j, "layers", layers_json(&view->metadata));
	put(j, "mounts", mounts_json(store, &view->metadata, config));
	if (add_running(j, store, view, err) < 0 || put_networks(j, store, view, err) < 0)
		return NULL;
	put(j, "config", json_incref(config));
	return json_incref(j);
}

static int unknown_name(const struct store *store, const char *word, struct err *err)
{
	struct image image;
	struct err other;

	if (err->sys == ENOENT && image_open(store->root_fd, word, &image, &other) == 0) {
		image_free(&image);
		err_hint(err, "it is an image: ctr image inspect %s", word);
	}
	return -1;
}

static json_t *inspect(struct viewer *v, const struct inspect_flags *f, const char *word,
	struct err *err)
{
	char name[SPEC_NAME_MAX + 1];
	struct view view;
	json_t *j;
	int r;

	if (container_find(v->store, word, name, err) < 0) {
		unknown_name(v->store, word, err);
		return NULL;
	}
	r = viewer_look(v, name, VIEW_ANY, &view, err);
	if (r == 0)
		err_set(err, "no container %s: it has just been removed", name);
	if (r <= 0)
		return NULL;
	j = container_json(v->store, &view, err);
	if (j && f->size) {
		struct container_size size;

		container_size(v->store, &view, &size);
		size_put(j, &size);
	}
	view_free(&view);
	return j;
}

static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	const struct inspect_flags *f = options;
	autojson json_t *all = json_array();
	struct viewer v;
	int status = 0;

	if (argc < 1)
		return err_set(err, "takes one or more containers");
	viewer_init(&v, &cli->store);
	/* As docker does: what is known is printed, and what is not, too. */
	for (int i = 0; i < argc; i++) {
		json_t *j = inspect(&v, f, argv[i], err);

		if (j && f->format.template)
			docker_names_inspect(j, f->format.template);
		if (j)
			json_array_append_new(all, j);
		else if (argc == 1)
			return -1;
		else
			status = err_print(err, "ctr: inspect");
	}
	viewer_close(&v);
	if (format_print_list(&f->format, all, err) < 0 || output_end(err) < 0)
		return -1;
	return status;
}

static void init(void *options)
{
	((struct inspect_flags *)options)->format.json = true;
}

static const struct flag flags[] = {
	{"format", 'f', "FORMAT", "json or a template (json)", format_set_shown},
	{"size", 's', NULL, "with how much room it takes, which takes time",
		FLAG_BOOL(inspect_flags, size)},
	{"type", 't', "container", "containers are all that it looks for", set_type},
	{0},
};

const struct command command_inspect = {
	.name = "inspect",
	.summary = "Print all that is known of containers, as JSON",
	.arguments = "CONTAINER…",
	.examples =
		"  ctr inspect web\n  ctr inspect --format '{{.status}} {{.limits.memory}}' web\n",
	.flags = flags,
	.run = run,
	.init = init,
	.options_size = sizeof(struct inspect_flags),
};
