#include "base/pathname.h"

#include <criterion/criterion.h>
#include <string.h>

static void joined(const char *dir, const char *path, const char *want)
{
	char got[PATHNAME_SIZE], again[PATHNAME_SIZE];

	cr_assert(pathname_join(dir, strlen(dir), path, got));
	cr_assert_str_eq(got, want);
	cr_assert(pathname_join("", 0, got, again));
	cr_assert_str_eq(again, got);
}

Test(pathname, joined)
{
	joined("", "/a//b/./c/", "/a/b/c");
	joined("", "a/b", "/a/b");
	joined("/x/y", "../z", "/x/z");
	joined("/x/y", "/../../z/..", "/");
	joined("/x", "../../../..", "/");
	joined("/x", "...", "/x/...");
	joined("/x", "", "/x");
	joined("", "", "/");
}

Test(pathname, too_long)
{
	static char path[2 * PATHNAME_SIZE], got[PATHNAME_SIZE];

	memset(path, 'a', PATHNAME_SIZE - 2);
	cr_assert(pathname_join("", 0, path, got));
	cr_assert_not(pathname_join("/b", 2, path, got));
	memset(path, 'a', PATHNAME_SIZE);
	cr_assert_not(pathname_join("", 0, path, got));
	/* What it leads through and out of again does not count. */
	for (size_t i = 0; i + 5 < sizeof(path); i += 5)
		memcpy(path + i, "a/../", 5);
	path[sizeof(path) - 1] = '\0';
	cr_assert(pathname_join("", 0, path, got));
}

Test(pathname, below)
{
	cr_assert_str_eq(pathname_below("/a/b", "/a"), "b");
	cr_assert_str_eq(pathname_below("/a", "/a"), "");
	cr_assert_str_eq(pathname_below("/a/b", "/"), "a/b");
	cr_assert_str_eq(pathname_below("/", "/"), "");
	cr_assert_null(pathname_below("/ab", "/a"));
	cr_assert_null(pathname_below("/", "/a"));
	cr_assert_null(pathname_below("/a", "/a/b"));
}

Test(pathname, the_shell_left_the_home_directory_unexpanded)
{
	struct err err = {0};

	cr_assert_eq(pathname_check_home("--file", "~/x", &err), -1);
	cr_assert_str_eq(err.text,
		"--file: '~/x' begins with ~, which the shell has left as it is");
	cr_assert_str_eq(err.hint, "write $HOME/x");
	cr_assert_eq(pathname_check_home("--file", "~", &err), -1);
	cr_assert_eq(pathname_check_home("--file", "./~/x", &err), 0);
	cr_assert_eq(pathname_check_home("--file", "~x", &err), 0);
	cr_assert_eq(pathname_check_home("--file", "", &err), 0);
}
