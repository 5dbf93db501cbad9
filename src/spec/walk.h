/* A walk along a JSON document, for messages that say where. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Where a walk along the tables has come to. */
struct walk {
	const char *what; /* the document, for errors */
	const char *text; /* its JSON, for the places of warnings; NULL: they have none */
	size_t text_len;
	struct arena *arena;
	struct err *err;
	bool of_bytes; /* written by us: strings may stand for bytes that are no UTF-8, utf8_unescape() */
	bool lenient; /* a member that no table has is a warning, and so is a missing number */
	const char **warnings;
	size_t warning_count;
	size_t len;
	char path[384]; /* "mounts[3].options" */
};

/* Each returns -1 with "WHAT: PATH: reason". */
int walk_fail(struct walk *w, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));
/* The same of a member of where we are. */
int walk_fail_in(struct walk *w, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));
/* Notes "WHAT:LINE:COLUMN: PATH: text". */
void walk_warn(struct walk *w, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));
/* Goes to a member, or, with name NULL, to an element; walk_leave goes back to what it returned. */
size_t walk_enter(struct walk *w, const char *name, size_t index);
void walk_leave(struct walk *w, size_t len);
