#include "base/names.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MANY = 40 };

struct met {
	int dirfd;
	char renamed; /* what the first call renames is called so */
	unsigned calls, of[MANY];
};

static int scratch(char path[64])
{
	int fd;

	snprintf(path, 64, "/tmp/ctr-unit-XXXXXX");
	cr_assert(mkdtemp(path));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert(fd >= 0);
	for (int i = 0; i < MANY; i++) {
		char name[16];

		snprintf(name, sizeof(name), "a%d", i);
		cr_assert_eq(mkdirat(fd, name, 0700), 0);
	}
	return fd;
}

static void tidy(int fd, const char *path)
{
	for (int i = 0; i < MANY; i++) {
		char name[16];

		snprintf(name, sizeof(name), "a%d", i);
		unlinkat(fd, name, AT_REMOVEDIR);
		name[0] = 'b';
		unlinkat(fd, name, AT_REMOVEDIR);
	}
	close(fd);
	cr_assert_eq(rmdir(path), 0);
}

/* Counts what is there under that name by now. The first call renames all. */
static int meet(const char *name, void *arg, struct err *err)
{
	struct met *m = arg;

	(void)err;
	if (faccessat(m->dirfd, name, F_OK, 0) == 0)
		m->of[atoi(name + 1)]++;
	for (int i = 0; m->calls == 0 && m->renamed && i < MANY; i++) {
		char old[16], new[16];

		snprintf(old, sizeof(old), "a%d", i);
		snprintf(new, sizeof(new), "%c%d", m->renamed, i);
		cr_assert_eq(renameat(m->dirfd, old, m->dirfd, new), 0);
	}
	m->calls++;
	return 0;
}

Test(names_each, meets_each_once_if_nothing_is_renamed)
{
	char path[64];
	struct met m = {.dirfd = scratch(path)};
	struct err err = {0};

	cr_assert_eq(names_each(m.dirfd, path, meet, &m, &err), 0, "%s", err.text);
	cr_assert_eq(m.calls, MANY);
	for (int i = 0; i < MANY; i++)
		cr_assert_eq(m.of[i], 1);
	tidy(m.dirfd, path);
}

Test(names_each, meets_what_is_renamed_meanwhile)
{
	char path[64];
	struct met m = {.dirfd = scratch(path), .renamed = 'b'};
	struct err err = {0};

	cr_assert_eq(names_each(m.dirfd, path, meet, &m, &err), 0, "%s", err.text);
	for (int i = 0; i < MANY; i++)
		cr_assert_geq(m.of[i], 1, "%d was missed", i);
	tidy(m.dirfd, path);
}

static int stop_at_third(const char *name, void *arg, struct err *err)
{
	unsigned *calls = arg;

	(void)name;
	(void)err;
	return ++*calls == 3 ? 7 : 0;
}

Test(names_each, ends_with_the_first_value)
{
	char path[64];
	int fd = scratch(path);
	unsigned calls = 0;
	struct err err = {0};

	cr_assert_eq(names_each(fd, path, stop_at_third, &calls, &err), 7);
	cr_assert_eq(calls, 3);
	tidy(fd, path);
}
