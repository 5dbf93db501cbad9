#include "console/foreground.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Our standard output and error, and what they got in the end. */
static int out[2], err_out[2];

static void redirect(void)
{
	cr_assert(zero(int, pipe2(out, O_CLOEXEC | O_NONBLOCK)));
	cr_assert(zero(int, pipe2(err_out, O_CLOEXEC | O_NONBLOCK)));
	dup2(out[1], STDOUT_FILENO);
	dup2(err_out[1], STDERR_FILENO);
}

static bool got(int fd, const char *text)
{
	char buf[64] = "";

	return read(fd, buf, sizeof(buf) - 1) == (ssize_t)strlen(text) && strcmp(buf, text) == 0;
}

Test(foreground, a_start_that_fails_has_said_something)
{
	struct piping p;
	struct err err = {0};
	bool told, warned;

	redirect();
	cr_assert(zero(int, piping_open(&p, false, &err)));
	cr_assert(eq(sz, (size_t)write(p.payload[1], "told", 4), 4));
	cr_assert(eq(sz, (size_t)write(p.payload[2], "warned", 6), 6));
	cr_assert(eq(int, foreground_give_up(&p), -1));
	told = got(out[0], "told");
	warned = got(err_out[0], "warned");
	cr_assert(told);
	cr_assert(warned);
	cr_assert(eq(int, p.payload[1], -2));
}
