/* Memory that is freed all at once: what a parsed document or a plan is made of. */
#pragma once

#include <stddef.h>

struct arena {
	struct arena_chunk *chunks;
};

/* What to do when there is no memory; must not return. NULL: one line on standard error, and 125. */
extern void (*arena_exhausted)(void);

/* Zeroed memory, aligned for any object. Ends the program if there is none: a parser has nothing
 * outside itself to undo. */
void *arena_alloc(struct arena *a, size_t size);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void arena_free(struct arena *a);

/* Makes room for one more element in a growing array of the arena: `items` of `*count` elements of
 * `size` bytes; returns the array (moved if it had to grow). Does not change *count. */
void *arena_grow(struct arena *a, void *items, size_t count, size_t size);
/* Appends v to the array `items` (an lvalue) of `count` elements. */
#define arena_push(a, items, count, v)                                                             \
	do {                                                                                       \
		(items) = arena_grow((a), (items), (count), sizeof(*(items)));                     \
		(items)[(count)++] = (v);                                                          \
	} while (0)
