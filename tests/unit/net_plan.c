#include "net/plan.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ID "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct spec of(struct network_attachment *attachments, size_t n)
{
	return (struct spec){.name = "Web_1",
		.id = ID,
		.network = {.attachments = attachments, .attachment_count = n}};
}

static struct network builtin(const char *name)
{
	struct network net;

	cr_assert(network_builtin(name, &net));
	return net;
}

static struct address address_of(const char *s)
{
	struct address a;

	cr_assert(eq(int, address_parse(s, &a), 0));
	return a;
}

static struct network_port port_of(const char *s)
{
	struct network_port p;
	struct err err;

	cr_assert(eq(int, network_port_parse("-p", s, &p, &err), 0), "%s", s);
	return p;
}

static void add_port(struct spec *spec, const char *s)
{
	arena_push(&spec->arena, spec->network.ports, spec->network.port_count, port_of(s));
}

/* As JSON; what was parsed from it is written as the same. */
static char *text_of(const struct network_plan *plan)
{
	struct err err = {0};
	char *text = network_plan_format(plan, &err), *again;
	struct network_plan read;

	cr_assert(text != NULL, "%s", err.text);
	cr_assert(eq(int, network_plan_parse(text, strlen(text), &read, &err), 0), "%s", err.text);
	again = network_plan_format(&read, &err);
	cr_expect(eq(str, text, again));
	free(again);
	network_plan_free(&read);
	return text;
}

Test(net_plan, the_default_network)
{
	struct network_attachment one = {.network = "nat"};
	struct network nat = builtin("nat");
	struct spec spec = of(&one, 1);
	struct network_plan plan;
	struct err err = {0};
	char *text;

	add_port(&spec, "8080:80");
	add_port(&spec, "127.0.0.1:53:53/udp");
	cr_assert(eq(int, network_plan_make(&spec, 10, &nat, &plan, &err), 0), "%s", err.text);
	text = text_of(&plan);
	cr_expect(eq(str, text,
		"{\"name\":\"Web_1\",\"id\":\"" ID "\",\"slot\":10,\"attachments\":["
		"{\"network\":\"nat\",\"driver\":\"nat\",\"device\":\"ctr00a\",\"master\":\"ctr0\","
		"\"inside\":\"eth0\",\"hostMac\":\"06:00:11:22:33:44\",\"mac\":\"02:00:11:22:33:44\","
		"\"addresses\":[\"10.90.0.12/16\",\"fd00:90::c/64\"],"
		"\"gateways\":[\"10.90.0.1\",\"fd00:90::1\"],\"default4\":true,\"default6\":true,"
		"\"names\":[\"web_1\",\"001122334455\"]}],"
		"\"ports\":[\"0.0.0.0:8080:80/tcp\",\"[::]:8080:80/tcp\",\"127.0.0.1:53:53/udp\"]}"));
	free(text);
	network_plan_free(&plan);
	spec_free(&spec);
}

Test(net_plan, each_slot_has_its_own)
{
	struct network nat = builtin("nat");
	struct address a, b;

	cr_assert(subnet_candidate(&nat.v4, 0, 0, &a));
	b = address_of("10.90.0.2");
	cr_expect(address_is_equal(&a, &b));
	cr_assert(subnet_candidate(&nat.v4, 4094, 0, &a));
	b = address_of("10.90.16.0");
	cr_expect(address_is_equal(&a, &b));
	cr_expect(eq(u64, subnet_capacity(&nat.v4), 65533));
}

static void take_all(const char *prefix, const char *range, const char *gateway, uint64_t want)
{
	struct subnet s = {0};
	struct address a;
	unsigned char seen[256] = {0};
	uint64_t n = 0;

	prefix_parse(prefix, &s.prefix);
	if (range)
		prefix_parse(range, &s.range);
	s.gateway = address_of(gateway);
	while (subnet_candidate(&s, 77, n, &a)) {
		cr_expect(prefix_contains(range ? &s.range : &s.prefix, &a));
		cr_expect(not(address_is_equal(&a, &s.gateway)));
		cr_expect(eq(int, seen[a.bytes[3]]++, 0));
		n++;
	}
	cr_expect(eq(u64, n, want), "%s", prefix);
	cr_expect(eq(u64, subnet_capacity(&s), want));
	cr_expect(eq(int, seen[0] + seen[255], 0));
}

Test(net_plan, each_address_once)
{
	take_all("10.7.0.0/24", NULL, "10.7.0.1", 253);
	take_all("10.7.0.0/24", NULL, "10.7.0.254", 253);
	take_all("10.7.0.0/24", NULL, "10.7.0.100", 253);
	take_all("10.7.0.0/24", "10.7.0.64/26", "10.7.0.1", 64);
	take_all("10.7.0.0/24", "10.7.0.64/26", "10.7.0.64", 63);
	take_all("10.7.0.0/24", "10.7.0.128/25", "10.7.0.1", 127);
}

Test(net_plan, two_networks)
{
	const char *alias = "Mail";
	struct network_attachment two[] = {{.network = "back", .aliases = &alias, .alias_count = 1},
		{.network = "nat", .interface = "wan0"}};
	struct network nets[] = {{.name = "back",
					 .driver = DRIVER_BRIDGE,
					 .number = 3,
					 .internal = true,
					 .mtu = 1400},
		builtin("nat")};
	struct spec spec = of(two, 2);
	const struct plan_attachment *a;
	struct network_plan plan;
	struct err err = {0};

	prefix_parse("10.7.0.0/24", &nets[0].v4.prefix);
	cr_assert(eq(int, network_complete(&nets[0], &err), 0), "%s", err.text);
	add_port(&spec, "80");
	cr_assert(eq(int, network_plan_make(&spec, 2748, nets, &plan, &err), 0), "%s", err.text);
	free(text_of(&plan));
	a = plan.attachments;
	cr_expect(eq(str, (char *)a[0].device, "ctrabc"));
	cr_expect(eq(str, (char *)a[0].master, "ctr-br3"));
	cr_expect(eq(str, (char *)a[0].inside, "eth0"));
	cr_expect(eq(u32, a[0].mtu, 1400));
	cr_expect(eq(str, (char *)a[0].names[2], "mail"));
	cr_expect(not(a[0].default4));
	cr_expect(eq(str, (char *)a[1].device, "ctrabc.1"));
	cr_expect(eq(str, (char *)a[1].inside, "wan0"));
	cr_expect(a[1].default4 && a[1].default6);
	cr_expect(ne(int, memcmp(&a[0].mac, &a[1].mac, 6), 0));
	/* One published port, of two families, to be chosen once. */
	cr_assert(eq(sz, plan.port_count, 2));
	cr_expect(network_plan_is_open(&plan, 0) && network_plan_is_open(&plan, 1));
	network_plan_choose(&plan, 0, 50000);
	cr_expect(not(network_plan_is_open(&plan, 0) || network_plan_is_open(&plan, 1)));
	cr_expect(eq(int, plan.ports[1].host_port, 50000));
	network_plan_free(&plan);
	spec_free(&spec);
}

Test(net_plan, a_range_to_choose_is_single_ports)
{
	struct network_attachment one = {.network = "nat"};
	struct network nat = builtin("nat");
	struct spec spec = of(&one, 1);
	struct network_plan plan;
	struct err err = {0};

	nat.v6 = (struct subnet){0};
	add_port(&spec, "80-89");
	add_port(&spec, "8000-8010:443");
	add_port(&spec, "9000-9999:9000-9999");
	cr_assert(eq(int, network_plan_make(&spec, 1, &nat, &plan, &err), 0), "%s", err.text);
	cr_assert(eq(sz, plan.port_count, 12));
	for (size_t i = 0; i < 11; i++)
		cr_expect(network_plan_is_open(&plan, i));
	cr_expect(not(network_plan_is_open(&plan, 11)));
	cr_expect(eq(int, plan.ports[9].port, 89));
	network_plan_choose(&plan, 10, 8003);
	cr_expect(eq(int, plan.ports[10].host_count, 1));
	network_plan_free(&plan);
	spec_free(&spec);
}

Test(net_plan, addresses_asked_for)
{
	struct address asked[] = {address_of("10.90.7.7"), address_of("10.90.7.8")};
	struct network_attachment one = {.network = "nat", .addresses = asked, .address_count = 2};
	struct network nat = builtin("nat");
	struct spec spec = of(&one, 1);
	struct address other = address_of("fd00:90::99"), v4 = address_of("10.90.1.1");
	struct network_plan plan;
	struct err err = {0};

	cr_assert(eq(int, network_plan_make(&spec, 5, &nat, &plan, &err), 0), "%s", err.text);
	cr_expect(eq(u32, plan.attachments[0].asked, 2));
	cr_assert(eq(sz, plan.attachments[0].address_count, 3));
	cr_expect(address_is_equal(network_plan_address(&plan, AF_INET), &asked[0]));
	network_plan_move(&plan.attachments[0], &other);
	cr_expect(address_is_equal(network_plan_address(&plan, AF_INET6), &other));
	network_plan_move(&plan.attachments[0], &v4);
	cr_expect(address_is_equal(network_plan_address(&plan, AF_INET), &asked[0]),
		"what was asked for stays");
	network_plan_free(&plan);
}

static void refuse(const char *address, const struct network *net, const char *port,
	const char *why)
{
	struct address asked = address ? address_of(address) : (struct address){0};
	struct network_attachment one = {.network = net->name,
		.addresses = &asked,
		.address_count = address ? 1 : 0};
	struct spec spec = of(&one, 1);
	struct network_plan plan;
	struct err err = {0};

	if (port)
		add_port(&spec, port);
	cr_expect(eq(int, network_plan_make(&spec, 5, net, &plan, &err), -1), "%s", why);
	cr_expect(strstr(err.text, why) != NULL, "%s", err.text);
	spec_free(&spec);
}

Test(net_plan, refused)
{
	struct network nat = builtin("nat"), routed = builtin("routed"), v4 = nat, inner = nat;

	v4.v6 = (struct subnet){0};
	inner.internal = true;
	refuse("10.90.0.1", &nat, NULL, "is the gateway");
	refuse("10.91.0.1", &nat, NULL, "is not in the network nat, 10.90.0.0/16");
	refuse("10.90.0.0", &nat, NULL, "no interface");
	refuse("10.90.255.255", &nat, NULL, "no interface");
	refuse("fd00:90::", &nat, NULL, "no interface");
	refuse("fd00:90::5", &v4, NULL, "no addresses of this family");
	refuse(NULL, &routed, NULL, "gives no addresses by itself");
	refuse(NULL, &v4, "[2001:db8::1]:80:80", "no address of IPv6 that it could lead to");
	refuse(NULL, &inner, "80:80", "no address that it could lead to");
}

Test(net_plan, routed_addresses_stand_alone)
{
	struct address asked[] = {address_of("203.0.113.5"), address_of("2001:db8::5")};
	struct network_attachment one = {.network = "routed",
		.addresses = asked,
		.address_count = 2};
	struct network routed = builtin("routed");
	struct spec spec = of(&one, 1);
	struct network_plan plan;
	struct err err = {0};

	cr_assert(eq(int, network_plan_make(&spec, 5, &routed, &plan, &err), 0), "%s", err.text);
	cr_expect(eq(int, plan.attachments[0].addresses[0].length, 32));
	cr_expect(eq(int, plan.attachments[0].addresses[1].length, 128));
	cr_expect(eq(sz, plan.attachments[0].gateway_count, 2));
	network_plan_free(&plan);
}

Test(net_plan, nonsense)
{
	static const char *const bad[] = {"", "[]", "{}", "{\"name\":\"a\",\"id\":\"b\"}",
		"{\"name\":\"a\",\"id\":\"b\",\"slot\":-1}",
		"{\"name\":\"a\",\"id\":\"b\",\"slot\":1,\"ports\":[\"80:99999/tcp\"]}",
		"{\"name\":\"a\",\"id\":\"b\",\"slot\":1,\"dns\":[\"here\"]}",
		"{\"name\":\"a\",\"id\":\"b\",\"slot\":1,\"more\":1}",
		"{\"name\":\"a\",\"id\":\"b\",\"slot\":1,\"attachments\":[{}]}"};
	struct network_plan plan;
	struct err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(eq(int, network_plan_parse(bad[i], strlen(bad[i]), &plan, &err), -1),
			"%s", bad[i]);
}
