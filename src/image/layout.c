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
	return arena_printf(&s->arena, s->flat ? "%s" : "blobs/sha256/%s", hex);
}

/* skopeo's dir: has the manifests that an index names beside it, too, but not by the name of a blob. */
static const char *manifest_file(struct source *s, const char *hex)
{
	return s->flat ? arena_printf(&s->arena, "%s.manifest.json", hex) : blob_file(s, hex);
}

/* A document by its descriptor, checked. */
static int blob_read(struct source *s, const struct descriptor *d, const char *file, size_t max,
	const char **ret, size_t *ret_len, struct err *err)
{
	char hex[DIGEST_HEX + 1];

	if (source_file(s, file, max, ret, ret_len, err) < 0)
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

/* Whatever calls itself a tar, in OCI's words or docker's, distributable or not: its bytes say what it is,
 * and its digests whether it is the right one. */
static bool is_tar(const char *media)
{
	static const char *const ends[] = {"", "+gzip", ".gzip", "+zstd", ".zstd", "+xz", ".xz",
		"+bzip2"};
	const char *tar = NULL;

	for (const char *s = media; (s = strstr(s, "tar")); s += 3)
		tar = s;
	for (size_t i = 0; tar && i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strcmp(tar + 3, ends[i]) == 0)
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

static int manifest_parse(struct source *s, struct err *err)
{
	autojson json_t *doc = json_parse("image manifest", s->manifest, s->manifest_len, err);
	struct descriptor config;
	const json_t *layers;

	if (!doc ||
		descriptor_read("image manifest", json_object_get(doc, "config"), &config, err) < 0)
		return -1;
	if (blob_read(s, &config, blob_file(s, config.hex), SOURCE_CONFIG_MAX, &s->config,
		    &s->config_len, err) < 0)
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

static int manifest_read(struct source *s, const struct descriptor *d, struct err *err)
{
	s->layer_count = 0;
	if (blob_read(s, d, manifest_file(s, d->hex), JSON_MAX_BYTES, &s->manifest,
		    &s->manifest_len, err) < 0)
		return -1;
	return manifest_parse(s, err);
}

/* What is said about an image, not one: BuildKit's attestations. */
static bool is_about_another(const json_t *o)
{
	return *text_of(json_object_get(o, "annotations"), "vnd.docker.reference.type") ||
	       strcmp(text_of(json_object_get(o, "platform"), "os"), "unknown") == 0;
}

enum { FIT_NOT, FIT_UNKNOWN /* it does not say */, FIT_GOOD /* and more: a better variant */ };

static unsigned fitness(const json_t *o)
{
	const json_t *platform = json_object_get(o, "platform");
	unsigned variant;

	if (is_about_another(o))
		return FIT_NOT;
	if (!platform)
		return FIT_UNKNOWN;
	if (strcmp(text_of(platform, "os"), "linux") != 0 ||
		strcmp(text_of(platform, "architecture"), machine_host()) != 0)
		return FIT_NOT;
	variant = machine_variant(text_of(platform, "variant"));
	return variant ? FIT_GOOD + variant : FIT_NOT;
}

static int refuse_machine(struct err *err)
{
	return err_set(err, "it has no image for linux/%s that this processor can run",
		machine_host());
}

static bool config_fits(const struct source *s)
{
	struct err ignored;
	autojson json_t *config = json_parse("image config", s->config, s->config_len, &ignored);

	return strcmp(text_of(config, "os"), "linux") == 0 &&
	       strcmp(text_of(config, "architecture"), machine_host()) == 0;
}

static int image_read(struct source *s, const json_t *o, unsigned depth, struct err *err);

/* Entries that do not say what they are for: their configs do. One alone is taken as it is. */
static int unknown_read(struct source *s, const json_t *const *list, size_t count, unsigned depth,
	struct err *err)
{
	for (size_t i = 0; i < count; i++)
		if (image_read(s, list[i], depth, err) == 0 && (count == 1 || config_fits(s)))
			return 0;
	return count == 1 ? -1 : refuse_machine(err);
}

/* Reads the part of an image for several machines that fits this machine best. */
static int best_read(struct source *s, const json_t *const *list, size_t count, unsigned depth,
	struct err *err)
{
	const json_t **unknown = NULL, *best = NULL;
	size_t unknowns = 0;
	unsigned most = FIT_UNKNOWN;

	for (size_t i = 0; i < count; i++) {
		unsigned fit = fitness(list[i]);

		if (fit == FIT_UNKNOWN)
			arena_push(&s->arena, unknown, unknowns, list[i]);
		if (fit > most) {
			best = list[i];
			most = fit;
		}
	}
	if (best)
		return image_read(s, best, depth, err);
	return unknowns ? unknown_read(s, unknown, unknowns, depth, err) : refuse_machine(err);
}

static int nested_read(struct source *s, const json_t *entries, unsigned depth, struct err *err)
{
	const json_t **list = NULL;
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(entries); i++)
		arena_push(&s->arena, list, count, json_array_get(entries, i));
	return best_read(s, list, count, depth + 1, err);
}

static int image_read(struct source *s, const json_t *o, unsigned depth, struct err *err)
{
	autojson json_t *doc = NULL;
	struct descriptor d;
	const char *text;
	size_t len;

	if (descriptor_read("image index", o, &d, err) < 0)
		return -1;
	if (is_manifest(d.media))
		return manifest_read(s, &d, err);
	if (!is_index(d.media))
		return err_set(err, "'%.100s' is no image manifest", d.media);
	if (depth == NESTING_MAX)
		return err_set(err, "image indexes are nested more than %d deep", NESTING_MAX);
	if (blob_read(s, &d, manifest_file(s, d.hex), JSON_MAX_BYTES, &text, &len, err) < 0)
		return -1;
	doc = json_parse("image index", text, len, err);
	return doc ? nested_read(s, json_object_get(doc, "manifests"), depth, err) : -1;
}

/* Several entries under one name are one image, for several machines; one entry under several names is
 * one image too. */
struct named {
	const char *name;
	const json_t **entries;
	size_t count;
};

struct names {
	struct arena arena;
	struct named *items;
	size_t count;
};

static int add_entry(struct names *names, const json_t *o, struct err *err)
{
	struct named n = {0}, *at = NULL;
	struct descriptor d;

	if (descriptor_read("index.json", o, &d, err) < 0)
		return -1;
	if (is_about_another(o))
		return 0;
	for (size_t i = 0; i < names->count && !at; i++)
		if (strcmp(names->items[i].name, d.name) == 0)
			at = &names->items[i];
	if (!at) {
		if (names->count == SOURCE_IMAGES_MAX)
			return err_set(err, "index.json has more than %d names", SOURCE_IMAGES_MAX);
		n.name = arena_strdup(&names->arena, d.name);
		arena_push(&names->arena, names->items, names->count, n);
		at = &names->items[names->count - 1];
	}
	arena_push(&names->arena, at->entries, at->count, o);
	return 0;
}

/* The name goes to the image that is there already, if it is the same one. */
static int add_image(struct source_set *set, int dir, const struct named *n, struct err *err)
{
	struct source *s = source_add(set, dir);

	if (best_read(s, n->entries, n->count, 0, err) < 0)
		return -1;
	for (size_t i = 0; i + 1 < set->count; i++) {
		struct source *other = &set->images[i];

		if (other->manifest_len != s->manifest_len ||
			memcmp(other->manifest, s->manifest, s->manifest_len) != 0)
			continue;
		arena_free(&s->arena);
		set->count--;
		s = other;
		break;
	}
	return n->name[0] ? source_add_name(s, n->name, err) : 0;
}

static int names_read(struct source_set *set, int dir, const struct names *names,
	const char *wanted, struct err *err)
{
	const char **all = NULL;
	size_t count = 0;

	for (size_t i = 0; i < names->count; i++) {
		const struct named *n = &names->items[i];

		arena_push(&set->arena, all, count, arena_strdup(&set->arena, n->name));
		if ((!wanted || source_name_fits(n->name, wanted)) &&
			add_image(set, dir, n, err) < 0)
			return -1;
	}
	if (!count)
		return err_set(err, "index.json lists no image");
	return wanted && set->count != 1 ? source_choose(wanted, all, count, err) : 0;
}

static int index_read(struct source_set *set, int dir, const json_t *list, const char *wanted,
	struct err *err)
{
	struct names names = {0};
	int r = 0;

	for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
		r = add_entry(&names, json_array_get(list, i), err);
	r = r == 0 ? names_read(set, dir, &names, wanted, err) : -1;
	arena_free(&names.arena);
	return r;
}

static int version_check(struct source *s, struct err *err)
{
	autojson json_t *doc = NULL;
	const char *text;
	size_t len;

	if (source_file(s, "oci-layout", JSON_MAX_BYTES, &text, &len, err) < 0)
		return -1;
	doc = json_parse("oci-layout", text, len, err);
	if (!doc)
		return -1;
	if (strcmp(text_of(doc, "imageLayoutVersion"), "1.0.0") != 0)
		return err_set(err, "oci-layout: version '%.40s' is unknown",
			text_of(doc, "imageLayoutVersion"));
	return 0;
}

static int layout_open(struct source *s, json_t **ret, struct err *err)
{
	const char *text;
	size_t len;

	if (version_check(s, err) < 0 ||
		source_file(s, "index.json", JSON_MAX_BYTES, &text, &len, err) < 0)
		return -1;
	*ret = json_parse("index.json", text, len, err);
	return *ret ? 0 : -1;
}

int layout_read(int dir, const char *wanted, struct source_set *ret, struct err *err)
{
	struct source_set set = {0};
	struct source reader = {.dir = dir};
	autojson json_t *doc = NULL;
	int r = layout_open(&reader, &doc, err);

	if (r == 0)
		r = index_read(&set, dir, json_object_get(doc, "manifests"), wanted, err);
	arena_free(&reader.arena);
	if (r < 0)
		source_set_free(&set);
	else
		*ret = set;
	return r;
}

/* manifest.json is the manifest itself, or, of an image for several machines, the index. */
static int flat_read(struct source *s, struct err *err)
{
	autojson json_t *doc = NULL;

	if (source_file(s, "manifest.json", JSON_MAX_BYTES, &s->manifest, &s->manifest_len, err) <
		0)
		return -1;
	doc = json_parse("manifest.json", s->manifest, s->manifest_len, err);
	if (!doc)
		return -1;
	if (is_index(text_of(doc, "mediaType")))
		return nested_read(s, json_object_get(doc, "manifests"), 0, err);
	return manifest_parse(s, err);
}

int layout_read_flat(int dir, const char *wanted, struct source_set *ret, struct err *err)
{
	struct source_set set = {0};
	struct source *s = source_add(&set, dir);

	s->flat = true;
	if ((wanted ? source_choose(wanted, (const char *[]){""}, 1, err) : flat_read(s, err)) <
		0) {
		source_set_free(&set);
		return -1;
	}
	*ret = set;
	return 0;
}
