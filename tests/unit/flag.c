#include "base/flag.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct options {
	bool all, quiet;
	const char *memory, *name;
	int seen;
};

static int see(void *to, const char *what, const char *value, struct err *err)
{
	(void)what, (void)value, (void)err;
	++*(int *)to;
	return 0;
}

static const struct flag table[] = {
	{"all", 'a', NULL, "all", FLAG_BOOL(options, all)},
	{"quiet", 'q', NULL, "quiet", FLAG_BOOL(options, quiet)},
	{"memory", 'm', "SIZE", "bytes", FLAG_TEXT(options, memory)},
	{"name", 0, "NAME", "its name", FLAG_TEXT(options, name)},
	{"see", 0, "X", "is counted", see, FLAG_OF(options, seen, int)},
	{0},
};

static int unknown(const struct flags *flags, const char *word, struct err *err)
{
	err_set(err, "unknown %s", word);
	return flags_hint(flags, word, NULL, err);
}

static struct options got;
static struct err err;
static char *words[16];

/* line: words with blanks between; the words that are left come back the same way. */
static int parse(unsigned how, const char *line, char ret_left[128])
{
	static char text[256];
	const struct flags flags = {table, how, "ctr test", unknown};
	int n = 0, first = -1, r;

	got = (struct options){0};
	err = (struct err){0};
	snprintf(text, sizeof(text), "%s", line);
	for (char *w = strtok(text, " "); w; w = strtok(NULL, " "))
		words[n++] = w;
	r = flags_parse(&flags, &got, n, words, &first, &err);
	*ret_left = '\0';
	for (int i = first; r == 0 && i < n; i++)
		strcat(strcat(ret_left, i > first ? " " : ""), words[i]);
	return r;
}

static void takes(unsigned how, const char *line, const char *left, const char *memory, bool all)
{
	char rest[128];

	cr_assert_eq(parse(how, line, rest), 0, "%s: %s", line, err.text);
	cr_expect_str_eq(rest, left, "%s leaves %s", line, rest);
	cr_expect(memory ? got.memory && !strcmp(got.memory, memory) : !got.memory, "%s", line);
	cr_expect_eq(got.all, all, "%s", line);
}

static void refuses(unsigned how, const char *line, const char *text, const char *hint)
{
	char rest[128];

	cr_assert_eq(parse(how, line, rest), -1, "%s", line);
	cr_expect_str_eq(err.text, text);
	cr_expect_str_eq(err.hint, hint);
}

Test(flag, forms_of_a_value)
{
	takes(0, "--memory 1g x", "x", "1g", false);
	takes(0, "--memory=1g x", "x", "1g", false);
	takes(0, "--memory= x", "x", "", false);
	takes(0, "-m 1g x", "x", "1g", false);
	takes(0, "-m1g x", "x", "1g", false);
	takes(0, "-m=1g x", "x", "1g", false);
	takes(0, "-m==1g x", "x", "=1g", false);
	takes(0, "-qam 1g x", "x", "1g", true);
	takes(0, "-aqm1g x", "x", "1g", true);
	takes(0, "-m -- x", "x", "--", false);
}

Test(flag, where_flags_end)
{
	takes(0, "x -a y -m 1 z", "x y z", "1", true);
	takes(0, "x -a -- -m 1", "x -m 1", NULL, true);
	takes(0, "- -a", "-", NULL, true);
	takes(FLAGS_END_AT_WORD, "-a x -m 1", "x -m 1", NULL, true);
	takes(FLAGS_END_AT_WORD, "-a -- -x", "-x", NULL, true);
	takes(0, "", "", NULL, false);
}

/* What is executed again, with the whole line, begins from the moved words. */
Test(flag, a_moved_line_means_the_same)
{
	const struct flags flags = {table, 0, "ctr test", unknown};
	char rest[128];
	int first;

	cr_assert_eq(parse(0, "x --see 1 y --see=2 -a -- -m z", rest), 0);
	cr_assert_eq(got.seen, 2);
	got = (struct options){0};
	cr_assert_eq(flags_parse(&flags, &got, 9, words, &first, &err), 0);
	cr_expect(got.seen == 2 && got.all && first == 5);
	cr_expect_str_eq(words[first], "x");
	cr_expect_str_eq(words[first + 2], "-m");
}

Test(flag, mistakes)
{
	refuses(0, "--mem 1g", "unknown --mem", "did you mean --memory?");
	refuses(0, "--mem=1g", "unknown --mem", "did you mean --memory?");
	refuses(0, "-memory 1g", "unknown -memory", "did you mean --memory?");
	refuses(0, "-z", "unknown -z", "ctr test --help lists the flags");
	refuses(0, "-az", "unknown -z", "ctr test --help lists the flags");
	refuses(0, "--memory", "--memory needs a value", "");
	refuses(0, "-am", "-m needs a value", "");
	refuses(0, "--all=maybe", "--all: 'maybe' is neither true nor false", "");
	refuses(0, "-a=false", "a letter that takes no value has one behind it",
		"write it whole: --name=false");
	refuses(0, "--help=x", "unknown --help", "ctr test --help lists the flags");
	cr_assert_eq(parse(0, "--memory ~/x", (char[128]){0}), -1);
	cr_assert_eq(parse(0, "-m~", (char[128]){0}), -1);
}

Test(flag, help)
{
	char rest[128];

	cr_expect_eq(parse(0, "x --help", rest), 1);
	cr_expect_eq(parse(0, "-qh", rest), 1);
	cr_expect_eq(parse(FLAGS_OF_ENGINE, "-help", rest), 1);
	cr_expect_eq(parse(FLAGS_OF_ENGINE, "x -h", rest), 1);
	cr_expect_eq(parse(FLAGS_END_AT_WORD, "x --help", rest), 0);
}

Test(flag, of_engines)
{
	takes(FLAGS_OF_ENGINE, "-memory 1g -all x", "x", "1g", true);
	takes(FLAGS_OF_ENGINE, "-m=1g -a=true x", "x", "1g", true);
	takes(FLAGS_OF_ENGINE, "--m ~/x --a", "", "~/x", true);
	refuses(FLAGS_OF_ENGINE, "-am x", "unknown -am", "ctr test --help lists the flags");
}
