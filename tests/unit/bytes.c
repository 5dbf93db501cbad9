#include "base/utf8.h"

#include <criterion/criterion.h>
#include <string.h>

static void there_and_back(const char *s)
{
	struct arena a = {0};
	const char *text = utf8_escape(&a, s);
	char again[256];

	cr_assert(utf8_valid(text), "%s", text);
	strcpy(again, text);
	utf8_unescape(again);
	cr_assert_str_eq(again, s);
	arena_free(&a);
}

Test(bytes, text_is_itself)
{
	struct arena a = {0};
	const char *s = "caf\xc3\xa9 \xf0\x9f\x90\xb3";

	cr_assert_eq(utf8_escape(&a, s), s);
	there_and_back(s);
	there_and_back("");
	arena_free(&a);
}

Test(bytes, every_byte)
{
	char s[2] = "";

	for (int byte = 1; byte < 256; byte++) {
		s[0] = (char)byte;
		there_and_back(s);
	}
}

Test(bytes, what_is_cut_overlong_or_a_surrogate)
{
	there_and_back("caf\xe9");
	there_and_back("\xc3");
	there_and_back("a\xf0\x9f\x90");
	there_and_back("\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80");
}

Test(bytes, characters_that_stand_for_bytes_stay_themselves)
{
	there_and_back("\xf4\x8f\xbe\x80");
	there_and_back("\xf4\x8f\xbf\xbf x \xff");
	there_and_back("\xf4\x8f\xbd\xbf");
}
