/* Finds which of the known words somebody meant by an unknown one. Pure. */
#pragma once

#include <stddef.h>

struct nearest {
	const char *word;  /* as it was typed */
	const char *found; /* the likeliest so far, or NULL; the first of several that are alike */
	size_t distance;   /* of found */
};

/* A known word is taken for the one meant if it begins with what was typed (two letters at least), or if a few
 * letters are wrong, missing, added or swapped: one in a short word, two in a word of six letters and more. */
void nearest_offer(struct nearest *n, const char *candidate);
