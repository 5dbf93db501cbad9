#include "base/numlist.h"

#include <criterion/criterion.h>

Test(numlist, valid_and_within)
{
	static const char *const good[] = {"0", "0-3", "0,2,4-6", "7-7", "65535"};
	static const char *const bad[] = {"", ",", "0,", ",0", "-1", "1-", "1--2", "a", "0 1",
		"0x1", "1-2-3", "65536", "99999999999999999999", "0-3:1/2", "all", "0\n"};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		cr_assert(numlist_valid(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_not(numlist_valid(bad[i]), "%s", bad[i]);
	cr_assert(numlist_within("0,1", "0-1"));
	cr_assert(numlist_within("5,2-3", "0,2-4,5-9"));
	cr_assert_not(numlist_within("0-2", "0-1"));
	cr_assert_not(numlist_within("0,7", "0-3"));
	cr_assert_not(numlist_within("0", ""));
	cr_assert_not(numlist_within("", "0-3"));
}

Test(numlist, next)
{
	const char *s = "0-3,5";
	uint32_t first, last;

	cr_assert_eq(numlist_next(&s, &first, &last), 1);
	cr_assert(first == 0 && last == 3);
	cr_assert_eq(numlist_next(&s, &first, &last), 1);
	cr_assert(first == 5 && last == 5);
	cr_assert_eq(numlist_next(&s, &first, &last), 0);
}
