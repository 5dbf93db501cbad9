#include "state/volumes.h"

#include "base/clock.h"
#include "base/dents.h"
#include "base/fd.h"
#include "base/file.h"
#include "spec/name.h"
#include "state/events.h"
#include "state/gc.h"
#include "state/metadata.h"
#include "state/volumecopy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
enum { LOCK_SECONDS = 60, LOCK_STEP_MS = 20 };

static int open_dir(const struct store *store, bool make, struct err *err)
{
	int fd;

	errno = ENOENT;
	fd = store->root_fd < 0 ? -1 : openat(store->root_fd, "volumes", DIR_FLAGS);
	if (fd < 0 && errno == ENOENT && make) {
		if (mkdirat(store->root_fd, "volumes", 0700) < 0 && errno != EEXIST)
			return err_sys(err, "make %s/volumes", store->root);
		fd = openat(store->root_fd, "volumes", DIR_FLAGS);
	}
	return fd < 0 ? err_sys(err, "open %s/volumes", store->root) : fd;
}

static int lock(int fd, int how, unsigned seconds, struct err *err)
{
	uint64_t deadline = deadline_in(seconds);

	while (flock(fd, how | LOCK_NB) < 0) {
		if (errno != EINTR && (errno != EWOULDBLOCK || deadline_poll_ms(deadline) == 0)) {
			err_sys(err, "lock the volumes");
			return err_hint(err,
				"a container with volumes is being started, or some are removed");
		}
		poll(NULL, 0, LOCK_STEP_MS);
	}
	return 0;
}

int volumes_open(const struct store *store, enum volumes_lock how, struct err *err)
{
	autofd int fd = open_dir(store, how == VOLUMES_USE, err);

	if (fd < 0) {
		/* EWOULDBLOCK would tell the caller that somebody holds the lock. */
		err->sys = err->sys == EWOULDBLOCK ? EIO : err->sys;
		return -1;
	}
	if (how != VOLUMES_LOOK && lock(fd, how == VOLUMES_USE ? LOCK_SH : LOCK_EX,
					   how == VOLUMES_IDLE ? 0 : LOCK_SECONDS, err) < 0)
		return -1;
	return take_fd(&fd);
}

void volumes_unlock(int *fd)
{
	if (*fd < 0)
		return;
	flock(*fd, LOCK_UN);
	close(take_fd(fd));
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int volumes_names(int volumes_fd, struct arena *a, const char ***ret, size_t *ret_count,
	struct err *err)
{
	autofd int fd = openat(volumes_fd, ".", DIR_FLAGS);
	const char **names = NULL, *name;
	unsigned char type;
	struct dents d;
	size_t count = 0;

	if (fd < 0)
		return err_sys(err, "read the volumes");
	dents_init(&d, fd);
	while ((name = dents_next(&d, &type)))
		if (name[0] != '.')
			arena_push(a, names, count, arena_strdup(a, name));
	if (errno)
		return err_sys(err, "read the volumes");
	if (count)
		qsort(names, count, sizeof(*names), compare);
	*ret = names;
	*ret_count = count;
	return 0;
}

struct reading {
	const struct store *store;
	struct volume_uses *uses;
};

static int read_uses(const char *name, void *arg, struct err *err)
{
	struct reading *r = arg;
	struct arena *a = &r->uses->arena;
	struct metadata s;
	const char *container;

	if (container_metadata(r->store, name, &s, err) < 0) {
		/* One that is being made has no volumes yet, or shares the lock. */
		if (err->sys == ENOENT)
			return 0;
		err_wrap(err, "nobody knows which volumes %s uses", name);
		return err_hint(err, "ctr rm %s first", name);
	}
	container = s.volume_count ? arena_strdup(a, name) : NULL;
	for (size_t i = 0; i < s.volume_count; i++)
		arena_push(a, r->uses->items, r->uses->count,
			((struct volume_use){arena_strdup(a, s.volumes[i]), container}));
	metadata_free(&s);
	return 0;
}

int volume_uses_read(const struct store *store, struct volume_uses *ret, struct err *err)
{
	struct volume_uses uses = {0};

	if (store_each(store, read_uses, &(struct reading){store, &uses}, err) < 0) {
		volume_uses_free(&uses);
		return -1;
	}
	*ret = uses;
	return 0;
}

const char *volume_user(const struct volume_uses *uses, const char *volume)
{
	for (size_t i = 0; i < uses->count; i++)
		if (strcmp(uses->items[i].volume, volume) == 0)
			return uses->items[i].container;
	return NULL;
}

void volume_uses_free(struct volume_uses *uses)
{
	arena_free(&uses->arena);
}

static int no_such(const char *name, struct err *err)
{
	err_set(err, "no volume %.60s", name);
	err->sys = ENOENT;
	return err_hint(err, "ctr volume ls shows those that exist");
}

/* Refuses a volume that somebody has named. If its document makes no sense, it counts as named. */
static int refuse_named(int fd, const char *name, struct err *err)
{
	struct volume v;
	bool named;

	if (volume_read(fd, name, &v, err) == 0) {
		named = !v.owner;
		volume_free(&v);
		if (!named)
			return 0;
	}
	err_set(err, "the volume %s has a name", name);
	err->sys = EBUSY;
	return -1;
}

static int take_out(int volumes_fd, const struct volume_uses *uses, struct volume_removal *r)
{
	struct err *err = &r->err;
	const char *user = volume_user(uses, r->name);

	if (volume_name_check("name", r->name, err) < 0)
		return no_such(r->name, err);
	if (user) {
		err_set(err, "the volume %s is used by the container %s", r->name, user);
		err->sys = EBUSY;
		return err_hint(err, "ctr rm %s first", user);
	}
	/* Locked until it is gone, as gc removes what nobody holds. */
	r->fd = volume_hold(volumes_fd, r->name, err);
	if (r->fd < 0)
		return err->sys == ENOENT ? no_such(r->name, err) : -1;
	if (r->unnamed_only && refuse_named(r->fd, r->name, err) < 0)
		return -1;
	return volume_take_out(volumes_fd, r->name, r->old, err);
}

static void remove_out(int volumes_fd, struct volume_removal *r)
{
	r->removed = tree_remove(volumes_fd, r->old, &r->err) == 0;
	if (!r->removed)
		err_wrap(&r->err, "remove the volume %s", r->name);
}

int volumes_remove(const struct store *store, struct volume_removal *items, size_t n,
	struct err *err)
{
	autofd int fd = volumes_open(store, VOLUMES_CHANGE, err);
	struct volume_uses uses;
	bool out[VOLUMES_LOT] = {false};

	for (size_t i = 0; i < n; i++) {
		items[i].fd = -1;
		if (fd < 0 && err->sys == ENOENT)
			no_such(items[i].name, &items[i].err);
	}
	if (fd < 0)
		return err->sys == ENOENT ? 0 : -1;
	if (volume_uses_read(store, &uses, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		out[i] = take_out(fd, &uses, &items[i]) == 0;
	volume_uses_free(&uses);
	if (flock(fd, LOCK_UN) < 0)
		return err_sys(err, "unlock the volumes");
	for (size_t i = 0; i < n; i++) {
		if (out[i])
			remove_out(fd, &items[i]);
		if (items[i].removed)
			volume_tell(store, items[i].name, "destroy");
		if (items[i].fd >= 0)
			close(take_fd(&items[i].fd));
	}
	return 0;
}

int volumes_remove_own(const struct store *store, const char *container, struct err *err)
{
	autofd int fd = -1;
	struct metadata s;
	int r = 0;

	if (container_metadata(store, container, &s, err) < 0)
		return err->sys == ENOENT || !err->sys ? 0 : -1;
	if (s.volume_count && (fd = volumes_open(store, VOLUMES_LOOK, err)) < 0)
		r = err->sys == ENOENT ? 0 : -1;
	for (size_t i = 0; r >= 0 && fd >= 0 && i < s.volume_count; i++) {
		r = volume_remove_own(fd, s.volumes[i], s.id, err);
		if (r > 0)
			volume_tell(store, s.volumes[i], "destroy");
	}
	metadata_free(&s);
	return r < 0 ? -1 : 0;
}

/* Half a copy goes the way of what is removed; a whole one is moved to its place. */
static int tidy(int volumes_fd, const char *name, int dir, struct err *err)
{
	char copying[VOLUME_NAME_MAX + 8], old[LEFTOVER_SIZE];

	if (volume_finish(dir, err) < 0)
		return -1;
	snprintf(copying, sizeof(copying), "%s/" VOLUME_COPYING, name);
	return volume_take_out(volumes_fd, copying, old, err) < 0 && err->sys != ENOENT ? -1 : 0;
}

/* A --rm container takes its volumes along, unless the machine ended first. What makes no sense is kept. */
static bool is_forsaken(int dir, const char *name, const struct volume_uses *uses)
{
	struct volume v;
	struct err err;
	bool r;

	if (!uses || volume_user(uses, name) || volume_read(dir, name, &v, &err) < 0)
		return false;
	r = v.owner && v.remove;
	volume_free(&v);
	return r;
}

/* We have the lock alone, so nobody makes or fills a volume. What is to be removed loses its name here. */
static int sweep(int volumes_fd, const char *name, const struct volume_uses *uses, struct err *err)
{
	char old[LEFTOVER_SIZE];
	autofd int dir = -1;

	if (strncmp(name, LEFTOVER_OLD, strlen(LEFTOVER_OLD)) == 0)
		return 0;
	dir = volume_open(volumes_fd, name, err);
	if (dir < 0)
		return err->sys == ENOENT ? 0 : -1;
	if (name[0] == '.' || is_forsaken(dir, name, uses))
		return volume_take_out(volumes_fd, name, old, err);
	return tidy(volumes_fd, name, dir, err);
}

/* Then it takes as long as it takes, in nobody's way. Who is removing something himself has it locked. */
static int clear(int volumes_fd, const char *name, size_t *removed, struct err *err)
{
	autofd int dir = -1;

	if (strncmp(name, LEFTOVER_OLD, strlen(LEFTOVER_OLD)) != 0)
		return 0;
	dir = openat(volumes_fd, name, DIR_FLAGS);
	if (dir < 0)
		return errno == ENOENT ? 0 : err_sys(err, "open volumes/%s", name);
	if (flock(dir, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : err_sys(err, "lock volumes/%s", name);
	if (tree_remove(volumes_fd, name, err) < 0)
		return -1;
	++*removed;
	return 0;
}

/* One that fails does not keep the rest. */
static int each_entry(int volumes_fd, const struct volume_uses *uses, size_t *removed,
	bool clearing, struct err *err)
{
	autofd int dir = openat(volumes_fd, ".", DIR_FLAGS);
	unsigned char type;
	struct err first = {0};
	struct dents d;
	const char *name;
	bool failed = false;

	if (dir < 0)
		return err_sys(err, "read the volumes");
	dents_init(&d, dir);
	while ((name = dents_next(&d, &type))) {
		int r = clearing ? clear(volumes_fd, name, removed, err)
				 : sweep(volumes_fd, name, uses, err);

		if (r < 0 && !failed)
			first = *err;
		failed = failed || r < 0;
	}
	if (errno)
		return err_sys(err, "read the volumes");
	*err = first;
	return failed ? -1 : 0;
}

int volumes_gc(const struct store *store, size_t *removed, struct err *err)
{
	autofd int fd = volumes_open(store, VOLUMES_IDLE, err);
	struct volume_uses uses;
	struct err second = {0};
	int swept;

	if (fd < 0)
		return err->sys == ENOENT || err->sys == EWOULDBLOCK ? 0 : -1;
	/* If the documents of a container cannot be read, the rest is done all the same. */
	if (volume_uses_read(store, &uses, &second) < 0) {
		swept = each_entry(fd, NULL, removed, false, err);
	} else {
		swept = each_entry(fd, &uses, removed, false, err);
		volume_uses_free(&uses);
	}
	if (flock(fd, LOCK_UN) < 0)
		return err_sys(err, "unlock the volumes");
	second = (struct err){0};
	if (each_entry(fd, NULL, removed, true, &second) < 0 && swept == 0) {
		*err = second;
		return -1;
	}
	return swept;
}
