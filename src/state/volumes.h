/* All volumes of a store, and which containers use which: as the containers' own documents say, so that
 * no count can be wrong. */
#pragma once

#include "state/store.h"
#include "state/volume.h"

/*
 * A descriptor of root/volumes, locked. Whoever starts a container that has some shares the lock from
 * before it looks at them until its container says that it uses them: in between nobody else removes any.
 */
enum volumes_lock {
	VOLUMES_LOOK,   /* no lock */
	VOLUMES_USE,    /* shared; the directory is made if missing */
	VOLUMES_CHANGE, /* alone: waits for those who share it */
	VOLUMES_IDLE,   /* alone, now: -1 with EWOULDBLOCK */
};
/* -1 with err; err->sys is ENOENT where there are no volumes at all. */
int volumes_open(const struct store *store, enum volumes_lock how, struct err *err);
/* Also of copies of it that other processes have. */
void volumes_unlock(int *fd);

/* All names, sorted. Memory is the arena's. */
int volumes_names(int volumes_fd, struct arena *a, const char ***ret, size_t *ret_count,
	struct err *err);

struct volume_use {
	const char *volume, *container;
};
struct volume_uses {
	struct arena arena;
	struct volume_use *items;
	size_t count;
};
/* What all containers use, running or not. Fails if one cannot be read, as what that one uses is not known. */
int volume_uses_read(const struct store *store, struct volume_uses *ret, struct err *err);
/* A container that uses the volume, or NULL. */
const char *volume_user(const struct volume_uses *uses, const char *volume);
void volume_uses_free(struct volume_uses *uses);

struct volume_removal {
	const char *name;
	bool unnamed_only; /* one that nobody has named: made for a container alone, which is gone */
	bool removed;
	struct err
		err; /* else; sys is ENOENT if there is none, EBUSY if it is not to go: a container uses it */
	char old[LEFTOVER_SIZE];
	int fd;
};
enum { VOLUMES_LOT = 64 };
/*
 * Removes up to VOLUMES_LOT volumes that no container uses. Alone with all of them for as long as it takes to see
 * that, not for as long as it takes to remove what is in them. -1 if nothing could be tried.
 */
int volumes_remove(const struct store *store, struct volume_removal *items, size_t n,
	struct err *err);

/* Removes the volumes that belong to this container alone, before its documents are removed. Can be done
 * twice. */
int volumes_remove_own(const struct store *store, const char *container, struct err *err);

/* What killed commands left: volumes half made or half removed, and those of --rm containers that are
 * gone. Nothing while somebody else is at volumes. */
int volumes_gc(const struct store *store, size_t *removed, struct err *err);
