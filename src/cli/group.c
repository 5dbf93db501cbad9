#include "cli/group.h"

#include "base/nearest.h"

#include <stdio.h>
#include <string.h>

static const char *word_of(const struct group *g, const struct command *c)
{
	return c->name + strlen(g->name) + 1;
}

static int help(const struct group *g)
{
	printf("%s\n\nusage: ctr %s COMMAND …\n\ncommands:\n", g->summary, g->name);
	for (size_t i = 0; g->commands[i]; i++)
		if (!g->commands[i]->hidden)
			printf("  %-10s%s\n", word_of(g, g->commands[i]), g->commands[i]->summary);
	printf("\nctr %s COMMAND --help tells about one; ctr-%s(1) about all.\n", g->name, g->name);
	return 0;
}

static int unknown(const struct group *g, const char *word, struct err *err)
{
	struct nearest n = {.word = word};

	err_set(err, "unknown command %.60s", word);
	for (size_t i = 0; g->meant && g->meant[i][0]; i++)
		if (strcmp(word, g->meant[i][0]) == 0)
			return err_hint(err, "ctr %s %s", g->name, g->meant[i][1]);
	for (size_t i = 0; g->commands[i]; i++)
		if (!g->commands[i]->hidden)
			nearest_offer(&n, word_of(g, g->commands[i]));
	if (n.found)
		return err_hint(err, "did you mean ctr %s %s?", g->name, n.found);
	return err_hint(err, "ctr %s --help lists the commands", g->name);
}

int group_run(const struct group *g, struct cli *cli, int argc, char **argv, struct err *err)
{
	if (argc < 1) {
		help(g);
		return ERR_STATUS_OURS;
	}
	if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)
		return help(g);
	for (size_t i = 0; g->commands[i]; i++)
		if (strcmp(word_of(g, g->commands[i]), argv[0]) == 0)
			return command_execute(g->commands[i], cli, argc, argv, err);
	return unknown(g, argv[0], err);
}
