#include "spec/name.h"

#include <criterion/criterion.h>
#include <string.h>

static struct err err;
static struct spec spec;
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

Test(name, check)
{
	static const char *const good[] = {"a", "A9", "web1", "web-1.example_x", "0", "a.b..c",
		"a-"};
	static const char *const bad[] = {"", ".", "..", ".a", "-a", "_a", "a/b", "/", "../x",
		"a b", "a\n", "a:b", "\xc3\xa4", "a\xff", "a%s", "a*"};

	for (size_t i = 0; i < COUNT(good); i++)
		cr_assert_eq(name_check(good[i], &err), 0, "%s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert_eq(name_check(bad[i], &err), -1, "%s", bad[i]);
}

Test(name, length)
{
	char s[SPEC_NAME_MAX + 2];

	memset(s, 'a', sizeof(s));
	s[SPEC_NAME_MAX] = '\0';
	cr_assert_eq(name_check(s, &err), 0);
	s[SPEC_NAME_MAX] = 'a';
	s[SPEC_NAME_MAX + 1] = '\0';
	cr_assert_eq(name_check(s, &err), -1);
	cr_assert(strstr(err.text, "longer than 128"), "%s", err.text);
}

Test(name, random_names_are_names)
{
	char name[NAME_RANDOM_SIZE], first[NAME_RANDOM_SIZE];
	unsigned differ = 0;

	cr_assert_eq(name_random(0, first, &err), 0);
	for (unsigned i = 0; i < 20000; i++) {
		cr_assert_eq(name_random(i % 6, name, &err), 0);
		cr_assert_eq(name_check(name, &err), 0, "%s", name);
		cr_assert_eq(hostname_check("h", name, &err), 0, "%s", name);
		cr_assert(strlen(name) < NAME_RANDOM_SIZE - 1);
		differ += strcmp(name, first) != 0;
	}
	cr_assert(differ > 19000);
}

Test(name, random_ids)
{
	char a[ID_SIZE], b[ID_SIZE];

	cr_assert(id_random(a, &err) == 0 && id_random(b, &err) == 0);
	cr_assert_eq(strlen(a), 64);
	cr_assert_eq(strspn(a, "0123456789abcdef"), 64);
	cr_assert_str_neq(a, b);
}

Test(name, hostname)
{
	static const char *const good[] = {"a", "web-1", "a.b.c", "1.2", "A", "a_b", "_a",
		"a234567890123456789012345678901234567890123456789012345678901234"};
	static const char *const bad[] = {"", ".", "a.", ".a", "a..b", "-a", "a-", "a.-b", "a-.b",
		"a b", "a\n", "a/b", "\xc3\xa4",
		"a2345678901234567890123456789012345678901234567890123456789012345",
		"a2345678901234567890123456789012345678901234567890.123456789012345"};

	for (size_t i = 0; i < COUNT(good); i++)
		cr_assert_eq(hostname_check("--hostname", good[i], &err), 0, "%s", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert_eq(hostname_check("--hostname", bad[i], &err), -1, "%s", bad[i]);
}

Test(name, labels)
{
	cr_assert_eq(label_flag(&spec, "-l", "a=1", &err), 0);
	cr_assert_eq(label_flag(&spec, "-l", "b", &err), 0);
	cr_assert_eq(label_flag(&spec, "-l", "com.example/x=a=b c", &err), 0);
	cr_assert_eq(label_flag(&spec, "-l", "a=2", &err), 0);
	cr_assert_eq(spec.label_count, 3);
	cr_assert_str_eq(spec.labels[0].value, "2");
	cr_assert_str_eq(spec.labels[1].value, "");
	cr_assert_str_eq(spec.labels[2].value, "a=b c");
	cr_assert_eq(annotation_flag(&spec, "-a", "k=v", &err), 0);
	cr_assert_eq(annotation_flag(&spec, "-a", "k", &err), -1);
	cr_assert_eq(spec.annotation_count, 1);
}

Test(name, labels_refused)
{
	static const char *const bad[] = {"", "=", "=v", "a b=1", "a\n=1", "\x7f=1", "k=\xff",
		"k\xc0\xaf=1", "k=\xed\xa0\x80", "k=\xf5\x80\x80\x80", "k=\xe2\x82"};

	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert_eq(label_flag(&spec, "-l", bad[i], &err), -1, "%zu", i);
	cr_assert_eq(spec.label_count, 0);
	cr_assert_eq(label_flag(&spec, "-l", "k=\xe2\x82\xac \xf0\x9f\x90\xb3", &err), 0);
}
