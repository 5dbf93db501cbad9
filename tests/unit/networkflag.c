#include "spec/networkflag.h"

#include "spec/defaults.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <linux/sched.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct err err;
static struct spec spec;
static struct network_flags flags;

static void begin(void)
{
	spec_init(&spec);
	flags = (struct network_flags){0};
	err = (struct err){0};
}

static int give(networkflag_fn *fn, const char *value)
{
	return fn(&spec, &flags, "--flag", value, &err);
}

static void take(networkflag_fn *fn, const char *value)
{
	cr_assert(eq(int, give(fn, value), 0), "%s: %s", value, err.text);
}

static int finish(void)
{
	return networkflag_finish(&spec, &flags, NULL, 0, &err);
}

static void expect_refusal(const char *why)
{
	cr_expect(eq(int, finish(), -1), "%s", why);
	cr_expect(strstr(err.text, why) != NULL, "%s", err.text);
}

Test(networkflag, modes, .init = begin)
{
	static const struct {
		const char *value;
		enum network_mode mode;
	} rows[] = {
		{"none", NETWORK_NONE},
		{"host", NETWORK_HOST},
		{"container:web", NETWORK_CONTAINER},
		{"ns:/run/netns/a", NETWORK_PATH},
		{"nat", NETWORK_ATTACHED},
		{"bridge", NETWORK_ATTACHED},
		{"web", NETWORK_ATTACHED},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		begin();
		take(networkflag_net, rows[i].value);
		cr_expect(eq(int, finish(), 0));
		cr_expect(eq(int, (int)network_mode(&spec), rows[i].mode), "%s", rows[i].value);
		spec_free(&spec);
	}
}

Test(networkflag, net_refused, .init = begin)
{
	static const char *const bad[] = {"", "pasta", "slirp4netns", "ns:run/netns/a",
		"ns:", "container:", "container:-a", "a/b", "-a", "web:ip", "web:ip=10.0.0.300",
		"web:ip6=10.0.0.3", "web:ip=127.0.0.1", "web:mac=1", "web:mac=01:00:5e:00:00:01",
		"web:alias=-", "web:interface=lo", "web:mode=l2", "name=", "name=web,ip",
		"web:ip=10.0.0.3,ip=10.0.0.3"};

	for (size_t i = 0; i < COUNT(bad); i++) {
		begin();
		cr_expect(eq(int, give(networkflag_net, bad[i]), -1), "%s", bad[i]);
		spec_free(&spec);
	}
}

Test(networkflag, options_of_one_network, .init = begin)
{
	const struct network_attachment *a;
	char text[ADDRESS_SIZE];

	take(networkflag_net, "web:ip=10.0.0.3,ip6=fd00::3,mac=02:00:00:00:00:03,alias=db");
	take(networkflag_net, "name=back,interface=back0,alias=a,alias=b,ip=10.0.1.3");
	cr_assert(eq(int, finish(), 0), "%s", err.text);
	cr_assert(eq(sz, spec.network.attachment_count, 2));
	a = spec.network.attachments;
	cr_expect(eq(str, (char *)a[0].network, "web"));
	cr_assert(eq(sz, a[0].address_count, 2));
	cr_expect(eq(str, address_format(&a[0].addresses[1], text), "fd00::3"));
	cr_expect(eq(int, a[0].mac.bytes[5], 3));
	cr_expect(eq(str, (char *)a[1].network, "back"));
	cr_expect(eq(str, (char *)a[1].interface, "back0"));
	cr_expect(eq(sz, a[1].alias_count, 2));
}

Test(networkflag, what_excludes_each_other, .init = begin)
{
	take(networkflag_net, "nat");
	take(networkflag_net, "web");
	cr_expect(eq(int, give(networkflag_net, "web"), -1));
	cr_expect(eq(int, give(networkflag_net, "bridge"), -1), "which is nat");
	cr_expect(eq(int, give(networkflag_net, "host"), -1));
	cr_expect(eq(int, give(networkflag_net, "none"), -1));
	begin();
	take(networkflag_net, "none");
	take(networkflag_net, "none");
	cr_expect(eq(int, give(networkflag_net, "nat"), -1));
	begin();
	take(networkflag_net, "container:a");
	cr_expect(eq(int, give(networkflag_net, "container:b"), -1));
}

Test(networkflag, what_needs_a_network_gets_the_default_one, .init = begin)
{
	static const struct {
		networkflag_fn *fn;
		const char *value, *name;
	} rows[] = {
		{networkflag_publish, "8080:80", "--publish"},
		{networkflag_ip, "10.90.7.7", "--ip"},
		{networkflag_ip6, "fd00:90::7", "--ip6"},
		{networkflag_mac, "02:00:00:00:00:01", "--mac"},
		{networkflag_alias, "db", "--network-alias"},
		{networkflag_mtu, "1400", "--mtu"},
		{networkflag_rate, "100mbit", "--net-rate"},
	};
	static const char *const without[] = {"none", "host", "container:a", "ns:/a"};

	for (size_t i = 0; i < COUNT(rows); i++) {
		begin();
		take(rows[i].fn, rows[i].value);
		cr_assert(eq(int, finish(), 0), "%s", err.text);
		cr_expect(eq(str, (char *)spec.network.attachments[0].network, "nat"));
		for (size_t k = 0; k < COUNT(without); k++) {
			begin();
			take(rows[i].fn, rows[i].value);
			take(networkflag_net, without[k]);
			expect_refusal(rows[i].name);
			cr_expect(ne(str, err.hint, ""));
		}
	}
	begin();
	cr_expect(eq(int, finish(), 0));
	cr_expect(eq(int, (int)network_mode(&spec), NETWORK_NONE));
}

Test(networkflag, addresses_go_to_the_first_aliases_to_all, .init = begin)
{
	take(networkflag_ip, "10.0.0.3,10.0.0.4");
	take(networkflag_alias, "db");
	take(networkflag_net, "web");
	take(networkflag_net, "back");
	cr_assert(eq(int, finish(), 0), "%s", err.text);
	cr_expect(eq(sz, spec.network.attachments[0].address_count, 2));
	cr_expect(eq(sz, spec.network.attachments[1].address_count, 0));
	cr_expect(eq(sz, spec.network.attachments[0].alias_count, 1));
	cr_expect(eq(sz, spec.network.attachments[1].alias_count, 1));
}

Test(networkflag, bad_values, .init = begin)
{
	static const struct {
		networkflag_fn *fn;
		const char *value;
	} rows[] = {
		{networkflag_ip, ""},
		{networkflag_ip, "fd00::1"},
		{networkflag_ip, "10.0.0.1/24"},
		{networkflag_ip, "10.0.0.1,,10.0.0.2"},
		{networkflag_ip, "0.0.0.0"},
		{networkflag_ip, "224.0.0.1"},
		{networkflag_ip, "127.0.0.1"},
		{networkflag_ip6, "10.0.0.1"},
		{networkflag_ip6, "fe80::1"},
		{networkflag_ip6, "::ffff:10.0.0.1"},
		{networkflag_mac, "00:00:00:00:00:00"},
		{networkflag_mac, "mac"},
		{networkflag_mtu, "0"},
		{networkflag_mtu, "575"},
		{networkflag_mtu, "65522"},
		{networkflag_mtu, "1500b"},
		{networkflag_alias, ""},
		{networkflag_alias, "a b"},
		{networkflag_alias,
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
		{networkflag_rate, "100"},
		{networkflag_rate, "100mbit:up"},
		{networkflag_rate, "100mbit:"},
		{networkflag_publish, "80:80:80:80"},
		{networkflag_expose, "80:80"},
		{networkflag_add_host, "name"},
		{networkflag_add_host, ":10.0.0.1"},
		{networkflag_add_host, "name:there"},
		{networkflag_add_host, "na me:10.0.0.1"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		cr_expect(eq(int, give(rows[i].fn, rows[i].value), -1), "%s", rows[i].value);
		cr_expect(eq(int, strncmp(err.text, "--flag", 6), 0), "%s", err.text);
	}
}

Test(networkflag, ports, .init = begin)
{
	take(networkflag_publish, "8080:80");
	take(networkflag_publish, "8080:80/udp");
	cr_expect(eq(int, give(networkflag_publish, "127.0.0.1:8000-8099:8000-8099"), -1));
	cr_expect(strstr(err.text, "port 8080 of the host is given twice") != NULL, "%s", err.text);
}

Test(networkflag, publish_all, .init = begin)
{
	static const char *const image[] = {"80/tcp", "53/udp", "7000-7001/tcp", "80"};

	take(networkflag_publish, "8080:80");
	take(networkflag_expose, "9000");
	flags.publish_all = true;
	cr_assert(eq(int, networkflag_finish(&spec, &flags, image, COUNT(image), &err), 0), "%s",
		err.text);
	cr_expect(eq(sz, spec.network.exposed_count, 4));
	cr_expect(eq(sz, spec.network.port_count, 4));
}

Test(networkflag, what_an_image_exposes_is_told, .init = begin)
{
	static const char *const image[] = {"80/tcp", "nonsense"};

	cr_assert(eq(int, networkflag_finish(&spec, &flags, image, COUNT(image), &err), 0), "%s",
		err.text);
	cr_expect(eq(sz, spec.network.exposed_count, 1));
	cr_expect(eq(sz, spec.network.port_count, 0));
	cr_expect(eq(int, (int)network_mode(&spec), NETWORK_NONE));
	begin();
	flags.publish_all = true;
	cr_expect(eq(int, networkflag_finish(&spec, &flags, image, COUNT(image), &err), -1));
}

Test(networkflag, rates, .init = begin)
{
	take(networkflag_rate, "100mbit");
	take(networkflag_rate, "10mbit/64k:out");
	cr_expect(eq(u64, spec.network.in.bits, 100000000));
	cr_expect(eq(u64, spec.network.out.bits, 10000000));
	cr_expect(eq(u64, spec.network.out.burst, 65536));
}

Test(networkflag, interfaces_of_one_name, .init = begin)
{
	take(networkflag_net, "web:interface=eth1");
	take(networkflag_net, "back");
	expect_refusal("would both be eth1");
}

Test(networkflag, host_gateway, .init = begin)
{
	take(networkflag_add_host, "host.docker.internal:host-gateway");
	take(networkflag_add_host, "six=fd00::1");
	expect_refusal("has no way to the host");
	begin();
	take(networkflag_add_host, "host.docker.internal:host-gateway");
	take(networkflag_net, "nat");
	cr_expect(eq(int, finish(), 0));
}
