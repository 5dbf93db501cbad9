#include "base/num.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int digits_parse(const char **s, uint64_t *ret)
{
	uint64_t n = 0;

	if (!is_digit(**s))
		return -1;
	for (; is_digit(**s); ++*s)
		if (__builtin_mul_overflow(n, 10, &n) ||
			__builtin_add_overflow(n, (uint64_t)(**s - '0'), &n))
			return -1;
	*ret = n;
	return 0;
}

int num_parse_u64(const char *s, uint64_t *ret)
{
	uint64_t n;

	if (digits_parse(&s, &n) < 0 || *s)
		return -1;
	*ret = n;
	return 0;
}

int num_parse_u32(const char *s, uint32_t *ret)
{
	uint64_t n;

	if (num_parse_u64(s, &n) < 0 || n > UINT32_MAX)
		return -1;
	*ret = (uint32_t)n;
	return 0;
}

int num_parse_i64(const char *s, int64_t *ret)
{
	bool negative = *s == '-';
	uint64_t n;

	if (num_parse_u64(s + negative, &n) < 0 || n > (uint64_t)INT64_MAX + negative)
		return -1;
	*ret = negative ? (int64_t)-n : (int64_t)n;
	return 0;
}

int num_parse_octal(const char *s, uint32_t max, uint32_t *ret)
{
	uint64_t n = 0;

	if (!*s)
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '7')
			return -1;
		n = n * 8 + (uint64_t)(*s - '0');
		if (n > max)
			return -1;
	}
	*ret = (uint32_t)n;
	return 0;
}

/* "12", "1.5" or ".5": a whole part, and a fraction of at most 18 digits in units of 10^-18. */
struct decimal {
	uint64_t whole, fraction;
};
static const uint64_t DECIMAL_ONE = 1000000000000000000;

static int decimal_parse(const char **s, struct decimal *ret)
{
	struct decimal d = {0};
	uint64_t place = DECIMAL_ONE / 10;

	if (**s != '.' && digits_parse(s, &d.whole) < 0)
		return -1;
	if (**s == '.') {
		++*s;
		if (!is_digit(**s))
			return -1;
		for (; is_digit(**s); ++*s, place /= 10)
			d.fraction += place * (uint64_t)(**s - '0');
	}
	*ret = d;
	return 0;
}

/* d * unit, rounded down. */
static int decimal_scale(struct decimal d, uint64_t unit, uint64_t *ret)
{
	uint64_t part = (uint64_t)((unsigned __int128)d.fraction * unit / DECIMAL_ONE);

	if (__builtin_mul_overflow(d.whole, unit, ret))
		return -1;
	return __builtin_add_overflow(*ret, part, ret) ? -1 : 0;
}

/* Unit of bytes that the whole of s names; 0 if it is none. */
static uint64_t size_unit(const char *s)
{
	static const char letters[] = "kmgtp";
	const char *p;

	if (!*s || !strcasecmp(s, "b"))
		return 1;
	p = strchr(letters, tolower((unsigned char)*s));
	if (!p || (s[1] && strcasecmp(s + 1, "b") && strcasecmp(s + 1, "ib")))
		return 0;
	return (uint64_t)1 << (10 * (p - letters + 1));
}

int size_parse(const char *what, const char *s, uint64_t *ret_bytes, struct err *err)
{
	const char *p = s;
	struct decimal d;
	uint64_t unit, bytes;

	if (decimal_parse(&p, &d) < 0 || !(unit = size_unit(p)) || (unit == 1 && d.fraction)) {
		err_value(err, what, s, "is not a size");
		return err_hint(err, "use a number with b, k, m, g or t, such as 512m");
	}
	if (decimal_scale(d, unit, &bytes) < 0)
		return err_value(err, what, s, "is more bytes than 64 bits can count");
	*ret_bytes = bytes;
	return 0;
}

char *size_format(uint64_t bytes, char buf[16])
{
	static const char letters[] = "BKMGTPE";
	uint64_t tenths;
	unsigned shift = 0, i = 0;

	if (bytes < 1024) {
		snprintf(buf, 16, "%uB", (unsigned)bytes);
		return buf;
	}
	do {
		shift = 10 * ++i;
		tenths = (uint64_t)(((unsigned __int128)bytes * 10 + (1ULL << (shift - 1))) >>
				    shift);
	} while (tenths >= 10240 && i < 6);
	snprintf(buf, 16, "%u.%u%c", (unsigned)(tenths / 10), (unsigned)(tenths % 10), letters[i]);
	return buf;
}

static const struct {
	const char *name;
	uint64_t ns;
} duration_units[] = {
	{"h", 3600000000000},
	{"m", 60000000000},
	{"s", 1000000000},
	{"ms", 1000000},
	{"us", 1000},
	{"\xc2\xb5s", 1000},
	{"ns", 1},
};
enum { DURATION_UNITS = sizeof(duration_units) / sizeof(duration_units[0]) };

static uint64_t duration_unit(const char **s)
{
	size_t len = strcspn(*s, "0123456789.");

	for (size_t i = 0; i < DURATION_UNITS; i++)
		if (strlen(duration_units[i].name) == len &&
			!memcmp(duration_units[i].name, *s, len)) {
			*s += len;
			return duration_units[i].ns;
		}
	return 0;
}

enum number_fault { NUMBER_OK, NUMBER_MALFORMED, NUMBER_TOO_BIG };

static enum number_fault duration_sum(const char *s, uint64_t *ret)
{
	uint64_t total = 0, previous = UINT64_MAX;
	struct decimal d;

	do {
		uint64_t unit, part;
		bool plain;

		if (decimal_parse(&s, &d) < 0)
			return NUMBER_MALFORMED;
		plain = !*s && previous == UINT64_MAX;
		unit = plain ? 1000000000 : duration_unit(&s);
		if (!unit || unit >= previous || (unit == 1 && d.fraction))
			return NUMBER_MALFORMED;
		previous = unit;
		if (decimal_scale(d, unit, &part) < 0 ||
			__builtin_add_overflow(total, part, &total))
			return NUMBER_TOO_BIG;
	} while (*s);
	*ret = total;
	return NUMBER_OK;
}

int duration_parse(const char *what, const char *s, uint64_t *ret_ns, struct err *err)
{
	switch (duration_sum(s, ret_ns)) {
	case NUMBER_OK:
		return 0;
	case NUMBER_TOO_BIG:
		return err_value(err, what, s, "is longer than 584 years");
	default:
		err_value(err, what, s, "is not a length of time");
		return err_hint(err,
			"use seconds, or units from the largest down, such as 90, 1h30m or 500ms");
	}
}

int patience_parse(const char *what, const char *s, uint64_t *ret_ns, struct err *err)
{
	if (strcmp(s, "-1") != 0)
		return duration_parse(what, s, ret_ns, err);
	*ret_ns = DURATION_FOREVER;
	return 0;
}

int cpus_parse(const char *what, const char *s, uint64_t *ret_millionths, struct err *err)
{
	enum { MILLION = 1000000, LEAST = MILLION / 100, MOST = 65535 };
	const char *p = s;
	struct decimal d;
	uint64_t n;

	if (decimal_parse(&p, &d) < 0 || *p) {
		err_value(err, what, s, "is not a number of CPUs");
		return err_hint(err, "use a decimal fraction, such as 2 or 1.5");
	}
	if (d.whole > MOST || decimal_scale(d, MILLION, &n) < 0)
		return err_value(err, what, s, "is more CPUs than any kernel has");
	if (n < LEAST && (d.whole || d.fraction))
		return err_value(err, what, s, "is less than the least, 0.01");
	*ret_millionths = n;
	return 0;
}

static uint64_t bitrate_unit(const char *s)
{
	static const struct {
		const char *name;
		uint64_t bits;
	} units[] = {{"bit", 1}, {"kbit", 1000}, {"mbit", 1000000}, {"gbit", 1000000000}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcasecmp(units[i].name, s) == 0)
			return units[i].bits;
	return 0;
}

int bitrate_parse(const char *what, const char *s, uint64_t *ret_bits, struct err *err)
{
	static const uint64_t least = 8000, most = UINT64_C(1000000000000000);
	const char *p = s;
	struct decimal d;
	uint64_t unit, n;

	if (decimal_parse(&p, &d) < 0 || !(unit = bitrate_unit(p)) || (unit == 1 && d.fraction)) {
		err_value(err, what, s, "is not a rate");
		return err_hint(err, "use bits a second, such as 500kbit, 100mbit or 2.5gbit");
	}
	if (decimal_scale(d, unit, &n) < 0 || n > most)
		return err_value(err, what, s, "is more than any network has");
	if (n < least)
		return err_value(err, what, s, "is less than the least, 8kbit");
	*ret_bits = n;
	return 0;
}
