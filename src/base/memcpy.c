/*
 * memcpy(3) and memmove(3) for a program that is linked with musl. Its own for x86-64 are one "rep movsq", which
 * takes longer to begin than to copy the few bytes that most calls are about: a JSON document is written in
 * pieces of three.
 */
#include <features.h>

/* A test compiles it with other names. */
#if (!defined(__GLIBC__) || defined(MEMCPY_TESTED)) && defined(__x86_64__)
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint16_t any16 __attribute__((may_alias, aligned(1)));
typedef uint32_t any32 __attribute__((may_alias, aligned(1)));
typedef uint64_t any64 __attribute__((may_alias, aligned(1)));
typedef uint64_t any128 __attribute__((vector_size(16), may_alias, aligned(1)));

/* From the beginning and up to the end: of what is shorter than two of a type, some bytes are copied twice. */
#define COPY_ENDS(type, to, from, n)                                                               \
	do {                                                                                       \
		const type head = *(const type *)(from);                                           \
		const type tail = *(const type *)((from) + (n) - sizeof(type));                    \
                                                                                                   \
		*(type *)(to) = head;                                                              \
		*(type *)((to) + (n) - sizeof(type)) = tail;                                       \
	} while (0)

static void copy_blocks(char *to, const char *from, size_t n)
{
	const any128 tail = *(const any128 *)(from + n - sizeof(tail));
	char *const end = to + n - sizeof(tail);

	for (; to < end; to += sizeof(tail), from += sizeof(tail)) {
		*(any128 *)to = *(const any128 *)from;
		/* Otherwise the compiler would take this for a memcpy, and call it. */
		__asm__ volatile("" ::: "memory");
	}
	*(any128 *)end = tail;
}

/* Each byte is read before anything is written to it, if `to` lies before `from`. */
static void *copy_forward(void *to, const void *from, size_t n)
{
	const char *s = from;
	char *d = to;

	if (n >= sizeof(any128))
		copy_blocks(d, s, n);
	else if (n >= sizeof(any64))
		COPY_ENDS(any64, d, s, n);
	else if (n >= sizeof(any32))
		COPY_ENDS(any32, d, s, n);
	else if (n >= sizeof(any16))
		COPY_ENDS(any16, d, s, n);
	else if (n)
		*d = *s;
	return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	return copy_forward(to, from, n);
}

/* musl's is of one piece with its memcpy, so that both are ours or none. */
void *memmove(void *to, const void *from, size_t n)
{
	const char *s = from;
	char *d = to;

	if ((uintptr_t)d - (uintptr_t)s >= n)
		return copy_forward(to, from, n);
	for (; n >= sizeof(any64); n -= sizeof(any64)) {
		*(any64 *)(d + n - sizeof(any64)) = *(const any64 *)(s + n - sizeof(any64));
		__asm__ volatile("" ::: "memory");
	}
	while (n--)
		d[n] = s[n];
	return to;
}
#endif
