#include "base/fd.h"
#include "base/file.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int scratch(char path[64])
{
	int fd;

	snprintf(path, 64, "/tmp/ctr-unit-XXXXXX");
	cr_assert(mkdtemp(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(fd >= 0);
	return fd;
}

static void touch(int dirfd, const char *name)
{
	int fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	cr_assert(fd >= 0);
	close(fd);
}

Test(tree_remove, takes_any_depth)
{
	char path[64];
	int top = scratch(path), at = dup(top);
	struct err err = {0};

	for (int i = 0; i < 3000; i++) {
		int next;

		cr_assert_eq(mkdirat(at, "d", 0700), 0);
		if (i % 500 == 0)
			touch(at, "f");
		next = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = next;
	}
	close(at);
	cr_assert_eq(tree_remove(top, "d", &err), 0, "%s", err.text);
	cr_assert(faccessat(top, "d", F_OK, 0) < 0);
	unlinkat(top, "f", 0);
	cr_assert_eq(rmdir(path), 0);
}

/* Wider than one read, and deeper than what is open at once, below each of them. */
static void fill(int at, int depth)
{
	char name[16];

	for (int i = 0; depth % 20 == 0 && i < 200; i++) {
		snprintf(name, sizeof(name), "file%d", i);
		touch(at, name);
	}
	for (int i = 0; i < (depth % 20 == 0 ? 5 : 1) && depth < 45; i++) {
		int next;

		snprintf(name, sizeof(name), "dir%d", i);
		cr_assert_eq(mkdirat(at, name, 0700), 0);
		next = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fill(next, depth + 1);
		close(next);
	}
}

Test(tree_remove, takes_wide_and_deep)
{
	char path[64];
	int top = scratch(path), d;
	struct err err = {0};

	cr_assert_eq(mkdirat(top, "d", 0700), 0);
	d = openat(top, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fill(d, 0);
	close(d);
	cr_assert_eq(tree_remove(top, "d", &err), 0, "%s", err.text);
	cr_assert_eq(fcntl(d, F_GETFD), -1, "no descriptor is left");
	cr_assert_eq(rmdir(path), 0);
}

Test(tree_remove, follows_no_link)
{
	char path[64], victim[64];
	int top = scratch(path), outside = scratch(victim);
	struct err err = {0};

	touch(outside, "keep");
	cr_assert_eq(mkdirat(top, "d", 0700), 0);
	cr_assert_eq(symlinkat(victim, top, "d/out"), 0);
	cr_assert_eq(symlinkat(victim, top, "link"), 0);
	cr_assert_eq(tree_remove(top, "d", &err), 0, "%s", err.text);
	cr_assert_eq(tree_remove(top, "link", &err), 0, "%s", err.text);
	cr_assert_eq(faccessat(outside, "keep", F_OK, 0), 0);
	unlinkat(outside, "keep", 0);
	rmdir(victim);
	cr_assert_eq(rmdir(path), 0);
}

Test(tree_remove, is_content_with_nothing)
{
	char path[64];
	int top = scratch(path);
	struct err err = {0};

	cr_assert_eq(tree_remove(top, "absent", &err), 0);
	rmdir(path);
}

Test(file_write, replaces_whole)
{
	char path[64], *text;
	int top = scratch(path);
	struct err err = {0};
	size_t len;

	cr_assert_eq(file_write(top, "f", "old and longer", 14, 0600, FILE_SYNC, &err), 0);
	cr_assert_eq(file_write(top, "f", "new", 3, 0600, FILE_NOSYNC, &err), 0);
	cr_assert_eq(file_read(top, "f", 100, &text, &len, &err), 0);
	cr_assert_eq(len, 3);
	cr_assert_str_eq(text, "new");
	free(text);
	unlinkat(top, "f", 0);
	cr_assert_eq(rmdir(path), 0, "no temporary file is left");
}

Test(file_read, does_not_wait_for_a_fifo)
{
	char path[64], *text;
	int top = scratch(path);
	struct err err = {0};

	cr_assert_eq(mkfifoat(top, "f", 0600), 0);
	cr_assert(file_read(top, "f", 100, &text, NULL, &err) < 0);
	unlinkat(top, "f", 0);
	touch(top, "g");
	cr_assert_eq(file_read(top, "g", 0, &text, NULL, &err), 0);
	free(text);
	unlinkat(top, "g", 0);
	rmdir(path);
}
