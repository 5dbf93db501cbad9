/*
 * Where an image is put together: CTR_ROOT/images/staging/RANDOM/, locked by its owner as long as
 * that lives, moved into the store all at once. Whatever dies on the way leaves only a directory
 * that nobody holds and that gc removes.
 */
#pragma once

#include "base/err.h"
#include "image/diff.h"
#include "image/record.h"

#include <stdbool.h>

enum { STAGE_NAME = 17 };

struct stage {
	int root;                       /* CTR_ROOT; not ours to close */
	int images;                     /* CTR_ROOT/images */
	int dir;                        /* ours, flocked */
	int blobs, layers, diffs, keep; /* below dir */
	char name[STAGE_NAME];
};

/* A name below staging that nothing else has. */
int stage_random_name(char name[STAGE_NAME], struct err *err);
int stage_open(int root_fd, struct stage *ret, struct err *err);
/* Removes what is left of it. */
void stage_close(struct stage *s);

/* Whether the store has this layer (a chain id) or blob already. If so it stays there until
 * stage_close: rm and gc heed what a living stage wants. */
int stage_has_layer(struct stage *s, const char *chain, bool *ret, struct err *err);
int stage_has_blob(struct stage *s, const char *hex, bool *ret, struct err *err);

/* A new file for a blob whose digest is not known yet; stage_name_blob gives it its name. */
int stage_new_blob(struct stage *s, struct err *err);
int stage_name_blob(struct stage *s, const char *hex, struct err *err);
int stage_drop_blob(struct stage *s, struct err *err);
int stage_write_blob(struct stage *s, const void *data, size_t len, char ret_hex[65],
	struct err *err);

/* What the blob unpacks to, as it was found just now; and as it was found now or before. */
int stage_note_diff(struct stage *s, const char *blob, const struct diff *diff, struct err *err);
int stage_find_diff(struct stage *s, const char *blob, struct diff *ret, bool *ret_known,
	struct err *err);

/* The same for an unpacked tree. */
int stage_new_tree(struct stage *s, struct err *err);
int stage_name_tree(struct stage *s, const char *chain, struct err *err);
/* Makes way for new trees; its descriptors stay good. Once only. */
int stage_set_aside(struct stage *s, struct err *err);

/* Opens the tree of a layer, in the stage or in the store. */
int stage_open_layer(struct stage *s, const char *chain, struct err *err);

/* A name that an image is to have. */
struct stage_name {
	const char *name; /* NAME:TAG */
	const struct image *image;
	bool replace; /* whatever has the name now */
};

/* -1 with err if the name stands for another image and may not be taken from it. */
int stage_check_name(struct stage *s, const struct stage_name *n, struct err *err);
/* On disk, then into the store, then each name stands for its image. */
int stage_commit(struct stage *s, const struct stage_name *names, size_t count, struct err *err);
