/*
 * A layer on its way in: one thread reads, hashes, keeps a copy of and decompresses what the other
 * consumes. Compression (none, gzip, zstd, xz, bzip2) is told by the first bytes.
 */
#pragma once

#include "base/err.h"
#include "image/reference.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum compression {
	COMPRESSION_NONE,
	COMPRESSION_GZIP,
	COMPRESSION_ZSTD,
	COMPRESSION_XZ,
	COMPRESSION_BZIP2,
};

enum stream_copy {
	/* As it came, but as none what OCI images may not be, xz and bzip2, and what many do not know for zstd, as it
	 * begins with a skippable frame. */
	STREAM_COPY_OCI,
	STREAM_COPY_AS_CAME, /* as it came: somebody has announced its digest */
	STREAM_COPY_NONE,    /* not kept */
};

struct stream_totals {
	enum compression kept;     /* what the copy is */
	char blob[DIGEST_HEX + 1]; /* of the copy */
	uint64_t blob_size;
	char diff[DIGEST_HEX + 1]; /* of the decompressed bytes */
	uint64_t output_size;
	uint64_t input_size;
	char input[DIGEST_HEX + 1]; /* of the bytes as they came */
	bool trailing; /* something follows the compressed data, which is in the copy */
};

struct stream;

/* Starts to read in; what is to be kept goes to blob (-1 if nothing is). Neither descriptor is closed, both must stay
 * open until the end. At most max_in bytes are read and max_out given out; more is an error. */
struct stream *stream_start(int in, int blob, enum stream_copy copy, uint64_t max_in,
	uint64_t max_out, struct err *err);

/* The next decompressed bytes, valid until the next call. 0 at the end, -1 with err. */
ssize_t stream_next(struct stream *s, const void **ret_data, struct err *err);

/* Bytes read from in so far. */
uint64_t stream_position(struct stream *s);

/* Reads what is left, waits, frees s. */
int stream_end(struct stream *s, struct stream_totals *ret, struct err *err);
/* Gives up within a fifth of a second, even if in has stalled; frees s. */
void stream_cancel(struct stream *s);
