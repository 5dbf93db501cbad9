#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the first chunk: small, as a list has an arena for each container. Each further chunk is twice as
 * large. */
enum { CHUNK_SIZE = 1024 };

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	max_align_t data[];
};

void (*arena_exhausted)(void);

static _Noreturn void give_up(void)
{
	if (arena_exhausted)
		arena_exhausted();
	fputs("ctr: out of memory\n", stderr);
	exit(125);
}

static struct arena_chunk *chunk_new(size_t size)
{
	struct arena_chunk *c = calloc(1, sizeof(*c) + size);

	if (!c)
		give_up();
	c->size = size;
	return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->chunks;
	void *p;

	size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	if (!c || c->size - c->used < size) {
		size_t usual = c ? 2 * c->size : CHUNK_SIZE;

		c = chunk_new(size > usual ? size : usual);
		c->next = a->chunks;
		a->chunks = c;
	}
	p = (char *)c->data + c->used;
	c->used += size;
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	memcpy(p, s, len);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	int len;
	char *p;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	p = arena_alloc(a, len < 0 ? 1 : (size_t)len + 1);
	if (len > 0)
		vsnprintf(p, (size_t)len + 1, fmt, again);
	va_end(again);
	return p;
}

void arena_free(struct arena *a)
{
	struct arena_chunk *c = a->chunks;

	while (c) {
		struct arena_chunk *next = c->next;
		free(c);
		c = next;
	}
	a->chunks = NULL;
}

/* Capacity is a power of two, so it follows from the count. */
void *arena_grow(struct arena *a, void *items, size_t count, size_t size)
{
	void *grown;

	if (count && (count & (count - 1)))
		return items;
	if (count > SIZE_MAX / 2 / size)
		give_up();
	grown = arena_alloc(a, (count ? count * 2 : 1) * size);
	if (count)
		memcpy(grown, items, count * size);
	return grown;
}
