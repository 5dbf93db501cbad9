/* Words that stand for numbers of the kernel, in tables that are read both ways. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct word {
	const char *name; /* NULL ends a table */
	uint64_t value;
};

/* The first of its kind, or NULL. */
const struct word *word_find(const struct word *table, const char *name);
const char *word_name(const struct word *table, uint64_t value);
