/* The part of protobuf's wire format that is needed to write a request and to read an answer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A message being written. Zeroed it is empty; free it with protobuf_free(). */
struct protobuf {
	uint8_t *data;
	size_t len, size;
	bool failed; /* there was no memory: it is not whole */
};

/* bool, int32 and the like; negative numbers as their type demands, sign-extended to 64 bits. */
void protobuf_number(struct protobuf *m, unsigned field, uint64_t value);
void protobuf_bytes(struct protobuf *m, unsigned field, const void *data, size_t len);
void protobuf_string(struct protobuf *m, unsigned field, const char *s);
/* A message within a message. */
void protobuf_message(struct protobuf *m, unsigned field, const struct protobuf *inner);
void protobuf_free(struct protobuf *m);

/* One field of a message that is read: bytes is NULL for a number. */
struct protobuf_field {
	unsigned number;
	uint64_t value;
	const uint8_t *bytes;
	size_t len;
};

/* The next field, and *at behind it: 1; 0 at the end; -1 if what follows is none. */
int protobuf_next(const uint8_t **at, const uint8_t *end, struct protobuf_field *ret);
