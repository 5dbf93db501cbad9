#include "base/jsonwide.h"

#include "base/fd.h"
#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MIN = 19, DIGITS_MAX = 20 };

#define BEFORE "{\"\":\""
#define BEHIND "\"}"

/* Where the next integer of data is that jansson would not hold; len if there is none. */
static size_t wide_find(const char *data, size_t at, size_t len, size_t *ret_digits)
{
	bool quoted = false;

	for (; at < len; at++) {
		char digits[DIGITS_MAX + 1];
		size_t n = 0;
		uint64_t value;

		if (data[at] == '"')
			quoted = !quoted;
		else if (quoted && data[at] == '\\')
			at++;
		if (quoted || data[at] < '0' || data[at] > '9')
			continue;
		while (at + n < len && data[at + n] >= '0' && data[at + n] <= '9')
			n++;
		if (n >= DIGITS_MIN && n <= DIGITS_MAX &&
			(at == 0 || !strchr("-+.eE", data[at - 1])) &&
			(at + n == len || !strchr(".eE", data[at + n]))) {
			snprintf(digits, sizeof(digits), "%.*s", (int)n, data + at);
			if (num_parse_u64(digits, &value) == 0 && value > INT64_MAX) {
				*ret_digits = n;
				return at;
			}
		}
		at += n - 1;
	}
	return len;
}

/* A run of so many digits has one at each such step. */
static bool has_long_number(const char *data, size_t len)
{
	for (size_t i = DIGITS_MIN - 1; i < len; i += DIGITS_MIN) {
		size_t from = i, to = i;

		if (data[i] < '0' || data[i] > '9')
			continue;
		while (from > 0 && data[from - 1] >= '0' && data[from - 1] <= '9')
			from--;
		while (to + 1 < len && data[to + 1] >= '0' && data[to + 1] <= '9')
			to++;
		if (to - from + 1 >= DIGITS_MIN)
			return true;
		i = to;
	}
	return false;
}

/* A copy of data, which may be longer; NULL without memory. */
static char *marked(const char *data, size_t len, size_t *ret_len)
{
	const size_t more = strlen(BEFORE BEHIND);
	size_t digits = 0, from = 0, at = wide_find(data, 0, len, &digits), to = 0;
	char *copy = malloc(len + len / DIGITS_MIN * more + 1);

	while (copy && at < len) {
		memcpy(copy + to, data + from, at - from);
		to += at - from;
		to += (size_t)sprintf(copy + to, BEFORE "%.*s" BEHIND, (int)digits, data + at);
		from = at + digits;
		at = wide_find(data, from, len, &digits);
	}
	if (copy)
		memcpy(copy + to, data + from, len - from);
	*ret_len = to + len - from;
	return copy;
}

json_t *json_parse_wide(const char *what, const char *data, size_t len, struct err *err)
{
	autofree char *copy = NULL;
	size_t copied;

	if (len > JSON_WIDE_MAX_BYTES) {
		err_set(err, "%s: larger than %d bytes", what, JSON_WIDE_MAX_BYTES);
		return NULL;
	}
	if (!has_long_number(data, len))
		return json_parse_any(what, data, len, err);
	copy = marked(data, len, &copied);
	if (!copy) {
		err_sys(err, "parse %s", what);
		return NULL;
	}
	return json_parse_any(what, copy, copied, err);
}

static const char *wide_digits(const json_t *j)
{
	return json_object_size(j) == 1 ? json_string_value(json_object_get(j, "")) : NULL;
}

bool json_is_wide(const json_t *j)
{
	return wide_digits(j);
}

bool json_u64(const json_t *j, uint64_t *ret)
{
	if (json_is_wide(j))
		return num_parse_u64(wide_digits(j), ret) == 0;
	if (!json_is_integer(j) || json_integer_value(j) < 0)
		return false;
	*ret = (uint64_t)json_integer_value(j);
	return true;
}

void json_u64_add(struct jsontext *t, const char *name, uint64_t n)
{
	char digits[DIGITS_MAX + 1];

	if (n <= INT64_MAX) {
		jsontext_integer(t, name, (int64_t)n);
		return;
	}
	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)n);
	jsontext_open(t, name, '{');
	jsontext_string(t, "", digits);
	jsontext_close(t, '}');
}
