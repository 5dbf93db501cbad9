/* JSON with numbers of 64 bits that have no sign: jansson's integers end at INT64_MAX. */
#pragma once

#include "base/json.h"
#include "base/jsontext.h"

#include <stdbool.h>
#include <stdint.h>

/* An engine's config.json: several times what the kernel takes of arguments and variables, 6 MiB. */
enum { JSON_WIDE_MAX_BYTES = 32 << 20 };

/* As json_parse(), of at most JSON_WIDE_MAX_BYTES. An integer of INT64_MAX + 1 to UINT64_MAX is an object
 * in the tree, {"": "DIGITS"}: a string of a document, which may be a tenant's, is never taken for one. */
json_t *json_parse_wide(const char *what, const char *data, size_t len, struct err *err);
bool json_is_wide(const json_t *j);
/* An integer from 0 to UINT64_MAX, else false. */
bool json_u64(const json_t *j, uint64_t *ret);
/* What json_parse() and json_parse_wide() read as the same, and json_u64() as n. */
void json_u64_add(struct jsontext *t, const char *name, uint64_t n);
