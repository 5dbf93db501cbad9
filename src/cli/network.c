/* ctr network: networks by name, apart from the containers that are in them. */
#include "base/clock.h"
#include "base/num.h"
#include "base/table.h"
#include "cli/confirm.h"
#include "cli/dockernetwork.h"
#include "cli/group.h"
#include "cli/networkview.h"
#include "cli/output.h"
#include "spec/name.h"
#include "state/gc.h"
#include "state/networks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct network_options {
	struct spec spec; /* its labels, and memory */
	struct network net;
	bool ipv6, ipv6_given;
	bool force, quiet, no_trunc;
	struct format format;
};

static int set_label(void *to, const char *what, const char *value, struct err *err)
{
	return label_flag(&((struct network_options *)to)->spec, what, value, err);
}

static int set_ipv6(void *to, const char *what, const char *value, struct err *err)
{
	struct network_options *o = to;

	o->ipv6_given = true;
	return flag_bool(&o->ipv6, what, value, err);
}

static struct subnet *subnet_of(struct network_options *o, int family)
{
	return family == AF_INET6 ? &o->net.v6 : &o->net.v4;
}

static int take_prefix(struct prefix *to, const char *what, const char *value,
	const struct prefix *p, struct err *err)
{
	if (to->address.family)
		return err_value(err, what, value, "is the second one of its family");
	*to = *p;
	return 0;
}

static int parse_prefix(const char *what, const char *value, struct prefix *ret, struct err *err)
{
	if (prefix_parse(value, ret) == 0)
		return 0;
	err_value(err, what, value, "is not ADDRESS/LENGTH");
	return err_hint(err, "as 10.7.0.0/24, or fd00:7::/64");
}

static int set_subnet(void *to, const char *what, const char *value, struct err *err)
{
	struct prefix p;

	if (parse_prefix(what, value, &p, err) < 0)
		return -1;
	return take_prefix(&subnet_of(to, p.address.family)->prefix, what, value, &p, err);
}

static int set_range(void *to, const char *what, const char *value, struct err *err)
{
	struct prefix p;

	if (parse_prefix(what, value, &p, err) < 0)
		return -1;
	return take_prefix(&subnet_of(to, p.address.family)->range, what, value, &p, err);
}

static int set_gateway(void *to, const char *what, const char *value, struct err *err)
{
	struct address a, *gateway;

	if (address_parse(value, &a) < 0)
		return err_value(err, what, value, "is not an IP address");
	gateway = &subnet_of(to, a.family)->gateway;
	if (gateway->family)
		return err_value(err, what, value, "is the second one of its family");
	*gateway = a;
	return 0;
}

static int set_driver(void *to, const char *what, const char *value, struct err *err)
{
	enum network_driver *driver = &((struct network_options *)to)->net.driver;

	/* Those that ctr-net can make. */
	if (network_driver_parse(value, driver) == 0 &&
		(*driver == DRIVER_NAT || *driver == DRIVER_ROUTED))
		return 0;
	err_value(err, what, value, "is not a driver");
	return err_hint(err, "there are nat and routed");
}

static int set_mtu(void *to, const char *what, const char *value, struct err *err)
{
	uint32_t *mtu = &((struct network_options *)to)->net.mtu;

	if (num_parse_u32(value, mtu) < 0 || *mtu < NETWORK_MTU_LEAST || *mtu > NETWORK_MTU_MOST)
		return err_value(err, what, value, "is not a number of bytes from %d to %d",
			NETWORK_MTU_LEAST, NETWORK_MTU_MOST);
	return 0;
}

static int set_dns(void *to, const char *what, const char *value, struct err *err)
{
	struct network_options *o = to;
	struct address a;

	if (address_parse(value, &a) < 0)
		return err_value(err, what, value, "is not an IP address");
	arena_push(&o->spec.arena, o->net.dns, o->net.dns_count, a);
	return 0;
}

/* docker's and podman's --opt: what we have a flag for. */
static int set_option(void *to, const char *what, const char *value, struct err *err)
{
	if (strncmp(value, "mtu=", 4) == 0)
		return set_mtu(to, what, value + 4, err);
	if (strncmp(value, "com.docker.network.driver.mtu=", 30) == 0)
		return set_mtu(to, what, value + 30, err);
	err_value(err, what, value, "is not known");
	return err_hint(err, "there is mtu=BYTES");
}

/* For which families a subnet is chosen: both, unless one of them was said. */
static int wanted_families(const struct network_options *o, bool ret[2], struct err *err)
{
	bool given = o->net.v4.prefix.address.family || o->net.v6.prefix.address.family;

	if (o->ipv6_given && !o->ipv6 && o->net.v6.prefix.address.family)
		return err_set(err, "--ipv6=false, and --subnet with an address of IPv6");
	ret[0] = !given || (o->ipv6_given && !o->net.v4.prefix.address.family);
	ret[1] = o->ipv6_given ? o->ipv6 : !given;
	return 0;
}

static int create(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	struct network_options *o = options;
	bool wanted[2];
	int r;

	if (argc != 1)
		return err_set(err, "takes one name");
	if (strcmp(argv[0], NETWORK_DEFAULT) != 0 && network_name_check("name", argv[0], err) < 0)
		return -1;
	if (strcmp(argv[0], NETWORK_DEFAULT) == 0 && o->net.driver != DRIVER_NAT)
		return err_set(err,
			"--driver: the network " NETWORK_DEFAULT " is of the driver nat");
	if (wanted_families(o, wanted, err) < 0)
		return -1;
	o->net.name = argv[0];
	o->net.labels = o->spec.labels;
	o->net.label_count = o->spec.label_count;
	o->net.created_ns = (uint64_t)now_ns();
	r = network_create(&cli->store, &o->net, wanted, err);
	spec_free(&o->spec);
	if (r == 0)
		puts(argv[0]);
	return r;
}

static const struct flag create_flags[] = {
	{"dns", 0, "ADDRESS", "a name server for what is not in the network", set_dns},
	{"driver", 'd', "DRIVER", "nat or routed (nat)", set_driver},
	{"gateway", 0, "ADDRESS", "the host's address in it (the first)", set_gateway},
	{"internal", 0, NULL, "nothing of it reaches the outside",
		FLAG_BOOL(network_options, net.internal)},
	{"ip-range", 0, "ADDRESS/LENGTH", "the part that addresses are chosen from", set_range},
	{"ipv6", 0, NULL, "addresses of IPv6 too, or, with =false, none", set_ipv6},
	{"label", 'l', "KEY=VALUE", "metadata", set_label},
	{"mtu", 0, "BYTES", "(that of the way out)", set_mtu},
	{"opt", 'o', "KEY=VALUE", "mtu=BYTES", set_option},
	{"subnet", 0, "ADDRESS/LENGTH", "its addresses, one of each family (chosen)", set_subnet},
	{0},
};
static const struct command create_command = {
	.name = "network create",
	.summary = "Make a network",
	.arguments = "NAME",
	.examples = "  ctr network create web\n"
		    "  ctr network create --subnet 10.7.0.0/24 --internal back\n"
		    "  ctr run -d --net web --name db postgres\n",
	.flags = create_flags,
	.run = create,
	.options_size = sizeof(struct network_options),
	.use = STORE_MAKE,
};

/* Networks, and who is in them. */
struct look {
	struct arena arena;
	struct network *nets;
	size_t count;
	struct network_uses uses;
};

static void look_end(struct look *l)
{
	networks_free(l->nets, l->count);
	arena_free(&l->arena);
	network_uses_free(&l->uses);
}

static int look_begin(struct look *l, const struct store *store, struct err *err)
{
	*l = (struct look){.count = 0};
	if (networks_all(store, &l->arena, &l->nets, &l->count, err) < 0)
		return -1;
	if (network_uses_read(store, &l->uses, err) < 0)
		warn("%s", err->text);
	return 0;
}

static void add_row(struct table *t, const struct look *l, const struct network *net)
{
	char v4[PREFIX_SIZE], v6[PREFIX_SIZE];
	size_t users = 0;

	for (size_t i = 0; i < l->uses.count; i++)
		users += strcmp(l->uses.items[i].network, net->name) == 0;
	table_add(t, (const char *const[]){net->name, network_driver_name(net->driver),
			     prefix_format(&net->v4.prefix, v4), prefix_format(&net->v6.prefix, v6),
			     users ? arena_printf(&t->arena, "%zu", users) : ""});
}

static void print_table(const struct look *l, bool no_trunc)
{
	static const struct table_loss losses[] = {{3, 0}, {0, 24}, {1, 0}};
	struct table t = {.columns = 5, .losses = losses, .loss_count = no_trunc ? 0 : 3};

	table_add(&t, (const char *const[]){"NAME", "DRIVER", "SUBNET", "IPV6", "CONTAINERS"});
	for (size_t i = 0; i < l->count; i++)
		add_row(&t, l, &l->nets[i]);
	table_print(&t, stdout);
	table_free(&t);
}

static int list_all(const struct look *l, const struct store *store,
	const struct network_options *o, struct err *err)
{
	autojson json_t *all = json_array();

	if (!o->quiet && format_is_table(&o->format)) {
		print_table(l, o->no_trunc);
		return 0;
	}
	for (size_t i = 0; i < l->count; i++) {
		if (o->quiet)
			puts(l->nets[i].name);
		else
			json_array_append_new(all, network_json(store, &l->nets[i], &l->uses));
	}
	docker_names_networks(all, o->format.template);
	return o->quiet ? 0 : format_print_list(&o->format, all, err);
}

static int list(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	struct look l;
	int r;

	(void)argv;
	if (argc)
		return err_set(err, "takes no words");
	if (look_begin(&l, &cli->store, err) < 0)
		return -1;
	r = list_all(&l, &cli->store, options, err);
	look_end(&l);
	return r;
}

static const struct flag list_flags[] = {
	{"quiet", 'q', NULL, "names only", FLAG_BOOL(network_options, quiet)},
	{"no-trunc", 0, NULL, "whole names, all columns", FLAG_BOOL(network_options, no_trunc)},
	{"format", 0, "FORMAT", "table, json or a template (table)", format_set,
		offsetof(struct network_options, format)},
	{0},
};
static const struct command ls_command = {
	.name = "network ls",
	.summary = "List the networks",
	.arguments = "",
	.examples = "  ctr network ls\n",
	.flags = list_flags,
	.run = list,
	.options_size = sizeof(struct network_options),
};

static int inspect_one(const struct store *store, const struct network_uses *uses, const char *name,
	json_t *all, struct err *err)
{
	struct network net;

	if (network_read(store, network_known(name), &net, err) < 0)
		return -1;
	json_array_append_new(all, network_json(store, &net, uses));
	network_free(&net);
	return 0;
}

static int inspect(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	const struct network_options *o = options;
	autojson json_t *all = json_array();
	struct network_uses uses = {0};
	int status = 0;

	if (argc < 1)
		return err_set(err, "takes one or more networks");
	if (network_uses_read(&cli->store, &uses, err) < 0)
		warn("%s", err->text);
	for (int i = 0; i < argc && status >= 0; i++)
		if (inspect_one(&cli->store, &uses, argv[i], all, err) < 0)
			status = argc == 1 ? -1 : err_print(err, "ctr: network inspect");
	network_uses_free(&uses);
	docker_names_networks(all, o->format.template);
	return status < 0 || format_print_list(&o->format, all, err) < 0 ? -1 : status;
}

static void inspect_init(void *options)
{
	((struct network_options *)options)->format.json = true;
}

static const struct flag inspect_flags[] = {
	{"format", 'f', "FORMAT", "json or a template (json)", format_set_shown,
		offsetof(struct network_options, format)},
	{0},
};
static const struct command inspect_command = {
	.name = "network inspect",
	.summary = "Print all that is known of networks, as JSON",
	.arguments = "NETWORK…",
	.examples = "  ctr network inspect --format '{{.subnet}}' web\n",
	.flags = inspect_flags,
	.run = inspect,
	.init = inspect_init,
	.options_size = sizeof(struct network_options),
};

static int rm(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	const struct network_options *o = options;
	struct network_uses uses;
	int status = 0;

	if (argc < 1)
		return err_set(err, "takes one or more networks");
	if (network_uses_read(&cli->store, &uses, err) < 0)
		return -1;
	for (int i = 0; i < argc && status >= 0; i++) {
		if (network_remove(&cli->store, argv[i], &uses, err) == 0)
			puts(argv[i]);
		else if (!o->force || err->sys != ENOENT)
			status = argc == 1 ? -1 : err_print(err, "ctr: network rm");
	}
	network_uses_free(&uses);
	return status;
}

static const struct flag rm_flags[] = {
	{"force", 'f', NULL, "one that does not exist is no error",
		FLAG_BOOL(network_options, force)},
	{0},
};
static const struct command rm_command = {
	.name = "network rm",
	.summary = "Remove networks that no container is in",
	.arguments = "NETWORK…",
	.examples = "  ctr network rm web\n",
	.flags = rm_flags,
	.run = rm,
	.options_size = sizeof(struct network_options),
	.use = STORE_CHANGE,
};

/* What was made by somebody: nat only where it is another one than the usual. */
static int prune_one(const struct look *l, const struct store *store, const struct network *net,
	struct err *err)
{
	if (!net->created_ns)
		return 0;
	if (network_remove(store, net->name, &l->uses, err) == 0)
		puts(net->name);
	else if (err->sys != EBUSY && err->sys != ENOENT)
		return -1;
	return 0;
}

static int prune(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	const struct network_options *o = options;
	struct look l = {.count = 0};
	int r = 0;

	(void)argv;
	if (argc)
		return err_set(err, "takes no words");
	if (!o->force &&
		confirm("Remove all networks that no container is in?",
			"all networks that no container is in would be removed",
			"ctr network prune -f does so; ctr network ls shows them", err) < 0)
		return -1;
	if (networks_all(&cli->store, &l.arena, &l.nets, &l.count, err) < 0 ||
		network_uses_read(&cli->store, &l.uses, err) < 0)
		r = -1;
	for (size_t i = 0; i < l.count && r == 0; i++)
		r = prune_one(&l, &cli->store, &l.nets[i], err);
	look_end(&l);
	return r;
}

static const struct flag prune_flags[] = {
	{"force", 'f', NULL, "do not ask", FLAG_BOOL(network_options, force)},
	{0},
};
static const struct command prune_command = {
	.name = "network prune",
	.summary = "Remove all networks that no container is in",
	.arguments = "",
	.examples = "  ctr network prune -f\n",
	.flags = prune_flags,
	.run = prune,
	.options_size = sizeof(struct network_options),
	.use = STORE_CHANGE,
};

static int reload_one(const char *name, void *arg, struct err *err)
{
	struct cli *cli = ((void **)arg)[0];
	int *status = ((void **)arg)[1];

	if (network_restore(&cli->store, name, err) < 0)
		*status = err_print(err, "ctr: network reload");
	return 0;
}

static int reload(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	int status = 0;

	(void)options, (void)argv;
	if (argc)
		return err_set(err, "takes no words");
	return store_each(&cli->store, reload_one, (void *[]){cli, &status}, err) < 0 ? -1 : status;
}

static const struct flag no_flags[] = {{0}};
static const struct command reload_command = {
	.name = "network reload",
	.summary = "Put back what a firewall has taken away of them",
	.arguments = "",
	.examples = "  nft flush ruleset && ctr network reload\n",
	.flags = no_flags,
	.run = reload,
	.use = STORE_CHANGE,
};

static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	static const struct command *const commands_of[] = {&create_command, &ls_command,
		&inspect_command, &rm_command, &prune_command, &reload_command, NULL};
	static const char *const meant[][2] = {{"list", "ls"}, {"remove", "rm"}, {NULL, NULL}};
	static const struct group network = {"network", "Make, list and remove networks",
		commands_of, meant};

	(void)options;
	return group_run(&network, cli, argc, argv, err);
}

const struct command command_network = {
	.name = "network",
	.summary = "Make, list and remove networks",
	.arguments = "COMMAND",
	.run = run,
	.stateless = true,
};
