/* A table on standard output. On a terminal it is no wider than that. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { TABLE_COLUMNS_MAX = 12 };

/* What is lost on a narrow terminal: a column is cut to so many characters; with 0 it is left out. */
struct table_loss {
	size_t column, width;
};

struct table {
	struct arena arena;
	size_t columns, count; /* count: of cells, in rows of `columns` */
	const char **cells;
	const struct table_loss *losses; /* one after the other, until the rest fits */
	size_t loss_count;
	bool wraps; /* the last column goes on below itself, by words, if it does not fit */
};

/* Adds a row of `columns` cells, made safe for the terminal; the first row is the heading. */
void table_add(struct table *t, const char *const *cells);
/* Each column is as wide as its widest cell; the last one is not padded. Only on a terminal something can be lost. */
void table_print(const struct table *t, FILE *out);
/* The same for a terminal of so many columns; 0: of any. */
void table_print_within(const struct table *t, size_t columns, FILE *out);
void table_free(struct table *t);
