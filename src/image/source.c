#include "image/source.h"

#include "base/fd.h"
#include "base/inside.h"
#include "base/json.h"
#include "image/reference.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Looks at all names before it answers: one that cannot be looked at is not one that is not there. */
enum source_form source_form(int dir, struct err *err)
{
	enum { ETC, USR, BIN, OCI_LAYOUT, INDEX, METADATA, ROOTFS, VERSION, MANIFEST, NAMES };
	static const char *const names[NAMES] = {"etc", "usr", "bin", "oci-layout", "index.json",
		"metadata.yaml", "rootfs", "version", "manifest.json"};
	struct stat st[NAMES];
	bool has[NAMES];

	for (int i = 0; i < NAMES; i++) {
		has[i] = fstatat(dir, names[i], &st[i], AT_SYMLINK_NOFOLLOW) == 0;
		if (!has[i] && errno != ENOENT)
			return err_sys(err, "%s", names[i]), SOURCE_ERROR;
	}
	/* A root tree may hold a manifest.json of its own, but then it has one of these beside it. */
	if (has[ETC] || has[USR] || has[BIN])
		return SOURCE_NONE;
	if (has[OCI_LAYOUT] && has[INDEX])
		return SOURCE_LAYOUT;
	if (has[METADATA] && has[ROOTFS] && S_ISDIR(st[ROOTFS].st_mode))
		return SOURCE_UNIFIED;
	if (has[VERSION] && has[MANIFEST])
		return SOURCE_FLAT;
	return has[MANIFEST] ? SOURCE_DOCKER : SOURCE_NONE;
}

int source_open(const struct source *s, const char *file, struct err *err)
{
	struct err e = {0};
	autofd int fd = inside_open(s->dir, file, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &e);
	struct stat st;

	if (fd < 0)
		return err_set(err, "%.200s: %s", file, strerror(e.sys));
	if (fstat(fd, &st) < 0)
		return err_sys(err, "%.200s", file);
	if (!S_ISREG(st.st_mode))
		return err_set(err, "%.200s is not a regular file", file);
	return take_fd(&fd);
}

int source_file(struct source *s, const char *file, size_t max, const char **ret, size_t *ret_len,
	struct err *err)
{
	autofd int fd = source_open(s, file, err);
	struct stat st;
	char *buf;
	ssize_t n;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return err_sys(err, "%.200s", file);
	if ((uint64_t)st.st_size > max)
		return err_set(err, "%.200s is larger than %zu bytes", file, max);
	buf = arena_alloc(&s->arena, (size_t)st.st_size + 1);
	n = fd_read_all(fd, buf, (size_t)st.st_size);
	if (n < 0)
		return err_sys(err, "%.200s", file);
	*ret = buf;
	*ret_len = (size_t)n;
	return 0;
}

int source_diffs(struct source *s, struct err *err)
{
	autojson json_t *config = json_parse("image config", s->config, s->config_len, err);
	const json_t *diffs;

	if (!config)
		return -1;
	diffs = json_object_get(json_object_get(config, "rootfs"), "diff_ids");
	if (json_array_size(diffs) != s->layer_count)
		return err_set(err, "the config knows %zu layers, the manifest %zu",
			json_array_size(diffs), s->layer_count);
	for (size_t i = 0; i < s->layer_count; i++) {
		const char *id = json_string_value(json_array_get(diffs, i));

		if (!id || !digest_hex(id))
			return err_set(err, "image config: diff id %zu is not a sha256 digest",
				i + 1);
		s->layers[i].diff = arena_strdup(&s->arena, digest_hex(id));
	}
	return 0;
}

int source_choose(const char *wanted, const char **names, size_t count, struct err *err)
{
	size_t len = 0;
	char list[200] = "";

	for (size_t i = 0; i < count && len < sizeof(list); i++)
		len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%.80s", i ? ", " : "",
			names[i][0] ? names[i] : "(unnamed)");
	if (wanted)
		err_set(err, "it has no image '%.80s'", wanted);
	else
		err_set(err, "it holds %zu images", count);
	return err_hint(err, "choose with --ref: %s%s", list, len >= sizeof(list) ? "…" : "");
}

struct source *source_add(struct source_set *set, int dir)
{
	struct source s = {.dir = dir};

	arena_push(&set->arena, set->images, set->count, s);
	return &set->images[set->count - 1];
}

bool source_name_fits(const char *name, const char *wanted)
{
	const char *tag = strrchr(name, ':'), *wanted_tag = strrchr(wanted, ':');

	return strcmp(name, wanted) == 0 || (tag && strcmp(tag + 1, wanted) == 0) ||
	       (*name && wanted_tag && strcmp(name, wanted_tag + 1) == 0);
}

int source_add_name(struct source *s, const char *name, struct err *err)
{
	for (size_t i = 0; i < s->name_count; i++)
		if (strcmp(s->names[i], name) == 0)
			return 0;
	if (s->name_count == SOURCE_IMAGES_MAX)
		return err_set(err, "an image of it has more than %d names", SOURCE_IMAGES_MAX);
	arena_push(&s->arena, s->names, s->name_count, arena_strdup(&s->arena, name));
	return 0;
}

void source_set_free(struct source_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		arena_free(&set->images[i].arena);
	arena_free(&set->arena);
	*set = (struct source_set){0};
}
