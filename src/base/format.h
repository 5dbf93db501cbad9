/* --format of everything that lists or shows: a table, JSON, or a template with a line for each. */
#pragma once

#include "base/err.h"
#include "base/json.h"

#include <stdbool.h>

struct format {
	bool json;
	const char *template; /* NULL: none */
	bool heading;         /* a table of what the template asks for, in columns by its tabs */
};

/* Setters of base/flag.h, of a struct format: "table", "json", a template or "table TEMPLATE". */
int format_set(void *to, const char *what, const char *value, struct err *err);
/* The same without "table", for a command that has none. */
int format_set_shown(void *to, const char *what, const char *value, struct err *err);
/* Whether the command's own table is asked for. */
bool format_is_table(const struct format *f);
/* Print JSON or the template: of each object of a list, or of one. */
int format_print_list(const struct format *f, const json_t *list, struct err *err);
int format_print(const struct format *f, const json_t *j, struct err *err);
