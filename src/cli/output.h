/* What the commands of ctr print beside tables and JSON: times. */
#pragma once

#include "base/format.h"
#include "base/output.h"
#include "spec/state.h"

#include <stdint.h>

enum { TIME_SIZE = STATE_TIME_SIZE, AGE_SIZE = 32 };

/* Nanoseconds since 1970 as RFC 3339 in UTC, with nanoseconds; "" for 0. Returns buf. */
char *time_format(int64_t ns, char buf[TIME_SIZE]);
/* A length of time in its largest unit: "3 minutes"; "less than a second". Returns buf. */
char *age_format(int64_t ns, char buf[AGE_SIZE]);

/* A moment that a user means: RFC 3339, seconds since 1970, or a length of time before now. */
int time_parse(const char *what, const char *s, int64_t now_ns, uint64_t *ret_ns, struct err *err);
