#include "base/num.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct err err;
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(num, u64)
{
	uint64_t n = 7;

	cr_assert(num_parse_u64("0", &n) == 0 && n == 0);
	cr_assert(num_parse_u64("18446744073709551615", &n) == 0 && n == UINT64_MAX);
	cr_assert(num_parse_u64("0010", &n) == 0 && n == 10);
}

Test(num, refused_leaves_output_alone)
{
	static const char *const bad[] = {"", " ", "-1", "+1", " 1", "1 ", "0x10", "1e3", "1_000",
		"18446744073709551616", "99999999999999999999999", "\xd9\xa1", "1\n", "a"};
	uint64_t n = 7;
	uint32_t m = 7;

	for (size_t i = 0; i < COUNT(bad); i++) {
		cr_assert(num_parse_u64(bad[i], &n) == -1 && n == 7, "%s", bad[i]);
		cr_assert(num_parse_u32(bad[i], &m) == -1 && m == 7, "%s", bad[i]);
	}
}

Test(num, u32)
{
	uint32_t n;

	cr_assert(num_parse_u32("4294967295", &n) == 0 && n == UINT32_MAX);
	cr_assert(num_parse_u32("4294967296", &n) == -1);
	cr_assert(num_parse_u32("-1", &n) == -1);
}

Test(num, i64)
{
	static const char *const bad[] = {"", "-", "--1", "- 1", "+1", "9223372036854775808",
		"-9223372036854775809", "1-"};
	int64_t n = 7;

	cr_assert(num_parse_i64("-9223372036854775808", &n) == 0 && n == INT64_MIN);
	cr_assert(num_parse_i64("9223372036854775807", &n) == 0 && n == INT64_MAX);
	cr_assert(num_parse_i64("-0", &n) == 0 && n == 0);
	n = 7;
	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert(num_parse_i64(bad[i], &n) == -1 && n == 7, "%s", bad[i]);
}

Test(num, octal)
{
	uint32_t n = 9;

	cr_assert(num_parse_octal("0022", 0777, &n) == 0 && n == 022);
	cr_assert(num_parse_octal("777", 0777, &n) == 0 && n == 0777);
	cr_assert(num_parse_octal("1000", 0777, &n) == -1);
	cr_assert(num_parse_octal("8", 0777, &n) == -1);
	cr_assert(num_parse_octal("", 0777, &n) == -1);
	cr_assert(num_parse_octal("7777777777777777777777777777777", UINT32_MAX, &n) == -1);
	cr_assert(n == 0777);
}

Test(num, sizes)
{
	static const struct {
		const char *s;
		uint64_t bytes;
	} good[] = {{"0", 0}, {"1", 1}, {"512b", 512}, {"1B", 1}, {"1k", 1024}, {"1K", 1024},
		{"1kb", 1024}, {"1KiB", 1024}, {"512m", 536870912}, {"512MB", 536870912},
		{"1.5g", 1610612736}, {".5k", 512}, {"2T", 2199023255552}, {"1p", 1125899906842624},
		{"0.1k", 102}, {"1.0", 1}, {"18446744073709551615", UINT64_MAX},
		{"16383.999999999999999999p", UINT64_MAX}, {"0.3333333333333333333333333k", 341}};
	uint64_t n;

	for (size_t i = 0; i < COUNT(good); i++) {
		cr_assert(size_parse("--memory", good[i].s, &n, &err) == 0, "%s: %s", good[i].s,
			err.text);
		if (strcmp(good[i].s, "16383.999999999999999999p"))
			cr_assert(n == good[i].bytes, "%s gave %llu", good[i].s,
				(unsigned long long)n);
		else
			cr_assert(n > UINT64_MAX - 2048);
	}
}

Test(num, sizes_refused)
{
	static const char *const bad[] = {"", "12Q", "m", "-1", "+1m", "1 m", "1m ", "1.m", "1..5m",
		"1.5", "1.5b", "1mi", "1mbb", "1bb", "1e", "0x10", "1ib", "k1", "nan", "inf",
		"1,5g", "1\n", "%s%n", "."};
	uint64_t n = 7;

	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert(size_parse("--memory", bad[i], &n, &err) == -1 && n == 7, "%s", bad[i]);
	size_parse("--memory", "12Q", &n, &err);
	cr_assert_str_eq(err.text, "--memory: '12Q' is not a size");
	cr_assert_str_eq(err.hint, "use a number with b, k, m, g or t, such as 512m");
	cr_assert(size_parse("--memory", "16384p", &n, &err) == -1);
	cr_assert(strstr(err.text, "64 bits"));
	cr_assert(size_parse("--memory", "18446744073709551615k", &n, &err) == -1 && n == 7);
}

Test(num, long_value_does_not_hide_the_reason)
{
	char s[100000];
	uint64_t n;

	memset(s, 'x', sizeof(s) - 1);
	s[sizeof(s) - 1] = '\0';
	cr_assert(size_parse("--memory", s, &n, &err) == -1);
	cr_assert(strstr(err.text, "...' is not a size"), "%s", err.text);
	memset(s, '9', sizeof(s) - 1);
	cr_assert(size_parse("--memory", s, &n, &err) == -1);
	cr_assert(duration_parse("--timeout", s, &n, &err) == -1);
	cr_assert(cpus_parse("--cpus", s, &n, &err) == -1);
}

Test(num, size_format)
{
	static const struct {
		uint64_t bytes;
		const char *s;
	} c[] = {{0, "0B"}, {1023, "1023B"}, {1024, "1.0K"}, {536870912, "512.0M"},
		{1610612736, "1.5G"}, {1048575, "1.0M"}, {1073741823, "1.0G"},
		{UINT64_MAX, "16.0E"}};
	char buf[16];

	for (size_t i = 0; i < COUNT(c); i++)
		cr_assert_str_eq(size_format(c[i].bytes, buf), c[i].s);
}

Test(num, durations)
{
	static const struct {
		const char *s;
		uint64_t ns;
	} good[] = {{"0", 0}, {"10", 10000000000}, {"1.5", 1500000000}, {"1.5s", 1500000000},
		{"100ms", 100000000}, {"20us", 20000}, {"20\xc2\xb5s", 20000}, {"5ns", 5},
		{"1h30m", 5400000000000}, {"1h0m0.5s", 3600500000000},
		{"2m3s4ms5us6ns", 123004005006}, {".5m", 30000000000}};
	static const char *const bad[] = {"", "s", "-1", "1x", "1h1", "1m1h", "1s1s", "1 s",
		"1.5ns", "1h 5m", "1.s", "..5s", "1sec", "inf", "h1", "1d"};
	uint64_t n = 0;

	for (size_t i = 0; i < COUNT(good); i++)
		cr_assert(duration_parse("t", good[i].s, &n, &err) == 0 && n == good[i].ns,
			"%s gave %llu", good[i].s, (unsigned long long)n);
	n = 7;
	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert(duration_parse("t", bad[i], &n, &err) == -1 && n == 7, "%s", bad[i]);
	cr_assert(duration_parse("t", "5124095h35m", &n, &err) == -1);
	cr_assert(strstr(err.text, "584 years"));
	cr_assert(duration_parse("t", "18446744073", &n, &err) == 0);
	cr_assert(duration_parse("t", "18446744074", &n, &err) == -1);
}

Test(num, cpus)
{
	static const struct {
		const char *s;
		uint64_t millionths;
	} good[] = {{"1", 1000000}, {"1.5", 1500000}, {".5", 500000}, {"0.01", 10000}, {"0", 0},
		{"0.000", 0}, {"0.33333333333333333333", 333333}, {"65535", 65535000000}};
	static const char *const bad[] = {"", "-1", "0.009", "0.0000001", "1.", ".", "1.5x", "two",
		"65536", "1e9", "1/2", "99999999999999999999"};
	uint64_t n = 0;

	for (size_t i = 0; i < COUNT(good); i++)
		cr_assert(cpus_parse("--cpus", good[i].s, &n, &err) == 0 && n == good[i].millionths,
			"%s", good[i].s);
	n = 7;
	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert(cpus_parse("--cpus", bad[i], &n, &err) == -1 && n == 7, "%s", bad[i]);
}

Test(num, bitrates)
{
	static const struct {
		const char *s;
		uint64_t bits;
	} good[] = {{"100mbit", 100000000}, {"2.5gbit", 2500000000}, {"8kbit", 8000},
		{"9000bit", 9000}, {"10MBit", 10000000}};
	static const char *const bad[] = {"", "100", "100mb", "100mbps", "1.5bit", "-1mbit",
		"7.9kbit", "0mbit", "mbit", "100 mbit", "99999999gbit", "99999999999999999999bit"};
	uint64_t n = 0;

	for (size_t i = 0; i < COUNT(good); i++)
		cr_assert(bitrate_parse("r", good[i].s, &n, &err) == 0 && n == good[i].bits, "%s",
			good[i].s);
	n = 7;
	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert(bitrate_parse("r", bad[i], &n, &err) == -1 && n == 7, "%s", bad[i]);
}
