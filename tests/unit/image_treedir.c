#include "image/treedir.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int nothing_below(void *arg, const char *path, struct timespec mtime, struct err *err)
{
	(void)arg, (void)path, (void)mtime, (void)err;
	return -1;
}

/* Each of them takes an inode, though no entry of a tar stands for it. */
Test(treedir, what_is_made_on_the_way_is_counted)
{
	char name[] = "/tmp/treedir.XXXXXX", command[64];
	struct below below = {0};
	uint64_t count = 0;
	struct err err = {0};
	int top, fd;

	cr_assert(not(zero(ptr, mkdtemp(name))));
	top = open(name, O_RDONLY | O_DIRECTORY);
	fd = treedir_open_or_make(top, "a/b/c", &below, nothing_below, NULL, &count, &err);
	cr_assert(ge(int, fd, 0), "%s", err.text);
	cr_expect(eq(u64, count, 3));
	close(fd);
	fd = treedir_open_or_make(top, "a/b/d", &below, nothing_below, NULL, &count, &err);
	cr_expect(eq(u64, count, 4));
	close(fd);
	close(top);
	snprintf(command, sizeof(command), "rm -r %s", name);
	cr_expect(zero(int, system(command)));
}
