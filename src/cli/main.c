#include "base/fd.h"
#include "base/program.h"
#include "cli/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define EACH_COMMAND(X)                                                                            \
	X(run) X(exec) X(attach) X(ps) X(logs) X(stop) X(kill) X(rm) X(wait) X(inspect) X(stats)   \
	X(pause) X(resume) X(image) X(info) X(check) X(gc)
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
			printf("  %-10s%s\n", commands[i]->name, commands[i]->summary);
	puts("\nctr COMMAND --help tells about one; ctr(1) about all.");
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

/* --root DIR or --root=DIR: the number of words it took, 0 if it is another word. */
static int global_option(const char *option, int argc, char **argv, const char **ret)
{
	size_t len = strlen(option);

	if (argc > 1 && strcmp(argv[0], option) == 0) {
		*ret = argv[1];
		return 2;
	}
	if (strncmp(argv[0], option, len) == 0 && argv[0][len] == '=') {
		*ret = argv[0] + len + 1;
		return 1;
	}
	return 0;
}

static int unknown_command(const char *word, struct err *err)
{
	const char *advice = command_advice(word);

	err_set(err, "unknown %s %s", word[0] == '-' ? "flag" : "command", word);
	return err_hint(err, "%s", advice ? advice : "ctr --help lists the commands");
}

static int run_command(const struct command *command, struct cli *cli, int argc, char **argv,
	struct err *err)
{
	autofree void *options = calloc(1, command->options_size + 1);
	int first = 1, r;

	if (!options)
		return err_sys(err, "start");
	if (command->init)
		command->init(options);
	if (command->flags) {
		r = flags_parse(command, options, argc, argv, &first, err);
		if (r)
			return r < 0 ? -1 : 0;
	}
	if (!command->stateless && store_open(cli->root, cli->state, &cli->store, err) < 0)
		return -1;
	r = command->run(cli, options, argc - first, argv + first, err);
	if (!command->stateless)
		store_close(&cli->store);
	return r;
}

int main(int argc, char **argv)
{
	const struct command *command;
	struct cli cli = {.argv = argv};
	struct err err = {0};
	int at = 1, took, r;

	program_inherit_nothing();
	while (at < argc &&
		((took = global_option("--root", argc - at, argv + at, &cli.root)) ||
			(took = global_option("--state", argc - at, argv + at, &cli.state))))
		at += took;
	if (at == argc || strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0 ||
		strcmp(argv[at], "help") == 0) {
		help();
		return at == argc ? ERR_STATUS_OURS : 0;
	}
	if (strcmp(argv[at], "--version") == 0 || strcmp(argv[at], "version") == 0) {
		puts("ctr version " CTR_VERSION);
		return 0;
	}
	command = find_command(argv[at]);
	if (!command) {
		unknown_command(argv[at], &err);
		return err_print(&err, "ctr");
	}
	r = run_command(command, &cli, argc - at, argv + at, &err);
	if ((fflush(stdout) != 0 || ferror(stdout)) && r >= 0)
		r = err_sys(&err, "write to standard output");
	if (r < 0) {
		char name[64];

		snprintf(name, sizeof(name), "ctr: %s", command->name);
		return err_print(&err, name);
	}
	return r;
}
