#include "image/compose.h"

#include "base/fd.h"
#include "image/record.h"

#include <stdio.h>
#include <string.h>

static json_t *digest_json(const char *hex)
{
	return json_sprintf("sha256:%s", hex);
}

char *compose_config(const json_t *process, const char *architecture, const char *created,
	const char *origin, const struct compose_layer *layers, size_t count, struct err *err)
{
	json_t *diffs = json_array();
	autojson json_t *doc = json_pack("{s:s, s:s, s:s, s:o, s:{s:s, s:o}, s:[{s:s, s:s}]}",
		"created", created, "architecture", architecture, "os", "linux", "config",
		process ? json_deep_copy(process) : json_object(), "rootfs", "type", "layers",
		"diff_ids", diffs, "history", "created", created, "created_by", origin);

	if (!doc) {
		err_set(err, "cannot describe the image: '%.80s' is not UTF-8", origin);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		json_array_append_new(diffs, digest_json(layers[i].diff));
	return json_text(doc, JSON_COMPACT, err);
}

static json_t *descriptor(const char *media, const char *hex, uint64_t size)
{
	return json_pack("{s:s, s:o, s:I}", "mediaType", media, "digest", digest_json(hex), "size",
		(json_int_t)size);
}

static const char *layer_media(enum compression c)
{
	switch (c) {
	case COMPRESSION_GZIP:
		return "application/vnd.oci.image.layer.v1.tar+gzip";
	case COMPRESSION_ZSTD:
		return "application/vnd.oci.image.layer.v1.tar+zstd";
	default:
		return "application/vnd.oci.image.layer.v1.tar";
	}
}

char *compose_manifest(const char *config_hex, size_t config_size,
	const struct compose_layer *layers, size_t count, struct err *err)
{
	json_t *list = json_array();
	autojson json_t *doc = json_pack("{s:i, s:s, s:o, s:o}", "schemaVersion", 2, "mediaType",
		"application/vnd.oci.image.manifest.v1+json", "config",
		descriptor("application/vnd.oci.image.config.v1+json", config_hex, config_size),
		"layers", list);

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, descriptor(layer_media(layers[i].compression),
						    layers[i].blob, layers[i].size));
	return json_text(doc, JSON_COMPACT, err);
}

/* What an image of others may have is overlooked; what the user of this host has written is not. */
static int check_written(const char *what, const json_t *process, const struct image *image,
	struct err *err)
{
	const json_t *dir = json_object_get(process, "WorkingDir");
	const char *workdir = json_string_value(dir);

	if (json_array_size(json_object_get(process, "Env")) != image->env_count)
		return err_set(err, "%s: 'Env' must be a list of KEY=VALUE", what);
	if (workdir && *workdir && *workdir != '/')
		return err_set(err, "%s: working directory '%.80s' is not absolute", what, workdir);
	return 0;
}

int compose_check_fragment(const char *what, const json_t *process, struct err *err)
{
	static const char *const known[] = {"Entrypoint", "Cmd", "Env", "User", "WorkingDir",
		"StopSignal", "Volumes", "ExposedPorts", "Labels"};
	autojson json_t *doc = json_object();
	struct image image = {0};
	const char *key;
	json_t *value;
	int r;

	if (!json_is_object(process))
		return err_set(err, "%s: not an object", what);
	json_object_foreach ((json_t *)process, key, value) {
		size_t i = 0;

		while (i < sizeof(known) / sizeof(known[0]) && strcmp(key, known[i]) != 0)
			i++;
		if (i == sizeof(known) / sizeof(known[0]))
			return err_set(err, "%s: unknown member '%.80s'", what, key);
	}
	json_object_set(doc, "config", (json_t *)process);
	r = record_config(what, doc, &image, err);
	if (r == 0)
		r = check_written(what, process, &image, err);
	image_free(&image);
	return r;
}
