#include "supervisor/tail.h"

#include <string.h>

static unsigned drop(struct tail *t, unsigned n)
{
	if (n) {
		t->cut = t->buf[n - 1] != '\n';
		t->len -= n;
		memmove(t->buf, t->buf + n, t->len);
	}
	return n;
}

unsigned tail_keep(struct tail *t, const char *data, unsigned len)
{
	unsigned lost = 0;

	if (t->len + len > TAIL_ROOM)
		lost = drop(t, t->len + len - TAIL_BYTES);
	memcpy(t->buf + t->len, data, len);
	t->len += len;
	return lost;
}

unsigned tail_clear(struct tail *t)
{
	unsigned lost = t->len;

	t->len = 0;
	t->cut = true;
	return lost;
}

/* Where the line begins that ends in front of end. */
static unsigned line_start(const struct tail *t, unsigned end)
{
	const char *newline = end ? memrchr(t->buf, '\n', end - 1) : NULL;

	return newline ? (unsigned)(newline + 1 - t->buf) : 0;
}

static unsigned drop_cut_line(struct tail *t)
{
	const char *newline;

	if (!t->cut || !t->len)
		return 0;
	newline = memchr(t->buf, '\n', t->len);
	return newline ? drop(t, (unsigned)(newline + 1 - t->buf)) : tail_clear(t);
}

unsigned tail_trim(struct tail *t, unsigned max, unsigned each)
{
	unsigned lost = drop_cut_line(t), from = t->len, used = 0;

	while (from) {
		unsigned start = line_start(t, from);

		used += from - start + each;
		if (used > max)
			break;
		from = start;
	}
	return lost + drop(t, from);
}
