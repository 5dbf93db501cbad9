/*
 * Tables that say which JSON member is which member of a struct. One table serves both directions,
 * so that what is written can be read; a member that no table has is refused, with its place, or,
 * where the format is somebody else's, is a warning.
 */
#pragma once

#include "base/json.h"
#include "base/jsontext.h"
#include "spec/textfield.h"
#include "spec/walk.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the member of the struct is, and what stands for it in JSON. Those up to FIELD_TEXTS can always be
 * written. */
enum field_type {
	FIELD_STRING, /* const char *; NULL: absent */
	FIELD_BOOL,   /* bool */
	FIELD_U32,    /* uint32_t, mode_t */
	FIELD_ID,     /* uint32_t: a uid or gid, but not -1 */
	FIELD_INT,    /* int */
	FIELD_I64,    /* int64_t */
	FIELD_U64, /* uint64_t; beyond INT64_MAX is written as INT64_MAX, which is read as UINT64_MAX */
	FIELD_WIDE,    /* uint64_t, each value as it is: base/jsonwide.h */
	FIELD_LIMIT,   /* uint64_t; UINT64_MAX: -1 */
	FIELD_STRINGS, /* char **, NULL-terminated, and its count */
	FIELD_IDS,     /* uint32_t * and its count */
	FIELD_TEXT,    /* a struct that `text` reads and writes as a string */
	FIELD_TEXTS,   /* an array of such, and its count */
	FIELD_PAIRS,   /* struct key_value * and its count: an object of strings */
	FIELD_ARRAY,   /* struct * of `size` bytes, described by `fields`, and its count */
	FIELD_MAP,     /* the same, each with its name in the JSON object, at `key` of the struct */
	FIELD_OBJECT,  /* `fields`, on the same struct, or a part of it at `at` */
	FIELD_JSON,    /* json_t *, borrowed: for the caller to read */
	FIELD_REFUSED, /* known, but not here: `why` */
	FIELD_IGNORED, /* has no effect, which is a warning: `why`, if there is one */
};

enum field_flag {
	FIELD_REQUIRED = 1, /* to be read; in a lenient walk a number may be missing */
	FIELD_ALWAYS = 2,   /* written even if it is zero, false or empty */
	FIELD_PRESENT = 4,  /* `count` is a bool: whether there is a value */
	FIELD_FILLED = 8,   /* an empty string stands for none */
};

struct field {
	const char *name; /* NULL ends a table */
	enum field_type type;
	unsigned flags;
	size_t at;
	size_t count;
	const struct field *fields;
	size_t size, key;
	const char *why;
	const struct text_type *text;
	/* Of a string, or of each in a list or among the values of pairs: NULL if it will do, else
	 * what it should be ("must be …"). */
	const char *(*check)(const char *s);
	int64_t min, max; /* of a number; both 0: what the type holds */
};

#define AT(s, m)       .at = offsetof(struct s, m)
#define N(s, m)        .count = offsetof(struct s, m)
#define EACH(s, table) .fields = table, .size = sizeof(struct s)

/* Fills the struct at base, whose members keep their values where JSON has none, or null. */
int fields_read(struct walk *w, const struct field *table, void *base, const json_t *json);
int field_read(struct walk *w, const struct field *f, void *base, const json_t *json);

/* Adds an object; for want of memory jsontext_take() fails. */
int fields_write(struct walk *w, const struct field *table, const void *base, struct jsontext *t);
/* Adds a member of that name, or nothing if there is nothing to write. */
int field_write(struct walk *w, const struct field *f, const void *base, struct jsontext *t,
	const char *name);

/* Of FIELD_TEXT and FIELD_TEXTS. */
int textfield_read(struct walk *w, const struct field *f, const json_t *v, void *ret);
int textfield_read_list(struct walk *w, const struct field *f, const json_t *v, void **ret,
	size_t *ret_count);
void textfield_write(const struct field *f, const void *value, struct jsontext *t,
	const char *name);
void textfield_write_list(const struct field *f, const void *items, size_t n, struct jsontext *t,
	const char *name);
