#include "state/volume.h"
#include "spec/name.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct err err;

Test(volume, names)
{
	static const char *const good[] = {"a", "0", "db", "A_b.c-d", "9..", "x--"};
	static const char *const bad[] = {"", ".", "..", ".a", "-a", "_a", "a/b", "a b", "a:b",
		"\xc3\xa4", "a\n", "../a", "a,b", "$x"};
	char s[VOLUME_NAME_MAX + 2];

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		cr_assert_eq(volume_name_check("-v", good[i], &err), 0, "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_eq(volume_name_check("-v", bad[i], &err), -1, "%s", bad[i]);
	memset(s, 'a', sizeof(s) - 1);
	s[VOLUME_NAME_MAX + 1] = '\0';
	cr_assert_eq(volume_name_check("-v", s, &err), -1);
	s[VOLUME_NAME_MAX] = '\0';
	cr_assert_eq(volume_name_check("-v", s, &err), 0);
}

Test(volume, document_comes_back)
{
	struct key_value labels[] = {{"k", "v"}, {"\xc3\xa4", ""}};
	const struct volume v = {.name = "db",
		.owner = "0123",
		.remove = true,
		.labels = labels,
		.label_count = 2,
		.created_ns = 1234567890123456789};
	char *text = volume_format(&v, &err), *again;
	struct volume back;

	cr_assert_not_null(text);
	cr_assert_eq(volume_parse(text, strlen(text), &back, &err), 0, "%s", err.text);
	cr_assert_str_eq(back.name, "db");
	cr_assert_str_eq(back.owner, "0123");
	cr_assert(back.remove);
	cr_assert_eq(back.created_ns, v.created_ns);
	cr_assert_eq(back.label_count, 2);
	again = volume_format(&back, &err);
	cr_assert_str_eq(text, again);
	volume_free(&back);
	free(text);
	free(again);
}

Test(volume, document_refused)
{
	static const char *const bad[] = {"", "{}", "[]", "{\"name\":\"a\"}",
		"{\"name\":1,\"createdNs\":0,\"labels\":{},\"remove\":false}",
		"{\"name\":\"a\",\"createdNs\":0,\"labels\":{\"x\":1},\"remove\":false}",
		"{\"name\":\"a\",\"createdNs\":0,\"labels\":{},\"remove\":false,\"more\":1}",
		"{\"name\":\"a\",\"createdNs\":0,\"labels\":{},\"remove\":false} x"};
	struct volume v;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_eq(volume_parse(bad[i], strlen(bad[i]), &v, &err), -1, "%s", bad[i]);
}
