#include "container/rename.h"
#include "cli/command.h"
#include "container/life.h"

static int rename_(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	char old[SPEC_NAME_MAX + 1];

	(void)options;
	if (argc != 2)
		return err_set(err, "takes a container and its new name");
	return container_find(&cli->store, argv[0], old, err) < 0
		       ? -1
		       : container_rename(&cli->store, old, argv[1], err);
}

static const struct flag flags[] = {{0}};

const struct command command_rename = {
	.name = "rename",
	.summary = "Give a container another name",
	.arguments = "CONTAINER NAME",
	.examples = "  ctr rename web web-old\n",
	.flags = flags,
	.run = rename_,
	.use = STORE_CHANGE,
};
