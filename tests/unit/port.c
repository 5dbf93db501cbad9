#include "spec/port.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <netinet/in.h>
#include <string.h>

static struct network_port of(const char *s)
{
	struct network_port p = {0};
	struct err err = {0};

	cr_assert(eq(int, network_port_parse("--publish", s, &p, &err), 0), "%s: %s", s, err.text);
	return p;
}

Test(port, every_form_in_one)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"80", "80/tcp"},
		{"80/udp", "80/udp"},
		{"80/SCTP", "80/sctp"},
		{"8080:80", "8080:80/tcp"},
		{":80", "80/tcp"},
		{"0:80", "80/tcp"},
		{"8000-8010:80-90", "8000-8010:80-90/tcp"},
		{"8000-8010:80/udp", "8000-8010:80/udp"},
		{"80-90", "80-90/tcp"},
		{"80-80", "80/tcp"},
		{"127.0.0.1:8080:80", "127.0.0.1:8080:80/tcp"},
		{"127.0.0.1::80", "127.0.0.1::80/tcp"},
		{"0.0.0.0:53:53/udp", "0.0.0.0:53:53/udp"},
		{"[2001:db8::2]:8080:80", "[2001:db8::2]:8080:80/tcp"},
		{"[2001:DB8::1]::80/udp", "[2001:db8::1]::80/udp"},
		{"[::]:1-65535:1-65535", "[::]:1-65535:1-65535/tcp"},
		{"[2001:db8:1111:1111:1111:1111:1111:1111]:60000-60010:60000-60010/sctp",
			"[2001:db8:1111:1111:1111:1111:1111:1111]:60000-60010:60000-60010/sctp"},
	};
	char text[NETWORK_PORT_SIZE], again[NETWORK_PORT_SIZE];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct network_port p = of(rows[i].in);

		cr_expect(eq(str, network_port_format(&p, text), (char *)rows[i].out));
		p = of(text);
		cr_expect(eq(str, network_port_format(&p, again), text));
	}
}

Test(port, values)
{
	struct network_port p = of("127.0.0.1:8000-8010:80-90/udp");

	cr_expect(eq(int, p.host.family, AF_INET));
	cr_expect(eq(int, p.host_port, 8000));
	cr_expect(eq(int, p.host_count, 11));
	cr_expect(eq(int, p.port, 80));
	cr_expect(eq(int, p.count, 11));
	cr_expect(eq(int, p.proto, IPPROTO_UDP));
	p = of("80-90");
	cr_expect(eq(int, p.host.family, 0));
	cr_expect(eq(int, p.host_port, 0));
	cr_expect(eq(int, p.host_count, 11));
	p = of("8000-8003:80");
	cr_expect(eq(int, p.host_count, 4));
	cr_expect(eq(int, p.count, 1));
}

Test(port, refused)
{
	static const char *const bad[] = {"", "http", "0", "65536", "80:0", "80:65536", "-1", "+80",
		" 80", "80 ", "80/icmp", "80/", "/tcp", "80:", "90-80", "80-", "-80",
		"8000-8010:80-89", "80:90-99", "::80:80", "::1:8080:80", "[::1:8080:80", "[]:80:80",
		"[::1]:8080:80", "[127.0.0.1]x:80:80", "1.2.3:80:80", "1.2.3.4.5:80:80",
		"224.0.0.1:80:80", "[ff02::1]:80:80", "[::ffff:10.0.0.1]:80:80",
		"example.org:80:80", "1:2:3:4", "80:80:80:tcp", "8080:80/tcp/udp",
		"99999999999999999999:80", "0x50:80",
		"[2001:db8:1111:1111:1111:1111:1111:1111]:600000000000000000000000000000000000000000:"
		"60000"};
	struct network_port p = {.port = 7};
	struct err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_expect(eq(int, network_port_parse("--publish", bad[i], &p, &err), -1), "%s",
			bad[i]);
		cr_expect(ne(str, err.hint, ""), "%s", bad[i]);
	}
	cr_expect(eq(int, p.port, 7), "written on success only");
}

Test(port, exposed)
{
	static const char *const bad[] = {"8080:80", "", "80/icmp", "[::1]"};
	struct network_port p;
	struct err err;

	cr_expect(eq(int, network_expose_parse("EXPOSE", "53/udp", &p, &err), 0));
	cr_expect(eq(int, network_expose_parse("EXPOSE", "7000-7010", &p, &err), 0));
	cr_expect(eq(int, p.count, 11));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(eq(int, network_expose_parse("EXPOSE", bad[i], &p, &err), -1), "%s",
			bad[i]);
}

static void check_collision(const char *one, const char *other, int want)
{
	struct network_port p = of(one), q = of(other);
	uint16_t port = 0;

	cr_expect(eq(int, network_ports_collide(&p, &q, &port), want != 0), "%s %s", one, other);
	cr_expect(eq(int, network_ports_collide(&q, &p, &port), want != 0), "%s %s", one, other);
	if (want)
		cr_expect(eq(int, port, want));
}

Test(port, collisions)
{
	check_collision("80:80", "80:81", 80);
	check_collision("80:80", "81:80", 0);
	check_collision("80:80/tcp", "80:80/udp", 0);
	check_collision("80-90:80-90", "90-99:80-89", 90);
	check_collision("80-90:80-90", "85:85", 85);
	check_collision("127.0.0.1:80:80", "80:80", 80);
	check_collision("127.0.0.1:80:80", "0.0.0.0:80:80", 80);
	check_collision("127.0.0.1:80:80", "127.0.0.2:80:80", 0);
	check_collision("0.0.0.0:80:80", "[::]:80:80", 0);
	check_collision("127.0.0.1:80:80", "[2001:db8::1]:80:80", 0);
	check_collision("80", "80", 0);
	check_collision("8000-8010:80", "8000-8010:81", 0);
}

Test(port, of_the_container)
{
	struct network_port p = of("8000-8010:80-90");

	cr_expect(network_port_has(&p, IPPROTO_TCP, 80));
	cr_expect(network_port_has(&p, IPPROTO_TCP, 90));
	cr_expect(not(network_port_has(&p, IPPROTO_TCP, 91)));
	cr_expect(not(network_port_has(&p, IPPROTO_TCP, 79)));
	cr_expect(not(network_port_has(&p, IPPROTO_UDP, 80)));
}
