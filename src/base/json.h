/* The rules we read and write JSON by, over jansson: strict, bounded, with the place of a mistake. */
#pragma once

#include "base/err.h"

#include <jansson.h>
#include <stddef.h>

enum { JSON_MAX_BYTES = 4 << 20, JSON_MAX_DEPTH = 64 };

static inline void json_cleanup(json_t **j)
{
	json_decref(*j);
}
#define autojson __attribute__((cleanup(json_cleanup)))

/* Parses exactly one document: duplicate keys, trailing bytes, invalid UTF-8 and NUL inside strings
 * are refused with "WHAT:LINE:COLUMN: reason". A new reference, or NULL with err, whose err->sys tells
 * what is wrong with the document, 0, from what is wrong with us: ENOMEM. */
json_t *json_parse(const char *what, const char *data, size_t len, struct err *err);
/* The same, of any length. */
json_t *json_parse_any(const char *what, const char *data, size_t len, struct err *err);
/* json_unpack(3), strict: what is missing, of another type or too much is refused. */
int json_take(json_t *j, const char *what, struct err *err, const char *format, ...);
/* Reads and parses a file of ours below dirfd. err->sys is ENOENT if it is absent. */
json_t *json_read(int dirfd, const char *name, struct err *err);
/* A string for people: bytes that are no UTF-8 are shown as '?'. */
json_t *json_shown(const char *s);
/* One line of text, new (free it), or NULL with err. */
char *json_text(const json_t *j, size_t flags, struct err *err);
