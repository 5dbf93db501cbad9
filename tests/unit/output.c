#include "cli/output.h"

#include "base/fd.h"

#include <criterion/criterion.h>
#include <string.h>

static void shows(const char *s, size_t max, const char *want)
{
	struct arena a = {0};

	cr_assert_str_eq(output_text(&a, s, max), want);
	arena_free(&a);
}

Test(output, text_is_safe_on_a_terminal)
{
	shows("plain", 0, "plain");
	shows("\x1b[2J\x07", 0, "?[2J?");
	shows("a\nb\tc\x7f", 0, "a?b?c?");
	shows("\xc2\x9b"
	      "31m",
		0, "?31m"); /* CSI in one character */
	shows("\xe2\x80\xae"
	      "cba",
		0, "?cba"); /* right-to-left override */
	shows("\xff\xc3", 0, "??");
	shows("\xc0\xaf", 0, "??");      /* overlong */
	shows("\xed\xa0\x80", 0, "???"); /* surrogate */
	shows("häuschen \xf0\x9f\x90\xb3", 0, "häuschen \xf0\x9f\x90\xb3");
}

Test(output, text_is_cut_by_characters)
{
	shows("abcdef", 6, "abcdef");
	shows("abcdef", 5, "abcd…");
	shows("ääääää", 3, "ää…");
	shows("abc", 1, "…");
	shows("", 1, "");
	cr_assert_eq(output_width("ä…a"), 3);
}

static void age(int64_t seconds, const char *want)
{
	char buf[AGE_SIZE];

	cr_assert_str_eq(age_format(seconds * 1000000000, buf), want, "%lld", (long long)seconds);
}

Test(output, ages)
{
	age(-5, "less than a second");
	age(0, "less than a second");
	age(1, "1 second");
	age(59, "59 seconds");
	age(60, "1 minute");
	age(3599, "59 minutes");
	age(3600, "1 hour");
	age(47 * 3600, "47 hours");
	age(48 * 3600, "2 days");
	age(13 * 86400, "13 days");
	age(14 * 86400, "2 weeks");
	age(60 * 86400, "2 months");
	age(729 * 86400, "24 months");
	age(730 * 86400, "2 years");
}

Test(output, times)
{
	char buf[TIME_SIZE];

	cr_assert_str_eq(time_format(0, buf), "");
	cr_assert_str_eq(time_format(1, buf), "1970-01-01T00:00:00.000000001Z");
	cr_assert_str_eq(time_format(1700000000123456789, buf), "2023-11-14T22:13:20.123456789Z");
	cr_assert_str_eq(time_format(INT64_MAX, buf), "2262-04-11T23:47:16.854775807Z");
}

Test(output, times_that_users_mean)
{
	const int64_t now = 1700000000000000000;
	struct err err;
	uint64_t t;

	cr_assert(time_parse("--since", "10m", now, &t, &err) == 0 && t == 1699999400000000000);
	cr_assert(time_parse("--since", "1h30m", now, &t, &err) == 0 && t == 1699994600000000000);
	cr_assert(time_parse("--since", "1600000000", now, &t, &err) == 0 &&
		  t == 1600000000000000000);
	cr_assert(time_parse("--since", "2023-11-14T22:13:20Z", now, &t, &err) == 0 &&
		  t == (uint64_t)now);
	cr_assert(time_parse("--since", "2023-11-15T00:13:20.5+02:00", now, &t, &err) == 0 &&
		  t == 1700000000500000000);
	cr_assert(time_parse("--since", "5000000h", now, &t, &err) == 0 && t == 1);
	t = 7;
	cr_assert_eq(time_parse("--since", "yesterday", now, &t, &err), -1);
	cr_assert(strstr(err.text, "--since") && strstr(err.text, "yesterday") && err.hint[0]);
	cr_assert_eq(time_parse("--since", "-1", now, &t, &err), -1);
	cr_assert_eq(time_parse("--since", "", now, &t, &err), -1);
	cr_assert_eq(t, 7, "written on failure");
}

static void prints(const char *s, const char *want)
{
	autofree char *got = NULL;
	size_t n;
	FILE *f = open_memstream(&got, &n);

	output_print(f, "<%s>\n", s);
	fclose(f);
	cr_expect_str_eq(got, want);
}

Test(output, what_is_printed_is_one_line)
{
	prints("a", "<a>\n");
	prints("a\nenv       FORGED=1", "<a?env       FORGED=1>\n");
	prints("\x1b]0;title\x07\xc2\x9b", "<?]0;title?"
					   "?>\n");
}

Test(output, documents_escape_what_acts_on_a_terminal)
{
	autofree char *got = NULL;
	size_t n;
	FILE *f = open_memstream(&got, &n);

	output_document(f, "{\"\xc2\x9b\": \"\xe2\x80\xae h\xc3\xa4 \x7f\"}");
	fclose(f);
	cr_expect_str_eq(got, "{\"\\u009b\": \"\\u202e h\xc3\xa4 \\u007f\"}\n");
}
