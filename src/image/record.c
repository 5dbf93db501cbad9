#include "image/record.h"

#include "base/fd.h"
#include "image/reference.h"

#include <string.h>

void image_free(struct image *image)
{
	arena_free(&image->arena);
	memset(image, 0, sizeof(*image));
}

static int bad_type(const char *what, const char *key, const char *wanted, struct err *err)
{
	return err_set(err, "%s: '%s' must be %s", what, key, wanted);
}

/* Absent and null are both "": docker writes either. */
static int get_string(const char *what, const json_t *o, const char *key, struct arena *a,
	const char **ret, struct err *err)
{
	const json_t *v = json_object_get(o, key);

	if (v && !json_is_null(v) && !json_is_string(v))
		return bad_type(what, key, "a string", err);
	*ret = arena_strdup(a, json_is_string(v) ? json_string_value(v) : "");
	return 0;
}

/* A NULL-terminated array of strings. */
static int get_strings(const char *what, const json_t *o, const char *key, struct arena *a,
	char ***ret, size_t *ret_count, struct err *err)
{
	const json_t *v = json_object_get(o, key);
	size_t n = json_array_size(v);
	char **list;

	if (v && !json_is_null(v) && !json_is_array(v))
		return bad_type(what, key, "an array of strings", err);
	list = arena_alloc(a, (n + 1) * sizeof(*list));
	for (size_t i = 0; i < n; i++) {
		const json_t *s = json_array_get(v, i);

		if (!json_is_string(s))
			return bad_type(what, key, "an array of strings", err);
		list[i] = arena_strdup(a, json_string_value(s));
	}
	*ret = list;
	*ret_count = n;
	return 0;
}

static int get_hex_list(const char *what, const json_t *o, const char *key, struct arena *a,
	const char ***ret, size_t *ret_count, struct err *err)
{
	char **list;

	if (get_strings(what, o, key, a, &list, ret_count, err) < 0)
		return -1;
	for (size_t i = 0; i < *ret_count; i++)
		if (!digest_hex_valid(list[i]))
			return bad_type(what, key, "a list of sha256 in hex", err);
	*ret = (const char **)list;
	return 0;
}

static int get_hex(const char *what, const json_t *o, const char *key, struct arena *a,
	const char **ret, struct err *err)
{
	if (get_string(what, o, key, a, ret, err) < 0)
		return -1;
	return digest_hex_valid(*ret) ? 0 : bad_type(what, key, "a sha256 in hex", err);
}

/* The keys of an object: how an image config writes sets (Volumes, ExposedPorts). */
static int get_keys(const char *what, const json_t *o, const char *key, struct arena *a,
	const char ***ret, size_t *ret_count, struct err *err)
{
	json_t *v = json_object_get(o, key), *value;
	const char **list = NULL, *k;
	size_t n = 0;

	if (v && !json_is_null(v) && !json_is_object(v))
		return bad_type(what, key, "an object", err);
	json_object_foreach (v, k, value)
		arena_push(a, list, n, arena_strdup(a, k));
	*ret = list;
	*ret_count = n;
	return 0;
}

static int get_labels(const char *what, const json_t *o, const char *key, struct image *image,
	struct err *err)
{
	json_t *v = json_object_get(o, key), *value;
	const char *k;

	if (v && !json_is_null(v) && !json_is_object(v))
		return bad_type(what, key, "an object of strings", err);
	json_object_foreach (v, k, value) {
		struct key_value kv = {.key = arena_strdup(&image->arena, k)};

		if (!json_is_string(value))
			return bad_type(what, key, "an object of strings", err);
		kv.value = arena_strdup(&image->arena, json_string_value(value));
		arena_push(&image->arena, image->labels, image->label_count, kv);
	}
	return 0;
}

static int get_number(const char *what, const json_t *o, const char *key, uint64_t *ret,
	struct err *err)
{
	const json_t *v = json_object_get(o, key);

	if (v && !json_is_null(v) && (!json_is_integer(v) || json_integer_value(v) < 0))
		return bad_type(what, key, "a number from 0 on", err);
	*ret = (uint64_t)json_integer_value(v);
	return 0;
}

static int get_health(const char *what, const json_t *o, struct image *image, struct err *err)
{
	struct health_spec *h = &image->health;

	if (!o || json_is_null(o))
		return 0;
	if (!json_is_object(o))
		return bad_type(what, "Healthcheck", "an object", err);
	if (get_strings(what, o, "Test", &image->arena, &h->test, &h->test_count, err) < 0 ||
		get_number(what, o, "Interval", &h->interval_ns, err) < 0 ||
		get_number(what, o, "Timeout", &h->timeout_ns, err) < 0 ||
		get_number(what, o, "StartPeriod", &h->start_period_ns, err) < 0 ||
		get_number(what, o, "StartInterval", &h->start_interval_ns, err) < 0 ||
		get_number(what, o, "Retries", &h->retries, err) < 0)
		return -1;
	return 0;
}

static void drop_bad_env(struct image *image)
{
	size_t kept = 0;

	for (size_t i = 0; i < image->env_count; i++) {
		const char *eq = strchr(image->env[i], '=');

		if (eq && eq != image->env[i])
			image->env[kept++] = image->env[i];
	}
	image->env[kept] = NULL;
	image->env_count = kept;
}

/* A group that is named by nothing is none, for whoever else runs such an image. */
static void drop_empty_group(struct image *image)
{
	size_t len = strlen(image->user);

	if (len > 1 && image->user[len - 1] == ':')
		image->user = arena_strndup(&image->arena, image->user, len - 1);
}

static int get_platform(const char *what, const json_t *o, struct image *image, struct err *err)
{
	struct arena *a = &image->arena;

	if (get_string(what, o, "architecture", a, &image->architecture, err) < 0 ||
		get_string(what, o, "os", a, &image->os, err) < 0 ||
		get_string(what, o, "variant", a, &image->variant, err) < 0 ||
		get_string(what, o, "created", a, &image->created, err) < 0)
		return -1;
	return 0;
}

/* The members of an image config's "config"; the record keeps them under the same names. */
static int get_process(const char *what, const json_t *o, struct image *image, struct err *err)
{
	struct arena *a = &image->arena;

	if (get_strings(what, o, "Entrypoint", a, &image->entrypoint, &image->entrypoint_count,
		    err) < 0 ||
		get_strings(what, o, "Cmd", a, &image->cmd, &image->cmd_count, err) < 0 ||
		get_strings(what, o, "Env", a, &image->env, &image->env_count, err) < 0 ||
		get_string(what, o, "User", a, &image->user, err) < 0 ||
		get_string(what, o, "WorkingDir", a, &image->workdir, err) < 0 ||
		get_string(what, o, "StopSignal", a, &image->stop_signal, err) < 0 ||
		get_keys(what, o, "Volumes", a, &image->volumes, &image->volume_count, err) < 0 ||
		get_keys(what, o, "ExposedPorts", a, &image->ports, &image->port_count, err) < 0 ||
		get_labels(what, o, "Labels", image, err) < 0 ||
		get_health(what, json_object_get(o, "Healthcheck"), image, err) < 0)
		return -1;
	drop_bad_env(image);
	drop_empty_group(image);
	if (image->workdir[0] && image->workdir[0] != '/')
		image->workdir = arena_printf(a, "/%s", image->workdir);
	return 0;
}

/* Each is a directory that a start may have to make. */
static size_t volume_levels(const struct image *image)
{
	size_t levels = 0;

	for (size_t i = 0; i < image->volume_count; i++)
		for (const char *p = image->volumes[i]; *p; p++)
			levels += *p == '/';
	return levels;
}

int record_check_size(const char *what, const struct image *image, struct err *err)
{
	const struct {
		const char *name;
		size_t count;
	} kinds[] = {
		{"Entrypoint", image->entrypoint_count},
		{"Cmd", image->cmd_count},
		{"Env", image->env_count},
		{"Volumes", image->volume_count},
		{"ExposedPorts", image->port_count},
		{"Labels", image->label_count},
		{"Healthcheck", image->health.test_count},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].count > RECORD_ITEMS_MAX)
			return err_set(err, "%s: '%s' has %zu items, %d are allowed", what,
				kinds[i].name, kinds[i].count, RECORD_ITEMS_MAX);
	if (volume_levels(image) > RECORD_ITEMS_MAX)
		return err_set(err, "%s: 'Volumes' has paths of %zu levels in all, %d are allowed",
			what, volume_levels(image), RECORD_ITEMS_MAX);
	return 0;
}

int record_config(const char *what, const json_t *config, struct image *image, struct err *err)
{
	const json_t *process = json_object_get(config, "config");

	if (!json_is_object(config))
		return err_set(err, "%s: not an image config", what);
	if (process && !json_is_null(process) && !json_is_object(process))
		return bad_type(what, "config", "an object", err);
	if (get_platform(what, config, image, err) < 0)
		return -1;
	return get_process(what, process, image, err);
}

static int get_identity(const char *what, const json_t *doc, struct image *image, struct err *err)
{
	struct arena *a = &image->arena;
	const json_t *size = json_object_get(doc, "size");

	if (get_string(what, doc, "name", a, &image->name, err) < 0 ||
		get_hex(what, doc, "manifest", a, &image->manifest, err) < 0 ||
		get_hex(what, doc, "id", a, &image->id, err) < 0 ||
		get_hex_list(what, doc, "layers", a, &image->layers, &image->layer_count, err) <
			0 ||
		get_hex_list(what, doc, "blobs", a, &image->blobs, &image->blob_count, err) < 0)
		return -1;
	if (!json_is_integer(size) || json_integer_value(size) < 0)
		return bad_type(what, "size", "a number of bytes", err);
	image->size = (uint64_t)json_integer_value(size);
	/* Records of before have none. */
	if (json_integer_value(json_object_get(doc, "unpacked")) > 0)
		image->unpacked = (uint64_t)json_integer_value(json_object_get(doc, "unpacked"));
	return 0;
}

int record_parse(const char *what, const json_t *doc, struct image *ret, struct err *err)
{
	struct image image = {0};

	if (!json_is_object(doc))
		return err_set(err, "%s: not an object", what);
	if (get_identity(what, doc, &image, err) < 0 || record_config(what, doc, &image, err) < 0) {
		image_free(&image);
		return -1;
	}
	*ret = image;
	return 0;
}

static json_t *strings_json(char *const *list, size_t count)
{
	json_t *a = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(a, json_string(list[i]));
	return a;
}

static json_t *keys_json(const char **list, size_t count)
{
	json_t *o = json_object();

	for (size_t i = 0; i < count; i++)
		json_object_set_new(o, list[i], json_object());
	return o;
}

static json_t *health_json(const struct health_spec *h)
{
	return json_pack("{so sI sI sI sI sI}", "Test", strings_json(h->test, h->test_count),
		"Interval", (json_int_t)h->interval_ns, "Timeout", (json_int_t)h->timeout_ns,
		"StartPeriod", (json_int_t)h->start_period_ns, "StartInterval",
		(json_int_t)h->start_interval_ns, "Retries", (json_int_t)h->retries);
}

static json_t *process_json(const struct image *image)
{
	json_t *o = json_object(), *labels = json_object();

	json_object_set_new(o, "Entrypoint",
		strings_json(image->entrypoint, image->entrypoint_count));
	json_object_set_new(o, "Cmd", strings_json(image->cmd, image->cmd_count));
	json_object_set_new(o, "Env", strings_json(image->env, image->env_count));
	json_object_set_new(o, "User", json_string(image->user));
	json_object_set_new(o, "WorkingDir", json_string(image->workdir));
	json_object_set_new(o, "StopSignal", json_string(image->stop_signal));
	json_object_set_new(o, "Volumes", keys_json(image->volumes, image->volume_count));
	json_object_set_new(o, "ExposedPorts", keys_json(image->ports, image->port_count));
	for (size_t i = 0; i < image->label_count; i++)
		json_object_set_new(labels, image->labels[i].key,
			json_string(image->labels[i].value));
	json_object_set_new(o, "Labels", labels);
	if (image->health.test_count)
		json_object_set_new(o, "Healthcheck", health_json(&image->health));
	return o;
}

char *record_text(const struct image *image, struct err *err)
{
	autojson json_t *doc = json_object();

	json_object_set_new(doc, "name", json_string(image->name));
	json_object_set_new(doc, "manifest", json_string(image->manifest));
	json_object_set_new(doc, "id", json_string(image->id));
	json_object_set_new(doc, "layers",
		strings_json((char *const *)image->layers, image->layer_count));
	json_object_set_new(doc, "blobs",
		strings_json((char *const *)image->blobs, image->blob_count));
	json_object_set_new(doc, "size", json_integer((json_int_t)image->size));
	if (image->unpacked)
		json_object_set_new(doc, "unpacked", json_integer((json_int_t)image->unpacked));
	json_object_set_new(doc, "architecture", json_string(image->architecture));
	json_object_set_new(doc, "os", json_string(image->os));
	json_object_set_new(doc, "variant", json_string(image->variant));
	json_object_set_new(doc, "created", json_string(image->created));
	json_object_set_new(doc, "config", process_json(image));
	return json_text(doc, JSON_COMPACT, err);
}
