#include "base/clock.h"
#include "base/num.h"
#include "cli/command.h"
#include "cli/output.h"
#include "console/console.h"

#include <stdio.h>
#include <string.h>

int flag_keys(void *to, const char *what, const char *value, struct err *err)
{
	struct detach_keys keys;

	(void)what;
	*(const char **)to = value;
	return detach_keys_parse(value, &keys, err);
}

int flag_absolute(void *to, const char *what, const char *value, struct err *err)
{
	*(const char **)to = value;
	return value[0] == '/' ? 0
			       : err_set(err, "%s: '%.200s' is not an absolute path", what, value);
}

int flag_duration(void *to, const char *what, const char *value, struct err *err)
{
	return duration_parse(what, value, to, err);
}

int flag_time(void *to, const char *what, const char *value, struct err *err)
{
	return time_parse(what, value, now_ns(), to, err);
}

static int unknown(const struct flags *flags, const char *word, struct err *err)
{
	const char *name = word + strspn(word, "-");

	err_set(err, "unknown flag %s", word);
	return flags_hint(flags, word, flag_advice(flags->of + strlen("ctr "), name), err);
}

static void help(const struct command *c)
{
	printf("%s\n\nusage: ctr %s%s%s%s\n", c->summary, c->name, c->flags->name ? " [flags]" : "",
		*c->arguments ? " " : "", c->arguments);
	if (c->examples)
		printf("\nexamples:\n%s", c->examples);
	if (c->flags->name)
		printf("\nflags:\n");
	flags_help(c->flags);
}

int command_flags(const struct command *c, void *to, int argc, char **argv, int *ret_first,
	struct err *err)
{
	char name[32];
	const struct flags flags = {.table = c->flags,
		.how = c->ends_flags_at_word ? FLAGS_END_AT_WORD : 0,
		.of = name,
		.unknown = unknown};
	int r;

	snprintf(name, sizeof(name), "ctr %s", c->name);
	r = flags_parse(&flags, to, argc - 1, argv + 1, ret_first, err);
	if (r > 0)
		help(c);
	++*ret_first;
	return r;
}
