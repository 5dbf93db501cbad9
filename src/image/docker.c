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

		if (!file)
			return err_set(err, "manifest.json: layer %zu has no file", i + 1);
		layer.file = arena_strdup(&s->arena, file);
		arena_push(&s->arena, s->layers, s->layer_count, layer);
	}
	if (source_file(s, config, &s->config, &s->config_len, err) < 0 ||
		check_config(s, config, err) < 0)
		return -1;
	return source_diffs(s, err);
}

static const char *tag_at(const json_t *image, size_t i)
{
	const char *tag = json_string_value(json_array_get(json_object_get(image, "RepoTags"), i));

	return tag ? tag : "";
}

static bool image_fits(const json_t *image, const char *wanted, const char **ret_name)
{
	size_t n = json_array_size(json_object_get(image, "RepoTags"));

	*ret_name = tag_at(image, 0);
	for (size_t i = 0; wanted && i < n; i++) {
		const char *tag = tag_at(image, i), *colon = strrchr(tag, ':');

		if (strcmp(tag, wanted) != 0 && !(colon && strcmp(colon + 1, wanted) == 0))
			continue;
		*ret_name = tag;
		return true;
	}
	return !wanted;
}

static int archive_read(struct source *s, const json_t *list, const char *wanted, struct err *err)
{
	const json_t *chosen = NULL;
	const char **names = NULL;
	size_t count = 0, fitting = 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *image = json_array_get(list, i);
		const char *name;

		if (image_fits(image, wanted, &name)) {
			chosen = image;
			s->name = arena_strdup(&s->arena, name);
			fitting++;
		}
		arena_push(&s->arena, names, count, arena_strdup(&s->arena, tag_at(image, 0)));
	}
	if (!count)
		return err_set(err, "manifest.json lists no image");
	if (fitting != 1)
		return source_choose(wanted, names, count, err);
	return image_read(s, chosen, err);
}

int docker_read(int dir, const char *wanted, struct source *ret, struct err *err)
{
	struct source s = {.dir = dir, .name = ""};
	autojson json_t *doc = NULL;
	const char *text;
	size_t len;

	if (source_file(&s, "manifest.json", &text, &len, err) < 0)
		goto fail;
	doc = json_parse("manifest.json", text, len, err);
	if (!doc || archive_read(&s, doc, wanted, err) < 0)
		goto fail;
	*ret = s;
	return 0;
fail:
	source_free(&s);
	return -1;
}
