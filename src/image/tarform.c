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

enum { NUMBER = 0, LOST = 99 };

static bool add_digit(uint64_t *n, unsigned char c)
{
	return c >= '0' && c <= '9' && !__builtin_mul_overflow(*n, 10, n) &&
	       !__builtin_add_overflow(*n, c - '0', n);
}

/* Records are "LENGTH KEY=VALUE\n", LENGTH of all of it. What makes no sense leaves the size as it was. */
static void pax_take(struct tarform_pax *p, unsigned char c)
{
	static const char key[] = " size=";
	enum { KEY = sizeof(key) - 1 };

	p->at++;
	if (p->matched == NUMBER && c == ' ')
		p->matched = 1;
	else if (p->matched == NUMBER)
		p->matched = add_digit(&p->length, c) ? NUMBER : LOST;
	else if (p->matched < KEY)
		p->matched = c == (unsigned char)key[p->matched] ? p->matched + 1 : LOST;
	else if (p->matched == KEY && p->at < p->length)
		p->matched = add_digit(&p->value, c) ? KEY : LOST;
	if (p->matched == NUMBER || p->at < p->length)
		return;
	if (p->matched == KEY && c == '\n')
		p->size = p->value;
	p->at = p->length = p->value = 0;
	p->matched = NUMBER;
}

static void pax_add(struct tarform_pax *p, const unsigned char *data, size_t len)
{
	for (; len && p->left; data++, len--, p->left--)
		pax_take(p, *data);
}

/* What a file of 8 GiB and more has in its header is not always its size. */
static uint64_t entry_size(struct tarform *t, unsigned char type)
{
	uint64_t size = size_of(t->header + SIZE_AT);

	if (type == 'x')
		t->pax = (struct tarform_pax){.left = size, .size = UINT64_MAX, .told = true};
	else if (t->pax.told && !memchr("gLK", type, 3)) {
		size = t->pax.size == UINT64_MAX ? size : t->pax.size;
		t->pax.told = false;
	}
	return size;
}

/* A link or directory with a size is odd: readers make different things of it. */
static void take_header(struct tarform *t)
{
	const unsigned char *h = t->header;
	unsigned char type = h[TYPE_AT];
	uint64_t size;

	if (is_zero(h)) {
		t->ended = true;
		return;
	}
	size = entry_size(t, type);
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
			pax_add(&t->pax, p, n);
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
