/* The one way into the store: a stream or a directory in any of the known forms, told by content,
 * becomes one image or several, whole or not at all. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "image/reference.h"
#include "image/source.h"

#include <stdbool.h>
#include <stdint.h>

struct ingest {
	int root;              /* CTR_ROOT */
	const char *name;      /* NAME[:TAG] to give it, or NULL: its own */
	const char *fallback;  /* name for what has none of its own, or NULL */
	const char *wanted;    /* which image of several, or NULL: all */
	const char *doing;     /* what takes so long, in a word: "build" */
	bool replace;          /* names that it has of its own may be taken from other images */
	bool squash_owners;    /* ids that no container has become nobody's */
	const json_t *process; /* config of a plain root tree (Cmd, Env …), or NULL */
	const char *origin;    /* one line on where it comes from */
	uint64_t max_size;     /* bytes unpacked */
	/* Asked before anything becomes visible: did whoever wrote the stream succeed? */
	int (*finish)(void *arg, struct err *err);
	void *arg;
};

struct ingest_result {
	struct arena arena;
	const char **lines; /* "NAME:TAG sha256:ID", one for each name */
	size_t count;
};

/* To standard output, and to the events of the store; frees it. */
void ingest_result_print(const struct ingest *in, const char *action, struct ingest_result *done);

/* From fd: a root tar, an OCI layout, a docker archive, skopeo's dir: or a unified image of Incus in a tar,
 * compressed or not. Free the result's arena. */
int ingest_stream(const struct ingest *in, int fd, struct ingest_result *ret, struct err *err);
/* From one of these, unpacked: of the form that source_form() has told, and not SOURCE_NONE. */
int ingest_directory(const struct ingest *in, int dir, enum source_form form,
	struct ingest_result *ret, struct err *err);
