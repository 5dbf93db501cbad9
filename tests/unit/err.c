#include "base/err.h"

#include "base/utf8.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static struct err err;

/* What is quoted is somebody else's: a name in an image, a key in a document. */
Test(err, text_is_one_line_that_can_be_shown)
{
	err_set(&err, "entry '%s': bad", "a\nb\x1b[2J\x7f");
	cr_expect_str_eq(err.text, "entry 'a?b?[2J?': bad");
	err_set(&err, "%s",
		"\xc2\x9b"
		"31m \xe2\x80\xae"
		"cba \xff\xc3");
	cr_expect_str_eq(err.text, "?31m ?cba ??");
	err_set(&err, "%s", "häuschen");
	cr_expect_str_eq(err.text, "häuschen");
	err_wrap(&err, "%s", "in\r");
	cr_expect_str_eq(err.text, "in?: häuschen");
	err_hint(&err, "%s", "say\tthis");
	cr_expect_str_eq(err.hint, "say?this");
	errno = ENOENT;
	err_sys(&err, "%s", "open\n");
	cr_expect_str_eq(err.text, "open?: No such file or directory");
	cr_expect_eq(err.sys, ENOENT);
	err_value(&err, "--x\n", "\x01", "is bad");
	cr_expect_str_eq(err.text, "--x?: '?' is bad");
}

Test(err, text_that_is_cut_is_whole_characters)
{
	char name[sizeof(err.text) + 10];

	memset(name, 'x', sizeof(name));
	for (size_t at = 0; at < 4; at++) {
		memcpy(name + sizeof(err.text) - 4 + at, "é", 2);
		name[sizeof(name) - 1] = '\0';
		err_set(&err, "%s", name);
		cr_expect(utf8_valid(err.text), "%zu", at);
		cr_expect_eq(strlen(err.text), sizeof(err.text) - 1);
	}
}
