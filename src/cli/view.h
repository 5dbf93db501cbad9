/* A container in the words of ps and inspect. */
#pragma once

#include "cli/output.h"
#include "state/view.h"

enum { STATUS_SIZE = 80 };

/* "Up 3 minutes", "Exited (137) 2 hours ago". Pure; returns buf. */
char *view_status(const struct view *view, int64_t now_ns, char buf[STATUS_SIZE]);
/* The image, or the directory that stands for one. */
const char *view_source(const struct view *view);
/* In one line, words with blanks in quotes. */
char *view_command(const struct view *view, struct arena *a);

/* An object with every member always there: null where nothing is known. */
json_t *view_json(const struct view *view);
/* A string, or null for "" and NULL. */
json_t *json_text_or_null(const char *s);
