/*
 * The image store as a start sees it: CTR_ROOT/images/ with refs/ (one file per NAME:TAG),
 * layers/CHAIN/ (read-only trees, owned by the container's own ids, shared and never changed),
 * blobs/sha256/HEX (manifests, configs, layers as they came) and staging/.
 */
#pragma once

#include "base/err.h"
#include "image/record.h"

#include <stddef.h>

enum image_lock_kind {
	IMAGE_SHARED,        /* a start: from image_open until its container.json is written */
	IMAGE_EXCLUSIVE,     /* whoever replaces or removes */
	IMAGE_EXCLUSIVE_NOW, /* the same, without waiting: err->sys is EWOULDBLOCK */
};

/* What reads takes -1 for a CTR_ROOT that is not there: it has no images. */

/* Locks the store below root_fd (the directory CTR_ROOT), making it if there is none. Waits. The
 * lock goes with the descriptor, or with the death of its holder. -1 with err. */
int image_lock(int root_fd, enum image_lock_kind kind, struct err *err);

/* The image of exactly this NAME:TAG, as image_names has it. err->sys is ENOENT if there is none, 0 if its
 * record makes no sense. Free with image_free. */
int image_read(int root_fd, const char *name, struct image *ret, struct err *err);

/* Finds an image by NAME, NAME:TAG (both: one file is read), NAME@sha256:HEX, or four or more
 * digits of its id; of docker.io/library/NAME, docker.io/NAME and localhost/NAME, as other programs call
 * what they save, NAME is enough, and the other way round. err->sys is ENOENT if there is none. Free with image_free. */
int image_open(int root_fd, const char *name, struct image *ret, struct err *err);

/* The digits of NAME as an id: "3f2a…", with or without "sha256:"; NULL if it cannot be one. */
const char *image_id_digits(const char *name);

/* The names of all images (NAME:TAG), sorted, in the arena. No store is no names. */
int image_names(int root_fd, struct arena *a, const char ***ret, size_t *ret_count,
	struct err *err);
