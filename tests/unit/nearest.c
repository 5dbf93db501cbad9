#include "base/nearest.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *meant(const char *word)
{
	static const char *const words[] = {"memory", "memory-swap", "name", "run", "rm", "ps",
		"pause", "exec", "image", "detach", "env", "env-file", "all"};
	struct nearest n = {.word = word};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		nearest_offer(&n, words[i]);
	return n.found ? n.found : "";
}

Test(nearest, a_letter_wrong_missing_too_many_or_swapped)
{
	cr_assert_str_eq(meant("memry"), "memory");
	cr_assert_str_eq(meant("memmory"), "memory");
	cr_assert_str_eq(meant("memroy"), "memory");
	cr_assert_str_eq(meant("nemory"), "memory");
	cr_assert_str_eq(meant("memory-swp"), "memory-swap");
	cr_assert_str_eq(meant("runn"), "run");
	cr_assert_str_eq(meant("exce"), "exec");
	cr_assert_str_eq(meant("imgae"), "image");
	cr_assert_str_eq(meant("detatch"), "detach");
}

Test(nearest, a_beginning)
{
	cr_assert_str_eq(meant("mem"), "memory");
	cr_assert_str_eq(meant("env-f"), "env-file");
	cr_assert_str_eq(meant("al"), "all");
}

Test(nearest, nothing_alike)
{
	static char endless[5000];

	cr_assert_str_eq(meant(""), "");
	cr_assert_str_eq(meant("x"), "");
	cr_assert_str_eq(meant("rn"), "");
	cr_assert_str_eq(meant("restart"), "");
	cr_assert_str_eq(meant("publish"), "");
	memset(endless, 'm', sizeof(endless) - 1);
	cr_assert_str_eq(meant(endless), "");
}
