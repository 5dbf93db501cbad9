#include "state/configfile.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/jsonwide.h"
#include "spec/config.h"
#include "spec/name.h"
#include "state/metadata.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The volume whose data lay at that path of a store, or NULL. */
static const char *volume_at(const struct metadata *s, const char *source)
{
	for (size_t i = 0; i < s->volume_count; i++) {
		char tail[sizeof("/volumes//data") + VOLUME_NAME_MAX];
		size_t len = (size_t)snprintf(tail, sizeof(tail), "/volumes/%s/data",
			s->volumes[i]);

		if (strlen(source) > len && strcmp(source + strlen(source) - len, tail) == 0)
			return s->volumes[i];
	}
	return NULL;
}

/* config.json names volumes by paths of the store as it was called then. It may have been moved since. */
static int find_volumes(const struct store *store, const char *name, struct spec *spec,
	struct err *err)
{
	struct metadata s;

	if (container_metadata(store, name, &s, err) < 0)
		return err->sys == ENOENT ? 0 : -1;
	for (size_t i = 0; i < spec->mount_count; i++) {
		struct mount *m = &spec->mounts[i];
		const char *volume = m->kind == MOUNT_BIND && m->source ? volume_at(&s, m->source)
									: NULL;

		if (volume)
			m->source = arena_printf(&spec->arena, "%s/volumes/%s/data", store->root,
				volume);
	}
	metadata_free(&s);
	return 0;
}

/* Whether a mount may be of a volume in a store with another name. */
static bool may_have_moved(const struct store *store, const struct spec *spec)
{
	const size_t len = strlen(store->root);

	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct mount *m = &spec->mounts[i];

		if (m->kind == MOUNT_BIND && m->source && strstr(m->source, "/volumes/") &&
			(strncmp(m->source, store->root, len) != 0 || m->source[len] != '/'))
			return true;
	}
	return false;
}

int container_spec(const struct store *store, const char *name, struct spec *ret, struct err *err)
{
	autofree char *text = NULL;
	size_t len;

	if (container_read(store, name, "config.json", &text, &len, err) < 0)
		return -1;
	if (config_read("config.json", text, len, CONFIG_OURS, ret, err) < 0)
		return err_wrap(err, "%s", name);
	/* It may have been renamed since it was written. */
	ret->name = arena_strdup(&ret->arena, name);
	if (!may_have_moved(store, ret) || find_volumes(store, name, ret, err) == 0)
		return 0;
	spec_free(ret);
	return err_wrap(err, "%s", name);
}

int bundle_does_not_exist(const char *id, struct err *err)
{
	err_set(err, "container does not exist: %s", id);
	err->sys = ENOENT;
	return -1;
}

/* Who holds no lock may come before the file is written, or after it is removed: there is no such container
 * then. */
int bundle_read(const struct container *c, const char *file, char **ret_text, size_t *ret_len,
	struct err *err)
{
	if (file_read(c->state_fd, file, JSON_WIDE_MAX_BYTES, ret_text, ret_len, err) == 0)
		return 0;
	return err->sys == ENOENT ? bundle_does_not_exist(c->record.name, err) : -1;
}

int bundle_spec(const struct container *c, struct spec *ret, struct err *err)
{
	autofree char *text = NULL;
	size_t len;

	if (bundle_read(c, BUNDLE_CONFIG, &text, &len, err) < 0)
		return -1;
	return config_read(BUNDLE_CONFIG, text, len, CONFIG_ENGINE, ret, err);
}
