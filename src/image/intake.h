/* The one way into the store: a stream or a directory in any of the known forms, told by content,
 * becomes an image, whole or not at all. */
#pragma once

#include "base/err.h"
#include "base/json.h"
#include "image/reference.h"

#include <stdint.h>

struct intake {
	int root;              /* CTR_ROOT */
	const char *name;      /* NAME[:TAG] to give it, or NULL: its own */
	const char *fallback;  /* name for what has none of its own, or NULL */
	const char *wanted;    /* which image of several, or NULL */
	const json_t *process; /* config of a plain root tree (Cmd, Env …), or NULL */
	const char *origin;    /* one line on where it comes from */
	uint64_t max_size;     /* bytes unpacked */
	/* Asked before anything becomes visible: did whoever wrote the stream succeed? */
	int (*finish)(void *arg, struct err *err);
	void *arg;
};

struct intake_result {
	char name[REFERENCE_MAX + 2]; /* NAME:TAG */
	char id[DIGEST_HEX + 1];
};

/* From fd: a root tar, an OCI layout or a docker archive in a tar, compressed or not. */
int intake_stream(const struct intake *in, int fd, struct intake_result *ret, struct err *err);
/* From an OCI layout or an unpacked docker archive. */
int intake_directory(const struct intake *in, int dir, struct intake_result *ret, struct err *err);
