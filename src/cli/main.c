#include "base/fd.h"
#include "base/nearest.h"
#include "base/program.h"
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define EACH_COMMAND(X)                                                                            \
	X(run) X(create) X(start) X(stop) X(restart) X(autostart) X(exec) X(attach) X(ps) X(top)   \
	X(diff) X(cp) X(logs) X(kill) X(update) X(rename) X(rm) X(prune) X(wait) X(inspect)        \
	X(events) X(stats) X(port) X(pause) X(resume)                                                      \
	X(healthcheck) X(image) X(volume) X(network) X(info) X(check) X(gc)
/* clang-format on */

#define DECLARE(name) extern const struct command command_##name;
EACH_COMMAND(DECLARE)

#define POINT(name) &command_##name,
const struct command *const commands[] = {EACH_COMMAND(POINT) NULL};

static void help(void)
{
	puts("ctr: containers on the kernel you already run\n\n"
	     "usage: ctr [--root DIR] [--state DIR] COMMAND …\n\n"
	     "examples:\n"
	     "  ctr image build busybox && ctr run --rm busybox echo hello\n"
	     "  ctr run --rm -it -v $PWD:/src -w /src debian bash\n"
	     "  ctr run --rm --rootfs / -- make check\n\n"
	     "commands:");
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden)
			printf("  %-12s%s\n", commands[i]->name, commands[i]->summary);
	puts("\nctr COMMAND --help tells about one; ctr(1) about all.");
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int unknown_command(const char *word, struct err *err)
{
	const char *advice = command_advice(word);
	struct nearest n = {.word = word};

	err_set(err, "unknown %s %s", word[0] == '-' ? "flag" : "command", word);
	if (advice)
		return err_hint(err, "%s", advice);
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden)
			nearest_offer(&n, commands[i]->name);
	if (n.found)
		return err_hint(err, "did you mean ctr %s?", n.found);
	return err_hint(err, "ctr --help lists the commands");
}

/* In front of the command. */
static const struct flag globals[] = {
	{"root", 0, "DIR", "", FLAG_TEXT(cli, root)},
	{"state", 0, "DIR", "", FLAG_TEXT(cli, state)},
	{"version", 'v', NULL, "", FLAG_BOOL(cli, version)},
	{0},
};

static int unknown_global(const struct flags *flags, const char *word, struct err *err)
{
	(void)flags;
	return unknown_command(word, err);
}

static const struct flags global_flags = {globals, FLAGS_END_AT_WORD, "ctr", unknown_global};

int command_execute(const struct command *command, struct cli *cli, int argc, char **argv,
	struct err *err)
{
	autofree void *options = calloc(1, command->options_size + 1);
	int first = 1, r;

	if (!options)
		return err_sys(err, "start");
	if (command->init)
		command->init(options);
	if (command->flags) {
		r = command_flags(command, options, argc, argv, &first, err);
		if (r)
			return r < 0 ? -1 : 0;
	}
	if (!command->stateless &&
		store_open(cli->root, cli->state, command->use, &cli->store, err) < 0)
		return -1;
	r = command->run(cli, options, argc - first, argv + first, err);
	if (!command->stateless)
		store_close(&cli->store);
	return r;
}

static bool is_one_of(const char *word, const char *const *words)
{
	while (*words && strcmp(word, *words) != 0)
		words++;
	return *words;
}

/* "help COMMAND" becomes "COMMAND --help", whatever follows; some have commands of their own. */
static int turn_help(int argc, char **argv)
{
	static const char *const parents[] = {"image", "volume", "network", "healthcheck", NULL};
	int words = argc > 2 && is_one_of(argv[1], parents) ? 2 : 1;

	memmove(argv, argv + 1, (size_t)words * sizeof(*argv));
	argv[words] = (char *)"--help";
	return words + 1;
}

/* What was printed is there, or it is no success. */
static int end(const char *name, int r, struct err *err)
{
	if ((fflush(stdout) != 0 || ferror(stdout)) && r >= 0)
		r = err_sys(err, "write to standard output");
	if (r < 0) {
		program_end_unread(err);
		err_hint_rights(err, "only root can use ctr");
	}
	return r < 0 ? err_print(err, name) : r;
}

static int run_words(struct cli *cli, int argc, char **argv, struct err *err)
{
	const struct command *command = find_command(argv[0]);
	char name[64];
	int r;

	if (!command) {
		unknown_command(argv[0], err);
		return err_print(err, "ctr");
	}
	r = command_execute(command, cli, argc, argv, err);
	snprintf(name, sizeof(name), "ctr: %s", command->name);
	r = end(name, r, err);
	program_end_interrupted(r);
	return r;
}

int main(int argc, char **argv)
{
	struct cli cli = {.argv = argv = program_own_arguments(argc, argv)};
	struct err err = {0};
	int at, r;

	program_inherit_nothing(CLOSED_REFUSES);
	r = flags_parse(&global_flags, &cli, argc - 1, argv + 1, &at, &err);
	if (r < 0)
		return err_print(&err, "ctr");
	at++;
	if (r == 0 && argc - at > 1 && strcmp(argv[at], "help") == 0) {
		argc = at + turn_help(argc - at, argv + at);
	} else if (r > 0 || (at == argc && !cli.version) ||
		   (at < argc && strcmp(argv[at], "help") == 0)) {
		help();
		return end("ctr", r == 0 && at == argc ? ERR_STATUS_OURS : 0, &err);
	}
	if (cli.version || strcmp(argv[at], "version") == 0) {
		puts("ctr version " CTR_VERSION);
		return end("ctr", 0, &err);
	}
	return run_words(&cli, argc - at, argv + at, &err);
}
