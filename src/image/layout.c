#include "base/json.h"
#include "image/digest.h"
#include "image/machine.h"
#include "image/source.h"

#include <stdio.h>
#include <string.h>

enum { NESTING_MAX = 4 };

struct descriptor {
	const char *media, *hex, *name;
	uint64_t size;
};

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static int descriptor_read(const char *what, const json_t *o, struct descriptor *ret,
	struct err *err)
{
	const json_t *size = json_object_get(o, "size"), *notes = json_object_get(o, "annotations");
	const char *digest = text_of(o, "digest");

	if (!digest_hex(digest))
		return err_set(err, "%s: '%.100s' is not a sha256 digest", what, digest);
	if (!json_is_integer(size) || json_integer_value(size) < 0)
		return err_set(err, "%s: a descriptor without a size", what);
	ret->hex = digest_hex(digest);
	ret->size = (uint64_t)json_integer_value(size);
	ret->media = text_of(o, "mediaType");
	ret->name = text_of(notes, "io.containerd.image.name");
	if (!ret->name[0])
		ret->name = text_of(notes, "org.opencontainers.image.ref.name");
	return 0;
}

static const char *blob_file(struct source *s, const char *hex)
{
	return arena_printf(&s->arena, "blobs/sha256/%s", hex);
}

/* A document by its descriptor, checked. */
static int blob_read(struct source *s, const struct descriptor *d, const char **ret,
	size_t *ret_len, struct err *err)
{
	char hex[DIGEST_HEX + 1];

	if (source_file(s, blob_file(s, d->hex), ret, ret_len, err) < 0)
		return -1;
	digest_of(*ret, *ret_len, hex);
	if (*ret_len != d->size)
		return err_set(err, "blob sha256:%s has %zu bytes, %llu announced", d->hex,
			*ret_len, (unsigned long long)d->size);
	if (strcmp(hex, d->hex) != 0)
		return err_set(err, "blob sha256:%s is damaged: its digest is sha256:%s", d->hex,
			hex);
	return 0;
}

static bool is_index(const char *media)
{
	return strcmp(media, "application/vnd.oci.image.index.v1+json") == 0 ||
	       strcmp(media, "application/vnd.docker.distribution.manifest.list.v2+json") == 0;
}

static bool is_manifest(const char *media)
{
	return strcmp(media, "application/vnd.oci.image.manifest.v1+json") == 0 ||
	       strcmp(media, "application/vnd.docker.distribution.manifest.v2+json") == 0;
}

static bool is_tar(const char *media)
{
	static const char *const known[] = {
		"application/vnd.oci.image.layer.v1.tar",
		"application/vnd.oci.image.layer.v1.tar+gzip",
		"application/vnd.oci.image.layer.v1.tar+zstd",
		"application/vnd.docker.image.rootfs.diff.tar",
		"application/vnd.docker.image.rootfs.diff.tar.gzip",
		"application/vnd.docker.image.rootfs.diff.tar.zstd",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(media, known[i]) == 0)
			return true;
	return false;
}

static int layer_read(struct source *s, const json_t *o, struct err *err)
{
	struct source_layer layer = {0};
	struct descriptor d;

	if (descriptor_read("image manifest", o, &d, err) < 0)
		return -1;
	if (!is_tar(d.media))
		return err_set(err, "layer %zu has the media type '%.100s', which is no tar",
			s->layer_count + 1, d.media);
	layer.digest = arena_strdup(&s->arena, d.hex);
	layer.file = blob_file(s, d.hex);
	layer.size = d.size;
	arena_push(&s->arena, s->layers, s->layer_count, layer);
	return 0;
}

static int manifest_read(struct source *s, const struct descriptor *d, struct err *err)
{
	autojson json_t *doc = NULL;
	struct descriptor config;
	const json_t *layers;

	if (blob_read(s, d, &s->manifest, &s->manifest_len, err) < 0)
		return -1;
	doc = json_parse("image manifest", s->manifest, s->manifest_len, err);
	if (!doc ||
		descriptor_read("image manifest", json_object_get(doc, "config"), &config, err) < 0)
		return -1;
	if (blob_read(s, &config, &s->config, &s->config_len, err) < 0)
		return -1;
	layers = json_object_get(doc, "layers");
	if (!json_is_array(layers) || json_array_size(layers) > SOURCE_LAYERS_MAX)
		return err_set(err, "image manifest: no list of at most %d layers",
			SOURCE_LAYERS_MAX);
	for (size_t i = 0; i < json_array_size(layers); i++)
		if (layer_read(s, json_array_get(layers, i), err) < 0)
			return -1;
	return source_diffs(s, err);
}

/* Of an image made for several machines, the one for this. */
static bool fits_machine(const json_t *o)
{
	const json_t *platform = json_object_get(o, "platform");

	if (!platform)
		return true;
	return strcmp(text_of(platform, "os"), "linux") == 0 &&
	       strcmp(text_of(platform, "architecture"), machine_host()) == 0;
}

static int image_read(struct source *s, const struct descriptor *d, unsigned depth,
	struct err *err);

static int nested_read(struct source *s, const json_t *list, unsigned depth, struct err *err)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		struct descriptor d;

		if (!fits_machine(o))
			continue;
		if (descriptor_read("image index", o, &d, err) < 0)
			return -1;
		return image_read(s, &d, depth + 1, err);
	}
	return err_set(err, "it has no image for linux/%s", machine_host());
}

static int image_read(struct source *s, const struct descriptor *d, unsigned depth, struct err *err)
{
	autojson json_t *doc = NULL;
	const char *text;
	size_t len;

	if (is_manifest(d->media))
		return manifest_read(s, d, err);
	if (!is_index(d->media))
		return err_set(err, "'%.100s' is no image manifest", d->media);
	if (depth == NESTING_MAX)
		return err_set(err, "image indexes are nested more than %d deep", NESTING_MAX);
	if (blob_read(s, d, &text, &len, err) < 0)
		return -1;
	doc = json_parse("image index", text, len, err);
	return doc ? nested_read(s, json_object_get(doc, "manifests"), depth, err) : -1;
}

static bool name_fits(const char *name, const char *wanted)
{
	const char *tag = strrchr(wanted, ':');

	return name[0] && (strcmp(name, wanted) == 0 || (tag && strcmp(name, tag + 1) == 0));
}

/* Several entries for several machines under one name are one image. */
static bool same_names(const char **names, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (strcmp(names[i], names[0]) != 0)
			return false;
	return true;
}

static int index_read(struct source *s, const json_t *list, const char *wanted, struct err *err)
{
	const char **names = NULL;
	const json_t *chosen = NULL;
	struct descriptor d;
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);

		if (descriptor_read("index.json", o, &d, err) < 0)
			return -1;
		arena_push(&s->arena, names, count, arena_strdup(&s->arena, d.name));
		if (wanted && name_fits(d.name, wanted) && (!chosen || fits_machine(o)))
			chosen = o;
	}
	if (!count)
		return err_set(err, "index.json lists no image");
	if (!chosen && (wanted || !same_names(names, count)))
		return source_choose(wanted, names, count, err);
	for (size_t i = 0; !chosen && i < count; i++)
		if (fits_machine(json_array_get(list, i)))
			chosen = json_array_get(list, i);
	if (!chosen)
		return err_set(err, "it has no image for linux/%s", machine_host());
	descriptor_read("index.json", chosen, &d, err);
	s->name = arena_strdup(&s->arena, d.name);
	return image_read(s, &d, 0, err);
}

static int version_check(struct source *s, struct err *err)
{
	autojson json_t *doc = NULL;
	const char *text;
	size_t len;

	if (source_file(s, "oci-layout", &text, &len, err) < 0)
		return -1;
	doc = json_parse("oci-layout", text, len, err);
	if (!doc)
		return -1;
	if (strcmp(text_of(doc, "imageLayoutVersion"), "1.0.0") != 0)
		return err_set(err, "oci-layout: version '%.40s' is unknown",
			text_of(doc, "imageLayoutVersion"));
	return 0;
}

int layout_read(int dir, const char *wanted, struct source *ret, struct err *err)
{
	struct source s = {.dir = dir, .name = ""};
	autojson json_t *doc = NULL;
	const char *text;
	size_t len;

	if (version_check(&s, err) < 0 || source_file(&s, "index.json", &text, &len, err) < 0)
		goto fail;
	doc = json_parse("index.json", text, len, err);
	if (!doc || index_read(&s, json_object_get(doc, "manifests"), wanted, err) < 0)
		goto fail;
	*ret = s;
	return 0;
fail:
	source_free(&s);
	return -1;
}
