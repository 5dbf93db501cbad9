/*
 * One volume: a directory that containers share and that outlives them, root/volumes/NAME with
 * volume.json and data/. What is in data/ belongs to containers: nothing here looks at it. Ids on disk are
 * the containers' own. It appears under its name by one rename, whole.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "spec/spec.h"
#include "state/leftover.h"

/* A volume of a container alone goes with that container, and nobody counts it as in use by others: who
 * names it makes it one that is kept, by volume_keep(). */
#define VOLUME_OF_NOBODY ""
struct volume {
	struct arena arena; /* of a volume that was read: owns the strings */
	const char *name;
	const char *
		owner; /* NULL: it has a name; else the id of the only container that it was made for, or
			    * VOLUME_OF_NOBODY */
	bool remove; /* and that was --rm */
	struct key_value *labels;
	size_t label_count;
	int64_t created_ns; /* since 1970; 0: unknown */
};

/* Pure: volume.json, new (free it), and what it says. */
char *volume_format(const struct volume *v, struct err *err);
int volume_parse(const char *text, size_t len, struct volume *ret, struct err *err);
void volume_free(struct volume *v);

/* Makes a volume below volumes_fd as the directory tmp. */
int volume_make(int volumes_fd, const struct volume *v, const char *tmp, struct err *err);
/* Gives it its name; err->sys is EEXIST if another has it. */
int volume_publish(int volumes_fd, const char *tmp, const char *name, struct err *err);

/* Both, for one that is whole as it is. */
int volume_create(int volumes_fd, const struct volume *v, struct err *err);

int volume_open(int volumes_fd, const char *name, struct err *err);
/* A volume that nobody else fills, keeps or removes as long as the descriptor is open: waits for who
 * does. err->sys is ENOENT if there is none. */
int volume_hold(int volumes_fd, const char *name, struct err *err);

/* Reads the document of an open volume. If it is lost, only the name is known. */
int volume_read(int fd, const char *name, struct volume *ret, struct err *err);
/* The volume no longer belongs to one container alone. The caller holds it. */
int volume_keep(int fd, const char *name, struct err *err);

/* Takes name, or name/below, out of sight: it has a name then that is nobody's, which is written to old, and is for the
 * caller to remove, or for gc. Takes no time. */
int volume_take_out(int volumes_fd, const char *name, char old[LEFTOVER_SIZE], struct err *err);

/* If it is of that container alone: 1. Can be done twice; absent is 0. */
int volume_remove_own(int volumes_fd, const char *name, const char *owner, struct err *err);
