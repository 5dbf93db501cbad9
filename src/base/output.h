/*
 * The one way to standard output for what images, containers and their users wrote: nothing in it acts on
 * a terminal. Standard error has its own, err_print() and warn(), with the same rule.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A copy that is safe on a terminal: one '?' for each byte that is no UTF-8 and for each character
 * that a terminal would act on (controls, marks that turn the direction of writing). Of more than
 * max characters (0: any number) the last shown is an ellipsis. Pure. */
char *output_text(struct arena *a, const char *s, size_t max);
/* Characters, not bytes, of a valid string. */
size_t output_width(const char *s);

/* printf(3), with '?' for all that acts on a terminal, but for a line feed at the very end. */
void output_print(FILE *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* JSON and a line feed; what acts on a terminal as \uXXXX. jansson escapes what is below U+0020. */
void output_document(FILE *out, const char *text);
/* Indented, in ASCII only (whatever is in the strings), to standard output. */
int output_json(const json_t *j, struct err *err);
/* Whether a line there can be written again, and all of it: a terminal, and by $TERM one that knows sequences. */
bool output_is_screen(int fd);
/* Whether all that was printed has been taken. */
int output_end(struct err *err);
