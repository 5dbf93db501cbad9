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

enum { SOURCE_LAYERS_MAX = 500 /* overlayfs takes no more */ };

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
	const char *name; /* what it calls itself: NAME:TAG, or only a TAG, or "" */
};

enum source_form { SOURCE_NONE, SOURCE_LAYOUT, SOURCE_DOCKER };

/* Tells by what is in the directory. */
enum source_form source_form(int dir);

/* wanted selects among several images by their name in the source; NULL: there must be one. */
int layout_read(int dir, const char *wanted, struct source *ret, struct err *err);
int docker_read(int dir, const char *wanted, struct source *ret, struct err *err);
void source_free(struct source *s);

/* What both readers need: a whole file of the source, at most JSON_MAX_BYTES, NUL-terminated, in
 * the arena. The directory is foreign: links are followed inside it only. */
int source_file(struct source *s, const char *file, const char **ret, size_t *ret_len,
	struct err *err);
/* Opens a regular file of the source for reading. */
int source_open(const struct source *s, const char *file, struct err *err);
/* Takes the diff ids out of s->config into s->layers, of which there must be as many. */
int source_diffs(struct source *s, struct err *err);
/* Refuses with the names to choose from. */
int source_choose(const char *wanted, const char **names, size_t count, struct err *err);
