#include "cli/group.h"
#include "container/health.h"
#include "container/life.h"

#include <errno.h>
#include <stdio.h>

enum {
	STATUS_UNWELL = 1,
	STATUS_SOON = 1, /* of due: what supervisor/check.h waits for */
};

static int find(struct cli *cli, int argc, char **argv, char ret_name[SPEC_NAME_MAX + 1],
	struct err *err)
{
	if (argc != 1)
		return err_set(err, "takes one container");
	return container_find(&cli->store, argv[0], ret_name, err);
}

static int ask(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	char name[SPEC_NAME_MAX + 1];
	struct health_result r;

	(void)options;
	if (find(cli, argc, argv, name, err) < 0 ||
		container_ask_health(&cli->store, name, NULL, cli->argv, &r, err) < 0)
		return -1;
	if (r.asked == HEALTH_NOT_ASKED)
		return err_set(err, "%s could not be asked: it is paused, or has ended", name);
	puts(r.well ? "healthy" : "unhealthy");
	return r.well ? 0 : STATUS_UNWELL;
}

/* By its supervisor, whom nothing but the time of the next one concerns. The name may be another by now, or of another. */
static int due(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	char name[SPEC_NAME_MAX + 1];
	struct health_result r;

	(void)options;
	if (argc != 2)
		return err_set(err, "takes a name and an id");
	if (container_ask_health(&cli->store, argv[0], argv[1], cli->argv, &r, err) < 0 &&
		(err->sys != ESRCH || container_find(&cli->store, argv[1], name, err) < 0 ||
			container_ask_health(&cli->store, name, argv[1], cli->argv, &r, err) < 0))
		return -1;
	return r.soon ? STATUS_SOON : 0;
}

static const struct flag no_flags[] = {{0}};

static const struct command run_command = {
	.name = "healthcheck run",
	.summary = "Ask a container how it is, now",
	.arguments = "CONTAINER",
	.examples = "  ctr healthcheck run web || ctr inspect web | jq '.[0].health'\n",
	.flags = no_flags,
	.run = ask,
	.use = STORE_CHANGE,
};

static const struct command due_command = {
	.name = "healthcheck due",
	.summary = "The same, for its supervisor",
	.arguments = "NAME ID",
	.examples = "",
	.flags = no_flags,
	.run = due,
	.use = STORE_CHANGE,
	.hidden = true,
};

static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	static const struct command *const commands_of[] = {&run_command, &due_command, NULL};
	static const struct group healthcheck = {"healthcheck", "Ask a container how it is",
		commands_of, NULL};

	(void)options;
	return group_run(&healthcheck, cli, argc, argv, err);
}

const struct command command_healthcheck = {
	.name = "healthcheck",
	.summary = "Ask a container how it is",
	.arguments = "COMMAND",
	.run = run,
	.stateless = true,
};
