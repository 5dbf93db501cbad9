#include "spec/network.h"

#include "base/fd.h"
#include "spec/config.h"
#include "spec/defaults.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>

static void begin(struct spec *s)
{
	static char *argv[] = {(char *)"sh", NULL};

	spec_init(s);
	s->id = "0123456789abcdef";
	s->name = "web";
	s->root.dir = "/srv/root";
	s->process.argv = argv;
	s->process.argc = 1;
	spec_complete(s);
}

static char *write_text(const struct spec *s)
{
	struct err err = {0};
	char *text = config_write(s, "/root", &err);

	cr_assert(text != NULL, "%s", err.text);
	return text;
}

/* Through config.json, which is written as the same again. */
static void round_trip(const struct spec *s, struct spec *ret)
{
	autofree char *first = write_text(s);
	autofree char *second = NULL;
	struct err err = {0};

	cr_assert(eq(int, config_read("c", first, strlen(first), CONFIG_OURS, ret, &err), 0),
		"%s\n%s", err.text, first);
	second = write_text(ret);
	cr_assert(eq(str, first, second));
}

Test(network, none_writes_nothing)
{
	autofree char *text = NULL;
	struct spec s;

	begin(&s);
	text = write_text(&s);
	cr_expect(strstr(text, "io.ctr.network") == NULL);
	cr_expect(eq(int, (int)network_mode(&s), NETWORK_NONE));
	spec_free(&s);
}

Test(network, kept_in_config)
{
	const char *alias = "db";
	struct address asked[2];
	struct network_attachment two[] = {{.network = "back",
						   .addresses = asked,
						   .address_count = 2,
						   .aliases = &alias,
						   .alias_count = 1},
		{.network = "nat", .interface = "wan0"}};
	struct network_port ports[2];
	struct spec s, again;
	struct err err;

	begin(&s);
	address_parse("10.7.0.9", &asked[0]);
	address_parse("fd00:7::9", &asked[1]);
	mac_parse("02:aa:bb:cc:dd:ee", &two[0].mac);
	network_port_parse("-p", "127.0.0.1:8000-8001:80-81", &ports[0], &err);
	network_port_parse("-p", "53/udp", &ports[1], &err);
	s.network = (struct network_spec){.attachments = two,
		.attachment_count = 2,
		.ports = ports,
		.port_count = 2,
		.exposed = &ports[1],
		.exposed_count = 1,
		.mtu = 1400,
		.out = {1000000, 65536},
		.in = {2000000, 0}};
	cr_expect(eq(int, (int)network_mode(&s), NETWORK_ATTACHED));
	round_trip(&s, &again);
	cr_assert(eq(sz, again.network.attachment_count, 2));
	cr_expect(address_is_equal(&again.network.attachments[0].addresses[1], &asked[1]));
	cr_expect(eq(str, (char *)again.network.attachments[1].interface, "wan0"));
	cr_expect(eq(int, again.network.ports[0].host_count, 2));
	cr_expect(eq(u64, again.network.in.bits, 2000000));
	cr_expect(eq(int, (int)network_mode(&again), NETWORK_ATTACHED));
	spec_free(&again);
	spec_free(&s);
}

Test(network, modes)
{
	struct ns_path path = {.flag = CLONE_NEWNET, .path = "/run/netns/a"};
	struct spec s;

	begin(&s);
	s.ns.fresh &= ~(uint64_t)CLONE_NEWNET;
	cr_expect(eq(int, (int)network_mode(&s), NETWORK_HOST));
	s.ns.paths = &path;
	s.ns.path_count = 1;
	cr_expect(eq(int, (int)network_mode(&s), NETWORK_PATH));
	s.network.container = "web";
	cr_expect(eq(int, (int)network_mode(&s), NETWORK_CONTAINER));
	spec_free(&s);
}

Test(network, names)
{
	static const char *const bad[] = {"", "none", "host", "nat", "bridge", "container", "-a",
		"a/b", "a:b", "..", "a b",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	struct err err;

	cr_expect(eq(int, network_name_check("name", "web_1.a-b", &err), 0));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(eq(int, network_name_check("name", bad[i], &err), -1), "%s", bad[i]);
	cr_expect(eq(str, (char *)network_known("bridge"), "nat"));
	cr_expect(eq(str, (char *)network_known("default"), "nat"));
	cr_expect(eq(str, (char *)network_known("web"), "web"));
	cr_expect(eq(int, network_interface_check("i", "eth0", &err), 0));
	cr_expect(eq(int, network_interface_check("i", "lo", &err), -1));
	cr_expect(eq(int, network_interface_check("i", "a/b", &err), -1));
	cr_expect(eq(int, network_interface_check("i", "eth%d", &err), -1));
	cr_expect(eq(int, network_interface_check("i", "aaaaaaaaaaaaaaaa", &err), -1));
}

Test(network, rates)
{
	static const char *const bad[] = {"", "100mbit/", "100mbit/1k", "100mbit/8g", "/64k",
		"100mbit/64k/1", "100000000000000000000000000000000000000000000000000000mbit"};
	struct network_rate r = {0};
	struct err err;

	cr_assert(eq(int, network_rate_parse("r", "100mbit/64k", &r, &err), 0));
	cr_expect(eq(u64, r.bits, 100000000));
	cr_expect(eq(u64, r.burst, 65536));
	cr_assert(eq(int, network_rate_parse("r", "1gbit", &r, &err), 0));
	cr_expect(eq(u64, r.burst, 0));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(eq(int, network_rate_parse("r", bad[i], &r, &err), -1), "%s", bad[i]);
}
