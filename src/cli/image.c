#include "cli/command.h"

#include "base/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ctr-image reads its own words; only --root in front of them is ours. */
static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	char path[4096], **words = calloc((size_t)argc + 4, sizeof(*words));
	size_t n = 0;

	(void)options;
	if (!words)
		return err_sys(err, "start ctr-image");
	if (program_path("ctr-image", path, sizeof(path), err) < 0) {
		free(words);
		return -1;
	}
	words[n++] = (char *)"ctr-image";
	if (cli->root) {
		words[n++] = (char *)"--root";
		words[n++] = (char *)cli->root;
	}
	umask(program_users_umask());
	memcpy(words + n, argv, (size_t)argc * sizeof(*words));
	execv(path, words);
	free(words);
	return err_sys(err, "cannot execute %s", path);
}

const struct command command_image = {
	.name = "image",
	.summary = "Build, import, list and remove images",
	.arguments = "COMMAND",
	.run = run,
	.stateless = true,
};
