/* What is known of one image, and its form on disk: one small JSON file per NAME:TAG that holds
 * all a start needs. Pure. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "spec/spec.h"

#include <stddef.h>
#include <stdint.h>

struct image {
	struct arena arena;   /* owns every string and array below */
	const char *name;     /* NAME:TAG */
	const char *manifest; /* hex digits of the manifest's sha256 */
	const char *id;       /* hex digits of the config's sha256: the image id */
	const char **layers;  /* chain ids in hex, lowest first: directories below layers/ */
	size_t layer_count;
	const char **blobs; /* hex digits of the layers as they came, lowest first */
	size_t blob_count;
	uint64_t size;                           /* bytes of all its blobs */
	uint64_t unpacked;                       /* of all its layers as tars; 0 if not known */
	const char *architecture, *os, *variant; /* in Go's words: amd64, linux; "" if unknown */
	const char *created;                     /* RFC 3339, "" if unknown */
	char **entrypoint, **cmd, **env;         /* NULL-terminated, never NULL */
	size_t entrypoint_count, cmd_count, env_count;
	const char *user, *workdir, *stop_signal; /* "" if not given */
	const char **volumes, **ports;
	size_t volume_count, port_count;
	struct key_value *labels;
	size_t label_count;
	struct health_spec health;
};

void image_free(struct image *image);

/* The document on disk → image. what names it in errors. */
int record_parse(const char *what, const json_t *doc, struct image *ret, struct err *err);
/* image → the document, new (free it). */
char *record_text(const struct image *image, struct err *err);

enum { RECORD_ITEMS_MAX = 4096 };
/* Refuses more than RECORD_ITEMS_MAX of a kind: what comes in must not be more than every later command
 * can carry. */
int record_check_size(const char *what, const struct image *image, struct err *err);

/* Fills entrypoint, cmd, env, user …, architecture, os and created from an OCI (or docker) image
 * config; members that a start does not need are left alone, of the wrong type refused. As docker does, what is
 * no KEY=VALUE in the environment is left out, and a relative working directory begins at the root. */
int record_config(const char *what, const json_t *config, struct image *image, struct err *err);
