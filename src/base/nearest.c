#include "base/nearest.h"

#include <string.h>

/* For a word that is longer nothing is suggested. */
enum { WORD_MAX = 64, PREFIX_MIN = 2, LONG_WORD = 6 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters to be changed, added, left out or swapped with their neighbour. */
static size_t distance(const char *a, size_t len_a, const char *b, size_t len_b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t k = 0; k <= len_b; k++)
		last[k] = k;
	for (size_t i = 1; i <= len_a; i++) {
		size_t *next = before;

		row[0] = i;
		for (size_t k = 1; k <= len_b; k++) {
			row[k] = least(last[k - 1] + (a[i - 1] != b[k - 1]),
				least(last[k], row[k - 1]) + 1);
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
				row[k] = least(row[k], before[k - 2] + 1);
		}
		before = last;
		last = row;
		row = next;
	}
	return last[len_b];
}

/* How many letters may be wrong. Of two letters, one is half of it: "rn" is not "rm" more than "ps". */
static size_t allowed(size_t len)
{
	return len >= LONG_WORD ? 2 : len > 2;
}

void nearest_offer(struct nearest *n, const char *candidate)
{
	size_t len = strlen(n->word), other = strlen(candidate), d = 1;

	if (!len || len > WORD_MAX || other > WORD_MAX)
		return;
	if (len < PREFIX_MIN || strncmp(n->word, candidate, len) != 0) {
		d = distance(n->word, len, candidate, other);
		if (d > allowed(len))
			return;
	}
	if (n->found && d >= n->distance)
		return;
	n->found = candidate;
	n->distance = d;
}
