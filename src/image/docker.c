#include "base/json.h"
#include "image/digest.h"
#include "image/source.h"

#include <string.h>

/* The config of docker's older archives is named by its digest. */
static int check_config(const struct source *s, const char *file, struct err *err)
{
	char name[DIGEST_HEX + 1], hex[DIGEST_HEX + 1];
	const char *slash = strrchr(file, '/');
	const char *base = slash ? slash + 1 : file;

	strncpy(name, base, DIGEST_HEX);
	name[DIGEST_HEX] = '\0';
	if (!digest_hex_valid(name))
		return 0;
	digest_of(s->config, s->config_len, hex);
	if (strcmp(name, hex) != 0)
		return err_set(err, "%.100s is damaged: its digest is sha256:%s", file, hex);
	return 0;
}

static int image_read(struct source *s, const json_t *image, struct err *err)
{
	const char *config = json_string_value(json_object_get(image, "Config"));
	const json_t *layers = json_object_get(image, "Layers");

	if (!config || !json_is_array(layers) || json_array_size(layers) > SOURCE_LAYERS_MAX)
		return err_set(err, "manifest.json: no Config, or no list of at most %d Layers",
			SOURCE_LAYERS_MAX);
	for (size_t i = 0; i < json_array_size(layers); i++) {
		const char *file = json_string_value(json_array_get(layers, i));
		struct source_layer layer = {.size = UINT64_MAX};

		if (!file || !*file)
			return err_set(err, "manifest.json: layer %zu has no file", i + 1);
		layer.file = arena_strdup(&s->arena, file);
		arena_push(&s->arena, s->layers, s->layer_count, layer);
	}
	if (source_file(s, config, SOURCE_CONFIG_MAX, &s->config, &s->config_len, err) < 0 ||
		check_config(s, config, err) < 0)
		return -1;
	return source_diffs(s, err);
}

static const char *tag_at(const json_t *image, size_t i)
{
	const char *tag = json_string_value(json_array_get(json_object_get(image, "RepoTags"), i));

	return tag ? tag : "";
}

static size_t tag_count(const json_t *image)
{
	return json_array_size(json_object_get(image, "RepoTags"));
}

/* Docker writes the tag always, others not when it is "latest". */
static int add_tag(struct source *s, const char *tag, struct err *err)
{
	bool short_name = !strpbrk(tag, ":/");

	return source_add_name(s,
		short_name ? arena_printf(&s->arena, "%.*s:latest", 300, tag) : tag, err);
}

static int add_tags(struct source *s, const json_t *image, const char *wanted, struct err *err)
{
	for (size_t i = 0; i < tag_count(image); i++)
		if (*tag_at(image, i) && (!wanted || source_name_fits(tag_at(image, i), wanted)) &&
			add_tag(s, tag_at(image, i), err) < 0)
			return -1;
	return 0;
}

static bool image_fits(const json_t *image, const char *wanted)
{
	for (size_t i = 0; i < tag_count(image); i++)
		if (source_name_fits(tag_at(image, i), wanted))
			return true;
	return false;
}

static int archive_read(struct source_set *set, int dir, const json_t *list, const char *wanted,
	struct err *err)
{
	const char **names = NULL;
	size_t count = 0;

	if (json_array_size(list) == 0)
		return err_set(err, "manifest.json lists no image");
	if (json_array_size(list) > SOURCE_IMAGES_MAX)
		return err_set(err, "manifest.json lists more than %d images", SOURCE_IMAGES_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *image = json_array_get(list, i);
		struct source *s;

		arena_push(&set->arena, names, count, arena_strdup(&set->arena, tag_at(image, 0)));
		if (wanted && !image_fits(image, wanted))
			continue;
		s = source_add(set, dir);
		if (add_tags(s, image, wanted, err) < 0 || image_read(s, image, err) < 0)
			return -1;
	}
	return wanted && set->count != 1 ? source_choose(wanted, names, count, err) : 0;
}

int docker_read(int dir, const char *wanted, struct source_set *ret, struct err *err)
{
	struct source_set set = {0};
	struct source reader = {.dir = dir};
	autojson json_t *doc = NULL;
	const char *text;
	size_t len;
	int r = source_file(&reader, "manifest.json", JSON_MAX_BYTES, &text, &len, err);

	doc = r == 0 ? json_parse("manifest.json", text, len, err) : NULL;
	r = doc ? archive_read(&set, dir, doc, wanted, err) : -1;
	arena_free(&reader.arena);
	if (r < 0)
		source_set_free(&set);
	else
		*ret = set;
	return r;
}
