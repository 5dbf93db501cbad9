/* What commands print: tables, JSON, times. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "spec/state.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum output_format { OUTPUT_TABLE, OUTPUT_JSON };

/* --format: "table" or "json". */
int output_format_parse(const char *what, const char *value, enum output_format *ret,
	struct err *err);

/* A copy that is safe on a terminal: one '?' for each byte that is no UTF-8 and for each character
 * that a terminal would act on (controls, marks that turn the direction of writing). Of more than
 * max characters (0: any number) the last shown is an ellipsis. Pure. */
char *output_text(struct arena *a, const char *s, size_t max);
/* Characters, not bytes, of a valid string. */
size_t output_width(const char *s);

enum { TABLE_COLUMNS_MAX = 12 };

struct table {
	struct arena arena;
	size_t columns, count; /* count: of cells, in rows of `columns` */
	const char **cells;
};

/* Adds a row of `columns` cells, made safe for the terminal; the first row is the heading. */
void table_add(struct table *t, const char *const *cells);
/* Each column as wide as its widest cell; nothing behind the last. */
void table_print(const struct table *t, FILE *out);
void table_free(struct table *t);

enum { TIME_SIZE = STATE_TIME_SIZE, AGE_SIZE = 32 };

/* Nanoseconds since 1970 as RFC 3339 in UTC, with nanoseconds; "" for 0. Returns buf. */
char *time_format(int64_t ns, char buf[TIME_SIZE]);
/* A length of time in its largest unit: "3 minutes"; "less than a second". Returns buf. */
char *age_format(int64_t ns, char buf[AGE_SIZE]);

/* A moment that a user means: RFC 3339, seconds since 1970, or a length of time before now. */
int time_parse(const char *what, const char *s, int64_t now_ns, uint64_t *ret_ns, struct err *err);

/* Indented, in ASCII only (whatever is in the strings), to standard output. */
int output_json(const json_t *j, struct err *err);
/* Whether all that was printed has been taken. */
int output_end(struct err *err);
