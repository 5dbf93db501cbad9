#include "image/tarform.h"

#include <string.h>

enum { BLOCK = 512, SUM_AT = 148, SUM_LEN = 8, SIZE_AT = 124, SIZE_LEN = 12, TYPE_AT = 156 };

static uint64_t octal(const unsigned char *p, size_t len)
{
	uint64_t n = 0;

	while (len && *p == ' ')
		p++, len--;
	for (; len && *p >= '0' && *p <= '7'; p++, len--)
		n = n << 3 | (uint64_t)(*p - '0');
	return n;
}

/* In base 256 if the first bit is set, as for what is larger than 8 GiB. */
static uint64_t size_of(const unsigned char *p)
{
	uint64_t n = p[0] & 0x3f;

	if (!(p[0] & 0x80))
		return octal(p, SIZE_LEN);
	for (size_t i = 1; i < SIZE_LEN; i++)
		n = n << 8 | p[i];
	return n;
}

static bool sum_is_right(const unsigned char *h)
{
	uint64_t sum = SUM_LEN * ' ';

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= SUM_AT && i < SUM_AT + SUM_LEN ? 0 : h[i];
	return sum == octal(h + SUM_AT, SUM_LEN);
}

static bool is_zero(const unsigned char *h)
{
	return h[0] == 0 && memcmp(h, h + 1, BLOCK - 1) == 0;
}

/* A size that only a pax record has (8 GiB and more) is not looked for: the next header is then not found, and
 * odd. So is a link or directory with a size, of which readers make different things. */
static void take_header(struct tarform *t)
{
	const unsigned char *h = t->header;
	uint64_t size = size_of(h + SIZE_AT);
	unsigned char type = h[TYPE_AT];

	if (is_zero(h)) {
		t->ended = true;
		return;
	}
	t->odd = !sum_is_right(h) || size > INT64_MAX - BLOCK ||
		 !memchr("\0"
			 "0123456xgLK",
			 type, 12) ||
		 (type >= '1' && type <= '6' && size);
	t->skip = (size + BLOCK - 1) / BLOCK * BLOCK;
}

void tarform_add(struct tarform *t, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len && !t->ended && !t->odd) {
		size_t n = t->skip ? t->skip < len ? t->skip : len : BLOCK - t->have;

		n = n < len ? n : len;
		if (t->skip) {
			t->skip -= n;
		} else {
			memcpy(t->header + t->have, p, n);
			t->have = (t->have + n) % BLOCK;
			if (t->have == 0)
				take_header(t);
		}
		p += n;
		len -= n;
	}
}
