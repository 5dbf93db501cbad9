#include "launch/volumes.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "launch/volumefill.h"
#include "spec/name.h"
#include "state/events.h"
#include "state/volumes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

enum { TMP_SIZE = VOLUME_NAME_MAX + sizeof(LEFTOVER_NEW) };

static char *temporary(const struct mount *m, char buf[TMP_SIZE])
{
	snprintf(buf, TMP_SIZE, LEFTOVER_NEW "%s", m->volume);
	return buf;
}

int volumes_name(struct spec *spec, const struct store *store, struct err *err)
{
	struct arena *a = &spec->arena;

	for (size_t i = 0; i < spec->mount_count; i++) {
		struct mount *m = &spec->mounts[i];
		char id[ID_SIZE];

		if (m->anonymous) {
			if (id_random(id, err) < 0)
				return -1;
			m->volume = arena_strdup(a, id);
			spec->own_volumes = true;
		}
		if (!m->volume)
			continue;
		m->source = arena_printf(a, "%s/volumes/%s/data", store->root, m->volume);
		arena_push(a, spec->volumes, spec->volume_count, m->volume);
	}
	return 0;
}

/* Makes a volume for this container alone, under a name that nobody else knows yet. */
static int make_own(int volumes_fd, const struct spec *spec, const struct mount *m, struct err *err)
{
	const struct volume v = {
		.name = m->volume,
		.owner = spec->id,
		.remove = spec->remove,
		.created_ns = now_ns(),
	};
	char tmp[TMP_SIZE];

	if (volume_make(volumes_fd, &v, temporary(m, tmp), err) < 0)
		return -1;
	return volume_open(volumes_fd, tmp, err);
}

/* If two make the same volume at the same time, both get it. */
static int hold_or_make(const struct store *store, const char *name, struct err *err)
{
	const struct volume v = {.name = name, .created_ns = now_ns()};
	int fd;

	while ((fd = volume_hold(store->volumes_fd, name, err)) < 0 && err->sys == ENOENT) {
		*err = (struct err){0};
		if (volume_create(store->volumes_fd, &v, err) == 0)
			volume_tell(store, name, "create");
		else if (err->sys != EEXIST)
			return -1;
	}
	if (fd < 0 || volume_keep(fd, name, err) == 0)
		return fd;
	close(fd);
	return -1;
}

static int prepare(struct volume_filler *f, const struct store *store, const struct spec *spec,
	const struct mount *m, struct err *err)
{
	autofd int fd = m->anonymous ? make_own(store->volumes_fd, spec, m, err)
				     : hold_or_make(store, m->volume, err);

	if (fd < 0 || volume_fill(f, store, spec, m, fd, err) < 0)
		return -1;
	return 0;
}

int volumes_prepare(struct store *store, const struct spec *spec, struct err *err)
{
	struct volume_filler f = VOLUME_FILLER_NONE;
	int r = 0;

	if (!spec->volume_count || store->volumes_fd >= 0)
		return 0;
	store->volumes_fd = volumes_open(store, VOLUMES_USE, err);
	if (store->volumes_fd < 0)
		return -1;
	for (size_t i = 0; r == 0 && i < spec->mount_count; i++)
		if (spec->mounts[i].volume)
			r = prepare(&f, store, spec, &spec->mounts[i], err);
	volume_filler_end(&f);
	return r;
}

void volumes_abandon(const struct store *store, const struct spec *spec)
{
	char tmp[TMP_SIZE];
	struct err err;

	for (size_t i = 0; store->volumes_fd >= 0 && i < spec->mount_count; i++)
		if (spec->mounts[i].anonymous &&
			tree_remove(store->volumes_fd, temporary(&spec->mounts[i], tmp), &err) < 0)
			warn("%s", err.text);
}

int volumes_publish(const struct store *store, const struct spec *spec, struct err *err)
{
	char tmp[TMP_SIZE];

	if (store->volumes_fd < 0)
		return 0;
	for (size_t i = 0; i < spec->mount_count; i++) {
		const struct mount *m = &spec->mounts[i];

		if (!m->anonymous)
			continue;
		if (volume_publish(store->volumes_fd, temporary(m, tmp), m->volume, err) < 0)
			return -1;
		volume_tell(store, m->volume, "create");
	}
	/* Copies of it that other processes have go with it. */
	return flock(store->volumes_fd, LOCK_UN) < 0 ? err_sys(err, "unlock the volumes") : 0;
}
