#include "spec/envfile.h"

#include "spec/environment.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct err err;
static struct spec spec;
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
static char *host_env[] = {"HOME=/root", "HOMER=simpson", "EMPTY=", "BAD=\xff", NULL};

static int parse(const char *path, const char *text, char *const *env)
{
	return envfile_parse(&spec, path, text, strlen(text), env, &err);
}

static const char *get(const char *key)
{
	return env_get(&spec, key);
}

Test(envfile, flag)
{
	cr_assert_eq(env_flag(&spec, "-e", "A=1", host_env, &err), 0);
	cr_assert_eq(env_flag(&spec, "-e", "HOME", host_env, &err), 0);
	cr_assert_eq(env_flag(&spec, "-e", "EMPTY", host_env, &err), 0);
	cr_assert_eq(env_flag(&spec, "-e", "ABSENT", host_env, &err), 0);
	cr_assert_eq(env_flag(&spec, "-e", "HOM", host_env, &err), 0);
	cr_assert_eq(env_flag(&spec, "-e", "HOME", NULL, &err), 0);
	cr_assert_eq(env_flag(&spec, "-e", "A=2=3", host_env, &err), 0);
	env_settle(&spec);
	cr_assert_eq(spec.process.envc, 3);
	cr_assert_null(spec.process.env[3]);
	cr_assert_str_eq(spec.process.env[0], "A=2=3");
	cr_assert_str_eq(get("HOME"), "/root");
	cr_assert_str_eq(get("EMPTY"), "");
	cr_assert_null(get("HOM"));
}

Test(envfile, flag_refused)
{
	static const char *const bad[] = {"", "=", "=x"};

	for (size_t i = 0; i < COUNT(bad); i++)
		cr_assert_eq(env_flag(&spec, "-e", bad[i], host_env, &err), -1, "%zu", i);
	cr_assert_eq(spec.process.envc, 0);
}

Test(envfile, longest)
{
	char *s = malloc(ENV_STRING_MAX + 1);

	memset(s, 'x', ENV_STRING_MAX);
	s[1] = '=';
	s[ENV_STRING_MAX - 1] = '\0';
	cr_assert_eq(env_add(&spec, "-e", s, &err), 0);
	s[ENV_STRING_MAX - 1] = 'x';
	s[ENV_STRING_MAX] = '\0';
	cr_assert_eq(env_add(&spec, "-e", s, &err), -1);
	free(s);
}

/* In time that does not grow with the square of them. */
Test(envfile, many, .timeout = 20)
{
	enum { KEYS = 100000 };
	char s[32];

	for (int i = 0; i < 2 * KEYS; i++) {
		snprintf(s, sizeof(s), "K%d=%d", i % KEYS, i);
		cr_assert_eq(env_add(&spec, "-e", s, &err), 0);
		cr_assert_null(spec.process.env[spec.process.envc]);
	}
	env_settle(&spec);
	cr_assert_eq(spec.process.envc, KEYS);
	cr_assert_null(spec.process.env[KEYS]);
	cr_assert_str_eq(spec.process.env[0], "K0=100000");
	cr_assert_str_eq(spec.process.env[KEYS - 1], "K99999=199999");
}

Test(envfile, file)
{
	cr_assert_eq(
		parse("f",
			"\xef\xbb\xbf# comment\n\n  \t\n  A=1\nB=\"q\" # kept\r\nC=\n\tHOME\nABSENT\n"
			"  # c\nD= x \nA=2",
			host_env),
		0, "%s", err.text);
	cr_assert_eq(spec.process.envc, 5);
	cr_assert_str_eq(get("A"), "2");
	cr_assert_str_eq(get("B"), "\"q\" # kept");
	cr_assert_str_eq(get("C"), "");
	cr_assert_str_eq(get("D"), " x ");
	cr_assert_str_eq(get("HOME"), "/root");
}

Test(envfile, empty_file)
{
	cr_assert_eq(parse("f", "", NULL), 0);
	cr_assert_eq(parse("f", "\n\n\r\n", NULL), 0);
	cr_assert_eq(spec.process.envc, 0);
}

Test(envfile, file_refused_names_the_line)
{
	cr_assert_eq(parse("vars", "A=1\n\nexport B=2\n", host_env), -1);
	cr_assert_str_eq(err.text, "vars:3: 'export B=2' has a blank in its key");
	cr_assert_eq(parse("vars", "=x", host_env), -1);
	cr_assert_eq(parse("vars", "A = 1", host_env), -1);
	cr_assert_eq(parse("vars", "A B", host_env), -1);
}

Test(envfile, a_nul_is_no_end)
{
	static const char text[] = "A=1\nB=2\0C=3\nD=4\n";

	cr_assert_eq(envfile_parse(&spec, "vars", text, sizeof(text) - 1, NULL, &err), -1);
	cr_assert_str_eq(err.text, "vars:2: there is a NUL byte in the line");
}
