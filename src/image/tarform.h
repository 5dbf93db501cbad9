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
	/* Of the records of a pax header, which are for the entry behind it. */
	struct tarform_pax {
		bool told;            /* there was one, and not yet its entry */
		uint64_t left;        /* bytes of them to come */
		uint64_t length, at;  /* of the record at hand */
		uint64_t value, size; /* size: UINT64_MAX, none of them says */
		unsigned matched;     /* of the key that is looked for */
	} pax;
	bool ended;
	bool odd; /* some entry is of another kind, or not understood */
};

void tarform_add(struct tarform *t, const void *data, size_t len);
