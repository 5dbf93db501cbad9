#include "launch/hooks.h"

#include "base/fd.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct hook_setting plain = {.dir_fd = -1};

static struct hooks one(struct hook *h, enum hook_point point)
{
	struct hooks all = {0};

	all.items[point] = h;
	all.count[point] = 1;
	return all;
}

static struct hook shell(char **argv, const char *script)
{
	argv[0] = (char *)"sh";
	argv[1] = (char *)"-c";
	argv[2] = (char *)(uintptr_t)script;
	argv[3] = NULL;
	return (struct hook){.path = "/bin/sh", .argv = argv, .argc = 3};
}

Test(hooks, gives_the_state_and_ends_well)
{
	char *argv[4], dir[] = "/tmp/hooks.XXXXXX", script[128], text[64] = "";
	struct hook h;
	struct hooks all;
	struct err err = {0};
	int fd;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(script, sizeof(script), "cat >%s/state; echo out; echo err >&2", dir);
	h = shell(argv, script);
	all = one(&h, HOOK_POSTSTART);
	cr_assert_eq(hooks_run(&all, HOOK_POSTSTART, "{\"a\":1}", &plain, &err), 0, "%s", err.text);
	snprintf(script, sizeof(script), "%s/state", dir);
	fd = open(script, O_RDONLY);
	cr_assert_eq(read(fd, text, sizeof(text) - 1), 7);
	cr_assert_str_eq(text, "{\"a\":1}");
	close(fd);
	unlink(script);
	rmdir(dir);
}

Test(hooks, failure_names_the_point_the_program_and_its_last_line)
{
	char *argv[4];
	struct hook h = shell(argv, "echo first >&2; echo the reason >&2; exit 3");
	struct hooks all = one(&h, HOOK_CREATE_RUNTIME);
	struct err err = {0};

	cr_assert_eq(hooks_run(&all, HOOK_CREATE_RUNTIME, "{}", &plain, &err), -1);
	cr_assert_eq(err.sys, HOOK_FAILED);
	cr_assert_str_eq(err.text,
		"hook createRuntime[0]: /bin/sh ended with status 3: the reason");
}

Test(hooks, a_hook_out_of_time_is_killed)
{
	char *argv[4];
	struct hook h = shell(argv, "exec sleep 100");
	struct hooks all = one(&h, HOOK_PRESTART);
	struct err err = {0};

	h.timeout_s = 1;
	cr_assert_eq(hooks_run(&all, HOOK_PRESTART, "{}", &plain, &err), -1);
	cr_assert_str_eq(err.text, "hook prestart[0]: /bin/sh was not done within 1 s");
}

Test(hooks, a_state_that_nobody_reads_does_no_harm)
{
	static char state[1 << 20];
	char *argv[4];
	struct hook h = shell(argv, "exec <&-; exit 0");
	struct hooks all = one(&h, HOOK_POSTSTOP);
	struct err err = {0};

	signal(SIGPIPE, SIG_IGN);
	memset(state, 'x', sizeof(state) - 1);
	cr_assert_eq(hooks_run(&all, HOOK_POSTSTOP, state, &plain, &err), 0, "%s", err.text);
}

Test(hooks, a_program_that_is_not_there)
{
	struct hook h = {.path = "/nonexistent/hook"};
	struct hooks all = one(&h, HOOK_POSTSTOP);
	struct err err = {0};

	cr_assert_eq(hooks_run(&all, HOOK_POSTSTOP, "{}", &plain, &err), -1);
	cr_assert_str_eq(err.text, "hook poststop[0]: /nonexistent/hook ended with status 127: "
				   "No such file or directory");
}

Test(hooks, of_much_that_is_said_the_last_line_counts)
{
	char *argv[4];
	struct hook h = shell(argv,
		"yes a line | head -n 100000 >&2; printf '\\n\\nlast\\n\\n' >&2; exit 1");
	struct hooks all = one(&h, HOOK_PRESTART);
	struct err err = {0};

	cr_assert_eq(hooks_run(&all, HOOK_PRESTART, "{}", &plain, &err), -1);
	cr_assert_str_eq(err.text, "hook prestart[0]: /bin/sh ended with status 1: last");
}

Test(hooks, one_that_is_left_behind_may_write_and_not_fill_memory)
{
	char *argv[4], dir[] = "/tmp/hooks.XXXXXX", script[256], at[64];
	struct hook h;
	struct hooks all;
	struct err err = {0};
	int tries = 100;

	cr_assert_not_null(mkdtemp(dir));
	snprintf(script, sizeof(script),
		"(sleep .2; echo x >&2; echo \"$?\" >%s/w; mv %s/w %s/said) 2>&1 >&2 &", dir, dir,
		dir);
	h = shell(argv, script);
	all = one(&h, HOOK_POSTSTART);
	cr_assert_eq(hooks_run(&all, HOOK_POSTSTART, "{}", &plain, &err), 0, "%s", err.text);
	snprintf(at, sizeof(at), "%s/said", dir);
	while (access(at, F_OK) < 0 && tries--)
		usleep(100000);
	cr_assert_eq(unlink(at), 0, "it has died");
	rmdir(dir);
}

Test(hooks, directory_and_environment_are_the_settings)
{
	char *argv[4], *env[] = {(char *)"X=set", NULL}, *own[] = {NULL};
	struct hook h = shell(argv, "test \"$(pwd) $X\" = '/tmp set'");
	struct hooks all = one(&h, HOOK_POSTSTART);
	struct hook_setting to = {.dir_fd = open("/tmp", O_RDONLY | O_DIRECTORY), .env = env};
	struct err err = {0};

	cr_assert_eq(hooks_run(&all, HOOK_POSTSTART, "{}", &to, &err), 0, "%s", err.text);
	h.env = own;
	cr_assert_eq(hooks_run(&all, HOOK_POSTSTART, "{}", &to, &err), -1);
	close(to.dir_fd);
}
