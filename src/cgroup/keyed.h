/* The text forms of cgroup files: single values, and lines of "key value" or "key=value". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Digits, or "max" as UINT64_MAX; nothing behind it but one newline. 0, or -1. */
int cgroup_value_parse(const char *text, uint64_t *ret);

/* The value of "key value" on a line of its own. 0, or -1 if it is missing or malformed. */
int cgroup_keyed_parse(const char *text, const char *key, uint64_t *ret);

/* The value of " key=value" in one line (up to len bytes). 0, or -1. */
int cgroup_nested_parse(const char *line, size_t len, const char *key, uint64_t *ret);

/* The pair "key value" that *text begins with; *text moves to the next line. The key is "" of a line that is
 * no such pair, or too long. false at the end of the text. */
enum { CGROUP_KEY_SIZE = 64 };
bool cgroup_keyed_next(const char **text, char ret_key[CGROUP_KEY_SIZE], uint64_t *ret);
