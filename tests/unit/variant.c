#include "spec/variant.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct arena arena;

static struct variant parsed(const char *text)
{
	struct variant v;
	const char *why = variant_parse(text, &arena, &v);

	cr_assert_null(why, "%s: %s", text, why);
	return v;
}

static void refused(const char *text, const char *why)
{
	struct variant v = {.type = '?'};
	const char *got = variant_parse(text, &arena, &v);

	cr_assert(got && strstr(got, why), "%s: %s", text, got ? got : "taken");
	cr_assert(v.type == '?');
}

Test(variant, booleans)
{
	static const char *const yes[] = {"true", " true\t", "@b true", "boolean  true"};

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		cr_assert(parsed(yes[i]).type == 'b' && parsed(yes[i]).boolean, "%s", yes[i]);
	cr_assert(parsed("false").type == 'b' && !parsed("false").boolean);
	refused("True", "format");
	refused("truely", "format");
	refused("true false", "format");
	refused("@t true", "does not fit");
	refused("@b 1", "does not fit");
	refused("@b 'true'", "does not fit");
}

Test(variant, numbers)
{
	static const struct {
		const char *text;
		char type;
		uint64_t number;
	} good[] = {
		{"byte 255", 'y', 255},
		{"@y 0xfF", 'y', 255},
		{"uint16 65535", 'q', 65535},
		{"uint32 4294967295", 'u', UINT32_MAX},
		{"uint64 123456789", 't', 123456789},
		{"@t 18446744073709551615", 't', UINT64_MAX},
		{"@t +5", 't', 5},
		{"@t 010", 't', 8},
		{"@t 0", 't', 0},
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct variant v = parsed(good[i].text);

		cr_assert(v.type == good[i].type && v.number == good[i].number, "%s", good[i].text);
	}
}

Test(variant, integers)
{
	static const struct {
		const char *text;
		char type;
		int64_t integer;
	} good[] = {
		{"5", 'i', 5},
		{"-2147483648", 'i', INT32_MIN},
		{"0x7fffffff", 'i', INT32_MAX},
		{"0x1e", 'i', 30},
		{"int16 -32768", 'n', INT16_MIN},
		{"@n 32767", 'n', INT16_MAX},
		{"int64 -9223372036854775808", 'x', INT64_MIN},
		{"@x 9223372036854775807", 'x', INT64_MAX},
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct variant v = parsed(good[i].text);

		cr_assert(v.type == good[i].type && v.integer == good[i].integer, "%s",
			good[i].text);
	}
}

Test(variant, reals)
{
	cr_assert(parsed("1.5").type == 'd' && parsed("1.5").real == 1.5);
	cr_assert(parsed("-2e3").type == 'd' && parsed("-2e3").real == -2000);
	cr_assert(parsed("@d 5").type == 'd' && parsed("@d 5").real == 5);
	cr_assert(parsed("double .25").real == .25);
	refused("1.5.2", "format");
	refused("1e", "format");
	refused("@d 0x10", "format");
	refused("1e999", "does not fit");
	refused("inf", "format");
	refused("nan", "format");
}

Test(variant, numbers_refused)
{
	static const char *const misfits[] = {"2147483648", "-2147483649", "byte 256", "byte -1",
		"@q 65536", "@n 32768", "@n -32769", "@u 4294967296", "@t 18446744073709551616",
		"@t -1", "@x 9223372036854775808", "@x -9223372036854775809", "@s 5", "@as 5"};
	static const char *const no_numbers[] = {"", " ", "-", "+", "+-5", "--5", "- 5", "5 6",
		"5x", "0x", "0xg", "08", "1.5 s", "uint64", "uint64 ", "@t", "10s", "@t 1.5",
		"@t 1e3", "@i @i 5", "uint64 uint64 5", "0x-5"};
	char long_one[200];

	for (size_t i = 0; i < sizeof(misfits) / sizeof(misfits[0]); i++)
		refused(misfits[i], "does not fit");
	for (size_t i = 0; i < sizeof(no_numbers) / sizeof(no_numbers[0]); i++)
		refused(no_numbers[i], "format");
	memset(long_one, '0', sizeof(long_one));
	long_one[sizeof(long_one) - 1] = '\0';
	refused(long_one, "does not fit");
}

Test(variant, strings)
{
	static const char *const good[][2] = {
		{"'inactive-or-failed'", "inactive-or-failed"},
		{"\"it's\"", "it's"},
		{" 'a \"b\"' ", "a \"b\""},
		{"''", ""},
		{"@s 'x'", "x"},
		{"string 'x'", "x"},
		{"'\\'\\\"\\\\\\z'", "'\"\\z"},
		{"'\\a\\b\\f\\n\\r\\t\\v'", "\a\b\f\n\r\t\v"},
		{"'a\\\nb'", "ab"},
		{"'\\u0041\\u00e9\\u20ac\\U0001f600'", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
		{"'\xc3\xa9'", "\xc3\xa9"},
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct variant v = parsed(good[i][0]);

		cr_assert_eq(v.type, 's');
		cr_assert_str_eq(v.text, good[i][1]);
	}
	refused("'a", "format");
	refused("'a\"", "format");
	refused("'a\\'", "format");
	refused("'a\\", "format");
	refused("'a' 'b'", "format");
	refused("'a'b", "format");
	refused("a", "format");
	refused("'\\u00g0'", "format");
	refused("'\\u0'", "format");
	refused("'\\u0000'", "none");
	refused("'\\ud800'", "none");
	refused("'\\U00110000'", "none");
	refused("@i 'x'", "does not fit");
	refused("@as 'x'", "does not fit");
}

Test(variant, arrays)
{
	struct variant v = parsed("['a', \"b,]\" ,@s 'c']");

	cr_assert(v.type == 'a' && v.strings.count == 3);
	cr_assert_str_eq(v.strings.items[0], "a");
	cr_assert_str_eq(v.strings.items[1], "b,]");
	cr_assert_str_eq(v.strings.items[2], "c");
	cr_assert(parsed("@as []").type == 'a' && parsed("@as [ ]").strings.count == 0);
	cr_assert(parsed("@as['x']").strings.count == 1);
	refused("[]", "without its type");
	refused("[", "");
	refused("@as [", "format");
	refused("['a'", "format");
	refused("['a',", "format");
	refused("['a',]", "format");
	refused("[,'a']", "format");
	refused("['a' 'b']", "format");
	refused("['a']]", "format");
	refused("@s ['a']", "does not fit");
	refused("[@i 'a']", "does not fit");
	refused("[1, 2]", "is neither");
	refused("['a', 2]", "is neither");
	refused("[['a']]", "is neither");
}

Test(variant, what_no_property_takes)
{
	static const char *const other[] = {"<'a'>", "{'a': 1}", "('a', 1)", "@au [1]", "@a{sv} {}",
		"@(ss) ('a', 'b')", "@ay [1]", "@v <1>", "@o '/'", "objectpath '/'",
		"signature 's'", "handle 1", "just 1", "nothing", "b'abc'"};

	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		refused(other[i], "is neither");
}
