/*
 * What a layer's blob unpacks to, as this host found out when it read the blob: images/diffs/HEX, one for
 * each, "DIFF SIZE". What an image says of the diff id of a blob is never believed: either there is a record
 * of it, or the blob is read.
 */
#pragma once

#include "base/err.h"
#include "image/reference.h"

#include <stdint.h>

struct diff {
	char id[DIGEST_HEX + 1]; /* SHA-256 of the uncompressed tar */
	uint64_t size;           /* its bytes */
};

/* dir: of the records. 1, or 0 if there is none that can be used: a store of before has none, and a crash
 * of the machine may leave a blank one. */
int diff_read(int dir, const char *blob, struct diff *ret, struct err *err);
int diff_write(int dir, const char *blob, const struct diff *diff, struct err *err);
