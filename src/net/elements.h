/*
 * The elements of the sets and maps of our nf_tables table: all that the table knows of a container. Each names its owner,
 * so that it is a lease: who adds one that is there has added nothing, and who removes one removes only its own.
 */
#pragma once

#include "base/address.h"
#include "base/err.h"
#include "net/netlink.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELEMENTS_TABLE "ctr" /* of the family inet */

enum { ELEMENT_SET_SIZE = 16, ELEMENT_KEY_MAX = 32, ELEMENT_DATA_MAX = 20, OWNER_SIZE = 80 };

struct element {
	char set[ELEMENT_SET_SIZE];
	unsigned char key[ELEMENT_KEY_MAX], data[ELEMENT_DATA_MAX];
	unsigned char key_length, data_length; /* no data: of a set */
	/* Of a set of intervals: the last key, of as many bytes; of one whose keys have one part, the interval ends before
	 * key, and another element has its first. */
	unsigned char key_end[ELEMENT_KEY_MAX];
	bool has_end, is_end;
	/* As elements_ask() finds it. */
	bool there;
	char owner[OWNER_SIZE]; /* "" of a stranger's */
	uint64_t packets, bytes;
};

/* All, or none: err->sys is EEXIST if one is there, ENOENT if the table or a set of it is not. */
int elements_add(struct netlink *nl, const struct element *e, size_t n, const char *owner,
	struct err *err);
/* The same of elements that may be there already, and stay as they are then. */
int elements_put(struct netlink *nl, const struct element *e, size_t n, const char *owner,
	struct err *err);
/* What the kernel has of them now. A table that is not there has none. */
int elements_ask(struct netlink *nl, struct element *e, size_t n, struct err *err);
/* Removes those whose owner that is; the others are left. Asks, too: e has what they last counted. */
int elements_remove(struct netlink *nl, struct element *e, size_t n, const char *owner,
	struct err *err);

/* "port 80 of the host", "the address 10.0.0.1". ret_address: family 0 if it is of no address. */
void element_describe(const struct element *e, char *ret, size_t size, struct address *ret_address);
