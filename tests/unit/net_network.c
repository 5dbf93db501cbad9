#include "net/network.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int read_text(const char *text, struct network *ret, struct err *err)
{
	*err = (struct err){0};
	return network_parse("NET.json", text, strlen(text), ret, err);
}

Test(network, both_ways)
{
	static const char text[] = "{\n"
				   "  \"name\": \"web\",\n"
				   "  \"driver\": \"bridge\",\n"
				   "  \"number\": 4,\n"
				   "  \"subnet\": \"10.7.0.0/24\",\n"
				   "  \"range\": \"10.7.0.128/25\",\n"
				   "  \"gateway\": \"10.7.0.1\",\n"
				   "  \"subnet6\": \"fd00:7::/64\",\n"
				   "  \"gateway6\": \"fd00:7::1\",\n"
				   "  \"internal\": true,\n"
				   "  \"mtu\": 1400,\n"
				   "  \"dns\": [\n"
				   "    \"192.0.2.53\"\n"
				   "  ],\n"
				   "  \"labels\": {\n"
				   "    \"a\": \"b\"\n"
				   "  },\n"
				   "  \"createdNs\": 17\n"
				   "}";
	char device[NETWORK_DEVICE_SIZE], *again;
	struct network net;
	struct err err;

	cr_assert(eq(int, read_text(text, &net, &err), 0), "%s", err.text);
	cr_expect(eq(str, network_device(&net, device), "ctr-br4"));
	again = network_format(&net, &err);
	cr_expect(eq(str, again, (char *)text));
	free(again);
	network_free(&net);
}

Test(network, what_follows)
{
	struct address gateway;
	struct network net;
	struct err err;

	cr_assert(
		eq(int,
			read_text("{\"name\":\"a\",\"driver\":\"nat\",\"subnet\":\"10.7.0.0/24\"}",
				&net, &err),
			0),
		"%s", err.text);
	address_parse("10.7.0.1", &gateway);
	cr_expect(address_is_equal(&net.v4.gateway, &gateway));
	cr_expect(eq(u64, subnet_capacity(&net.v6), 0));
	network_free(&net);
}

Test(network, refused)
{
	static const struct {
		const char *members, *why;
	} rows[] = {
		{"\"driver\":\"overlay\"", "must be nat, routed, bridge"},
		{"\"driver\":\"nat\",\"subnet\":\"10.7.0.1/24\"", "has bits behind its length"},
		{"\"driver\":\"nat\",\"subnet\":\"10.7.0.0/31\"", "is no network for containers"},
		{"\"driver\":\"nat\",\"subnet\":\"0.0.0.0/0\"", "is no network for containers"},
		{"\"driver\":\"nat\",\"subnet\":\"224.0.0.0/16\"", "not of addresses"},
		{"\"driver\":\"nat\",\"subnet\":\"127.0.0.0/16\"", "not of addresses"},
		{"\"driver\":\"nat\",\"subnet\":\"fe80::/64\"", "other family"},
		{"\"driver\":\"nat\",\"subnet6\":\"fe80::/64\"", "not of addresses"},
		{"\"driver\":\"nat\",\"subnet6\":\"fd00::/127\"", "is no network for containers"},
		{"\"driver\":\"nat\",\"range\":\"10.7.0.0/24\"", "has no --subnet"},
		{"\"driver\":\"nat\",\"gateway\":\"10.7.0.1\"", "has no --subnet"},
		{"\"driver\":\"nat\",\"subnet\":\"10.7.0.0/24\",\"range\":\"10.8.0.0/25\"",
			"is not a part of 10.7.0.0/24"},
		{"\"driver\":\"nat\",\"subnet\":\"10.7.0.0/24\",\"range\":\"10.7.0.0/23\"",
			"is not a part of 10.7.0.0/24"},
		{"\"driver\":\"nat\",\"subnet\":\"10.7.0.0/24\",\"gateway\":\"10.8.0.1\"",
			"is not an address of 10.7.0.0/24"},
		{"\"driver\":\"nat\",\"subnet\":\"10.7.0.0/24\",\"gateway\":\"10.7.0.255\"",
			"is not an address of 10.7.0.0/24"},
		{"\"driver\":\"nat\",\"subnet\":\"10.7.0.0/24\",\"range\":\"10.7.0.1/32\"",
			"has no address for a container"},
		{"\"driver\":\"nat\",\"parent\":\"eth0\"", "is for the drivers macvlan"},
		{"\"driver\":\"macvlan\"", "which?"},
		{"\"driver\":\"nat\",\"mtu\":100", "must be 576"},
		{"\"driver\":\"nat\",\"more\":1", "is not supported"},
	};
	char text[256];
	struct network net;
	struct err err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), "{\"name\":\"a\",%s}", rows[i].members);
		cr_expect(eq(int, read_text(text, &net, &err), -1), "%s", text);
		cr_expect(strstr(err.text, rows[i].why) != NULL, "%s: %s", text, err.text);
	}
}

Test(network, builtin)
{
	struct network net;

	cr_expect(network_builtin("nat", &net));
	cr_expect(eq(int, (int)net.driver, DRIVER_NAT));
	cr_expect(network_builtin("routed", &net));
	cr_expect(not(network_builtin("web", &net)));
}

Test(network, subnets_that_are_free)
{
	struct prefix taken[3], p;
	char text[PREFIX_SIZE];

	cr_assert(network_choose_subnet(AF_INET, NULL, 0, &p));
	cr_expect(eq(str, prefix_format(&p, text), "10.91.0.0/20"));
	prefix_parse("10.91.0.0/18", &taken[0]);
	prefix_parse("10.91.70.0/24", &taken[1]);
	prefix_parse("fd00:91::/64", &taken[2]);
	cr_assert(network_choose_subnet(AF_INET, taken, 3, &p));
	cr_expect(eq(str, prefix_format(&p, text), "10.91.80.0/20"));
	cr_assert(network_choose_subnet(AF_INET6, taken, 3, &p));
	cr_expect(eq(str, prefix_format(&p, text), "fd00:91:0:1::/64"));
	prefix_parse("10.0.0.0/8", &taken[0]);
	cr_expect(not(network_choose_subnet(AF_INET, taken, 3, &p)));
}
