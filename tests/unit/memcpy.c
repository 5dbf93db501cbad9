#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MEMCPY_TESTED
#define memcpy  own_memcpy
#define memmove own_memmove
void *own_memcpy(void *restrict to, const void *restrict from, size_t n);
void *own_memmove(void *to, const void *from, size_t n);
#include "base/memcpy.c"
#undef memcpy
#undef memmove

#ifdef __x86_64__
enum { SIZE = 200, PLACES = 24, ROOM = SIZE + PLACES };

static void fill(unsigned char *bytes)
{
	for (unsigned i = 0; i < ROOM; i++)
		bytes[i] = (unsigned char)(i * 7 + 1);
}

/* Every size, from every place to every other, within one buffer or between two. */
static size_t wrong(bool within)
{
	unsigned char from[ROOM], buf[ROOM], want[ROOM], *to = within ? from : buf;
	size_t found = 0;

	for (size_t n = 0; n < SIZE; n++)
		for (size_t a = 0; a < PLACES; a++)
			for (size_t b = 0; b < PLACES; b++) {
				fill(from);
				fill(buf);
				fill(want);
				for (size_t i = 0; i < n; i++)
					want[b + i] = (unsigned char)((a + i) * 7 + 1);
				found += (within ? own_memmove : own_memcpy)(to + b, from + a, n) !=
					 to + b;
				found += memcmp(to, want, ROOM) != 0;
			}
	return found;
}

Test(memcpy, copies)
{
	cr_expect(eq(sz, wrong(false), 0));
}

Test(memcpy, moves_what_overlaps)
{
	cr_expect(eq(sz, wrong(true), 0));
}
#endif
