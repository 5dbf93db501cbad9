/* ctr port: which ports of the host lead to a container. */
#include "base/num.h"
#include "cli/command.h"
#include "cli/networkview.h"
#include "cli/output.h"
#include "container/life.h"

#include <stdio.h>
#include <string.h>

/* What is asked for: one port of the container. */
struct asked {
	bool any;
	uint16_t port;
	uint8_t proto;
};

static void print_one(const struct network_port *p, uint16_t n, const struct asked *asked)
{
	char endpoint[ENDPOINT_SIZE];

	endpoint_text(p, n, endpoint);
	if (asked->any)
		printf("%u/%s -> %s\n", p->port + n, network_proto_name(p->proto), endpoint);
	else
		puts(endpoint);
}

static size_t print(const struct network_plan *plan, const struct asked *asked)
{
	size_t printed = 0;

	for (size_t i = 0; i < plan->port_count; i++) {
		const struct network_port *p = &plan->ports[i];

		for (uint32_t n = 0; n < p->count; n++) {
			if (!asked->any && (p->proto != asked->proto || p->port + n != asked->port))
				continue;
			print_one(p, (uint16_t)n, asked);
			printed++;
		}
	}
	return printed;
}

static int parse(const char *word, struct asked *ret, struct err *err)
{
	struct network_port p;

	if (network_expose_parse("port", word, &p, err) < 0)
		return -1;
	if (p.count != 1)
		return err_value(err, "port", word, "is more than one");
	*ret = (struct asked){.port = p.port, .proto = p.proto};
	return 0;
}

static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	struct asked asked = {.any = true};
	char name[SPEC_NAME_MAX + 1];
	struct network_plan plan;
	struct container c;
	size_t printed;

	(void)options;
	if (argc < 1 || argc > 2)
		return err_set(err, "takes a container, and maybe one of its ports");
	if ((argc == 2 && parse(argv[1], &asked, err) < 0) ||
		container_find(&cli->store, argv[0], name, err) < 0 ||
		container_open_running(&cli->store, name, "tell the ports of", &c, err) < 0)
		return -1;
	container_close(&c);
	switch (network_plan_of(&cli->store, name, &plan, err)) {
	case -1:
		return -1;
	case 0:
		plan = (struct network_plan){.port_count = 0};
	}
	printed = print(&plan, &asked);
	network_plan_free(&plan);
	if (!printed && !asked.any) {
		err_set(err, "no port of the host leads to %s of %s", argv[1], name);
		return err_hint(err, "ctr run -p publishes one");
	}
	return output_end(err);
}

static const struct flag flags[] = {{0}};

const struct command command_port = {
	.name = "port",
	.summary = "Tell which ports of the host lead to a container",
	.arguments = "CONTAINER [PORT[/PROTO]]",
	.examples = "  ctr port web\n  ctr port web 80\n",
	.flags = flags,
	.run = run,
};
