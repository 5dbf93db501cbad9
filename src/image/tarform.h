/*
 * Whether a tar is of the kinds of entries that every tool reads: libarchive, which unpacks, knows more than
 * the readers that an image is saved for. Looks at headers alone, as the bytes come. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tarform {
	unsigned char header[512];
	size_t have;   /* bytes of header */
	uint64_t skip; /* bytes up to the next header */
	bool ended;
	bool odd; /* some entry is of another kind, or not understood */
};

void tarform_add(struct tarform *t, const void *data, size_t len);
