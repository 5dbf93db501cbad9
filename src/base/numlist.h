/* Lists of numbers and ranges, as the kernel writes them for CPUs and nodes of memory: "0-3,5". Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { NUMLIST_MAX = 65535 }; /* the largest number */

/* The number or range at *s, which then is behind it and behind the comma that joins it to another. 1; 0 at the end
 * of the text; -1 if there is something else. */
int numlist_next(const char **s, uint32_t *ret_first, uint32_t *ret_last);

/* Whether all of it is such a list; an empty one is none. */
bool numlist_valid(const char *list);

/* Whether all numbers of part are in whole, where neighbours are joined, as the kernel does. */
bool numlist_within(const char *part, const char *whole);
