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

/* "table", "json", a template or "table TEMPLATE". */
int format_parse(const char *what, const char *value, struct format *ret, struct err *err);
/* The same for what is no table. */
int format_parse_shown(const char *what, const char *value, struct format *ret, struct err *err);
/* The command's own table is asked for. */
bool format_is_table(const struct format *f);
/* The others: of each of a list, or of one object. */
int format_print_list(const struct format *f, const json_t *list, struct err *err);
int format_print(const struct format *f, const json_t *j, struct err *err);
