#include "image/diff.h"

#include "base/fd.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define BLOB "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIFF "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static char place[] = "/tmp/image_diff.XXXXXX";

static int open_place(void)
{
	cr_assert(mkdtemp(place));
	return open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void remove_place(int dir)
{
	unlinkat(dir, BLOB, 0);
	rmdir(place);
}

static int read_text(int dir, const char *text, size_t len, struct diff *ret)
{
	autofd int fd = openat(dir, BLOB, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct err err;

	cr_assert(fd_write_all(fd, text, len) == 0);
	return diff_read(dir, BLOB, ret, &err);
}

Test(image_diff, what_is_written_is_read)
{
	struct diff diff = {.id = DIFF, .size = UINT64_MAX}, again;
	autofd int dir = open_place();
	struct err err;

	cr_expect_eq(diff_read(dir, BLOB, &again, &err), 0);
	cr_assert(diff_write(dir, BLOB, &diff, &err) == 0);
	cr_assert_eq(diff_read(dir, BLOB, &again, &err), 1);
	cr_expect_str_eq(again.id, DIFF);
	cr_expect_eq(again.size, UINT64_MAX);
	remove_place(dir);
}

Test(image_diff, what_makes_no_sense_is_as_good_as_none)
{
	static const char *const bad[] = {"", "\n", DIFF "\n", DIFF " \n", DIFF " 1", DIFF " 1\n\n",
		DIFF " -1\n", DIFF " 1 \n", DIFF "0 1\n", "sha256:" DIFF " 1\n", " 1\n",
		DIFF " 18446744073709551616\n"};
	autofd int dir = open_place();
	struct diff ret = {.size = 7};
	char large[200];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect_eq(read_text(dir, bad[i], strlen(bad[i]), &ret), 0, "'%s'", bad[i]);
	memset(large, 0, sizeof(large));
	cr_expect_eq(read_text(dir, large, 80, &ret), 0);
	cr_expect_eq(read_text(dir, large, sizeof(large), &ret), 0);
	cr_expect_eq(read_text(dir, DIFF " 1\n\0", sizeof(DIFF " 1\n"), &ret), 0);
	cr_expect_eq(ret.size, 7);
	remove_place(dir);
}
