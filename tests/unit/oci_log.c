#include "oci/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const char *message_of(const char *text, const char *hint, int status)
{
	static char buf[4096];
	struct err err = {0};

	err_set(&err, "%s", text);
	if (hint)
		err_hint(&err, "%s", hint);
	err.status = status;
	return log_message(&err, buf, sizeof(buf));
}

Test(oci_log, a_command_that_is_not_there_reads_as_engines_look_for_it)
{
	cr_assert_str_eq(message_of("cannot run nosuch", NULL, ERR_STATUS_NOT_FOUND),
		"exec: cannot run nosuch: no such file or directory");
	cr_assert_str_eq(message_of("cannot run /x: No such file or directory in the container",
				 NULL, ERR_STATUS_NOT_FOUND),
		"exec: cannot run /x: No such file or directory in the container");
	cr_assert_str_eq(message_of("nosuch: executable file not found in $PATH", NULL,
				 ERR_STATUS_NOT_FOUND),
		"exec: nosuch: executable file not found in $PATH");
	cr_assert_str_eq(message_of("cannot run /etc", NULL, ERR_STATUS_NOT_EXECUTABLE),
		"exec: cannot run /etc: permission denied");
	cr_assert_str_eq(message_of("cannot run /etc: permission denied: it is a directory", NULL,
				 ERR_STATUS_NOT_EXECUTABLE),
		"exec: cannot run /etc: permission denied: it is a directory");
}

Test(oci_log, nothing_else_reads_like_it)
{
	static const char *const reserved[] = {"no such file or directory", "permission denied",
		"operation not permitted", "executable file not found"};
	static const char *const texts[] = {"open /x: No such file or directory",
		"open /x: NO SUCH FILE OR DIRECTORY", "Permission denied",
		"a: Permission denied, b: Operation not permitted, c: Permission denied"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const char *plain = message_of(texts[i], NULL, 0);
		const char *hinted = message_of("x", texts[i], 0);

		for (size_t k = 0; k < sizeof(reserved) / sizeof(reserved[0]); k++) {
			cr_assert_null(strcasestr(plain, reserved[k]), "%s", plain);
			cr_assert_null(strcasestr(hinted, reserved[k]), "%s", hinted);
		}
	}
}

Test(oci_log, what_stands_around_it_is_kept)
{
	cr_assert_str_eq(message_of("open /x: Permission denied, twice", "look at /x", 0),
		"open /x: the kernel refuses it (EACCES), twice (look at /x)");
}

Test(oci_log, never_longer_than_its_buffer)
{
	char buf[16];
	struct err err = {0};

	err_set(&err, "Operation not permitted, Operation not permitted");
	err_hint(&err, "Permission denied");
	for (size_t size = 1; size <= sizeof(buf); size++) {
		memset(buf, 'x', sizeof(buf));
		log_message(&err, buf, size);
		cr_assert_lt(strlen(buf), size);
		for (size_t i = size; i < sizeof(buf); i++)
			cr_assert_eq(buf[i], 'x');
	}
}
