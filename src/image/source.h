/*
 * An image in one of the forms it travels in, read but not yet believed: which blobs, in which
 * files. An OCI image layout (image-spec, image-layout.md) or what `docker save` writes.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SOURCE_LAYERS_MAX = 500, /* overlayfs takes no more */
	SOURCE_IMAGES_MAX = 500, /* and names of one */
	SOURCE_CONFIG_MAX =
		1 << 20, /* bytes; what is made of it for a container must still be readable */
};

struct source_layer {
	const char *file;   /* relative to the source's directory */
	const char *digest; /* hex digits, or NULL: unknown */
	uint64_t size;      /* bytes, UINT64_MAX: unknown */
	const char *diff;   /* hex digits of the uncompressed tar, from the config */
};

struct source {
	struct arena arena;
	int dir;              /* not ours to close */
	const char *manifest; /* document as it came, or NULL: there is none */
	size_t manifest_len;
	const char *config;
	size_t config_len;
	struct source_layer *layers; /* lowest first */
	size_t layer_count;
	const char **names; /* what it calls itself: NAME:TAG, or (of a layout) only a TAG */
	size_t name_count;
	bool flat; /* blobs are beside the manifest, as skopeo's dir: has them */
};

/* The images of one archive or directory. */
struct source_set {
	struct arena arena;
	struct source *images;
	size_t count;
};

enum source_form {
	SOURCE_ERROR = -1,
	SOURCE_NONE, /* a root tree */
	SOURCE_LAYOUT,
	SOURCE_DOCKER,
	SOURCE_FLAT,    /* skopeo's dir: */
	SOURCE_UNIFIED, /* a root below rootfs/, beside the metadata.yaml of Incus and LXD */
};

/* Tells by what is in the directory. Ask once: it may change. */
enum source_form source_form(int dir, struct err *err);

/* wanted selects one of several images by its name in the source; NULL: all. */
int layout_read(int dir, const char *wanted, struct source_set *ret, struct err *err);
int docker_read(int dir, const char *wanted, struct source_set *ret, struct err *err);
/* skopeo's dir:, which has one, without a name. */
int layout_read_flat(int dir, const char *wanted, struct source_set *ret, struct err *err);
void source_set_free(struct source_set *set);

/* One more in the set, in the same directory. Good until the next. */
struct source *source_add(struct source_set *set, int dir);
int source_add_name(struct source *s, const char *name, struct err *err);
/* Whether --ref wanted means this name: all of it, or its tag. */
bool source_name_fits(const char *name, const char *wanted);

/* What the readers need: a whole file of the source, at most max bytes, NUL-terminated, in the arena. The
 * directory is foreign: links are followed inside it only. */
int source_file(struct source *s, const char *file, size_t max, const char **ret, size_t *ret_len,
	struct err *err);
/* Opens a regular file of the source for reading. */
int source_open(const struct source *s, const char *file, struct err *err);
/* Takes the diff ids out of s->config into s->layers, of which there must be as many. */
int source_diffs(struct source *s, struct err *err);
/* Refuses with the names to choose from. */
int source_choose(const char *wanted, const char **names, size_t count, struct err *err);
