/* --format with Go's braces, as far as people use them: "{{.name}} {{.attributes.exitCode}}", "{{json .}}". Pure. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

/* Whether text is one. keys: what an object has, ends with NULL; of what is deeper nothing is known. Upper and lower
 * case are the same. */
int template_check(const char *what, const char *text, const char *const *keys, struct err *err);

/* text, checked, with the values of j. One that is not there is empty. */
char *template_fill(struct arena *a, const char *text, const json_t *j);
