#include "base/protobuf.h"

#include <stdlib.h>
#include <string.h>

enum { WIRE_NUMBER = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

static void append(struct protobuf *m, const void *data, size_t len)
{
	if (m->failed)
		return;
	if (m->size - m->len < len) {
		size_t size = (m->len + len) * 2;
		uint8_t *bigger = realloc(m->data, size);

		if (!bigger) {
			m->failed = true;
			return;
		}
		m->data = bigger;
		m->size = size;
	}
	memcpy(m->data + m->len, data, len);
	m->len += len;
}

/* Seven bits a byte, the lowest first; the eighth says that more follow. */
static void append_varint(struct protobuf *m, uint64_t v)
{
	uint8_t bytes[10];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		bytes[n++] = (uint8_t)v | 0x80;
	bytes[n++] = (uint8_t)v;
	append(m, bytes, n);
}

void protobuf_number(struct protobuf *m, unsigned field, uint64_t value)
{
	append_varint(m, (uint64_t)field << 3 | WIRE_NUMBER);
	append_varint(m, value);
}

void protobuf_bytes(struct protobuf *m, unsigned field, const void *data, size_t len)
{
	append_varint(m, (uint64_t)field << 3 | WIRE_BYTES);
	append_varint(m, len);
	if (len)
		append(m, data, len);
}

void protobuf_string(struct protobuf *m, unsigned field, const char *s)
{
	protobuf_bytes(m, field, s, strlen(s));
}

void protobuf_message(struct protobuf *m, unsigned field, const struct protobuf *inner)
{
	if (inner->failed)
		m->failed = true;
	else
		protobuf_bytes(m, field, inner->data, inner->len);
}

void protobuf_free(struct protobuf *m)
{
	free(m->data);
	*m = (struct protobuf){NULL};
}

static int read_varint(const uint8_t **at, const uint8_t *end, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte;

		if (*at == end)
			return -1;
		byte = *(*at)++;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = v;
			return 0;
		}
	}
	return -1;
}

static int skip_fixed(const uint8_t **at, const uint8_t *end, size_t len)
{
	if ((size_t)(end - *at) < len)
		return -1;
	*at += len;
	return 0;
}

static int read_bytes(const uint8_t **at, const uint8_t *end, struct protobuf_field *f)
{
	uint64_t len;

	if (read_varint(at, end, &len) < 0 || len > (uint64_t)(end - *at))
		return -1;
	f->bytes = *at;
	f->len = (size_t)len;
	*at += len;
	return 0;
}

int protobuf_next(const uint8_t **at, const uint8_t *end, struct protobuf_field *ret)
{
	struct protobuf_field f = {0};
	uint64_t tag;
	int r = -1;

	if (*at == end)
		return 0;
	if (read_varint(at, end, &tag) < 0 || tag >> 3 == 0 || tag >> 3 > UINT32_MAX)
		return -1;
	f.number = (unsigned)(tag >> 3);
	switch (tag & 7) {
	case WIRE_NUMBER:
		r = read_varint(at, end, &f.value);
		break;
	case WIRE_BYTES:
		r = read_bytes(at, end, &f);
		break;
	case WIRE_64:
		r = skip_fixed(at, end, 8);
		break;
	case WIRE_32:
		r = skip_fixed(at, end, 4);
		break;
	}
	if (r < 0)
		return -1;
	*ret = f;
	return 1;
}
