/* --format with Go's braces, as far as people use them: "{{.name}} {{.limits.memory}}", "{{json .}}",
 * "{{index .labels "a.b"}}". Upper and lower case are the same where no member has both. Pure. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

/* Whether text is one. */
int template_check(const char *what, const char *text, struct err *err);
/* text, checked, with the values of j; "\t" and "\n" are a tab and a line feed. What is not there is refused if it
 * is a member of j itself, which always has the same, and empty deeper down. Safe on a terminal. */
int template_fill(struct arena *a, const char *text, const json_t *j, char **ret, struct err *err);
/* A heading for it: what is asked for, in upper case, in place of the values. */
char *template_heading(struct arena *a, const char *text);
