/* Which of the words that there are somebody meant by one that there is not. Pure. */
#pragma once

#include <stddef.h>

struct nearest {
	const char *word;  /* as it was typed */
	const char *found; /* the likeliest so far, or NULL; the first of several that are alike */
	size_t distance;   /* of found */
};

/* A word is meant by its beginning (two letters at least), or with a few letters of it wrong, missing, too
 * many or swapped: one in a short word, two in one of six letters and more. */
void nearest_offer(struct nearest *n, const char *candidate);
