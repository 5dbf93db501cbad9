/*
 * JSON written piece by piece: what each start writes is not made a tree of values first. Strings must be
 * UTF-8, and the names in an object differ; the caller sees to both.
 */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jsontext {
	char *text;
	size_t len, room;
	unsigned depth; /* objects and arrays that are open */
	bool indented;  /* by two blanks a level; else all on one line */
	bool filled;    /* the innermost has something in it */
	bool failed;    /* there was no memory; what came later is not there */
};

/* Each writes a value, with its name in an object, with name NULL in an array or alone. */
void jsontext_open(struct jsontext *t, const char *name, char bracket);
void jsontext_close(struct jsontext *t, char bracket);
void jsontext_string(struct jsontext *t, const char *name, const char *s);
void jsontext_integer(struct jsontext *t, const char *name, int64_t n);
void jsontext_boolean(struct jsontext *t, const char *name, bool b);
/* A value that is JSON already. */
void jsontext_raw(struct jsontext *t, const char *name, const char *json);

/* As it was when it was copied: what has been written since is not there. */
void jsontext_return(struct jsontext *t, const struct jsontext *before);

/* The text, new (free it), or NULL with err. There is no more of it in t. */
char *jsontext_take(struct jsontext *t, struct err *err);
void jsontext_free(struct jsontext *t);
#define autojsontext __attribute__((cleanup(jsontext_free)))
