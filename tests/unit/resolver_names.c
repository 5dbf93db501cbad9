#include "resolver/names.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[64];
static struct names names;

static void link_to(const char *target, const char *name)
{
	cr_assert_eq(symlink(target, name), 0);
}

static void setup(void)
{
	strcpy(top, "/tmp/names.XXXXXX");
	cr_assert(mkdtemp(top));
	cr_assert_eq(chdir(top), 0);
	mkdir("one", 0755);
	mkdir("two", 0755);
	link_to("10.90.0.5 fd00:90::5 web/1", "one/web");
	link_to("10.90.0.9 web2/2", "one/web~1");
	link_to("10.91.0.5 web/1", "two/web");
	link_to("10.91.0.6 db/3", "two/db");
	link_to("10.91.0.7 dotted/3", "two/my.db");
	link_to("web web/1", "one/@10.90.0.5");
	link_to("web web/1", "one/@fd00:90::5");
	link_to("/etc/passwd", "one/evil");
	link_to("10.66.0.1 web/1", "evil");
	names = (struct names){.network = {{"first", open("one", O_PATH | O_DIRECTORY)},
				       {"second", open("two", O_PATH | O_DIRECTORY)}},
		.network_count = 2,
		.subnet_count = 1};
	prefix_parse("10.90.0.0/16", &names.subnet[0]);
}

static void teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", top);
	cr_assert_eq(chdir("/"), 0);
	cr_assert_eq(system(command), 0);
}

TestSuite(names, .init = setup, .fini = teardown);

static const char *found(const char *host, size_t at)
{
	static char text[ADDRESS_SIZE];
	struct addresses a;

	if (!names_find(&names, host, &a) || at >= a.count)
		return "";
	return address_format(&a.of[at], text);
}

Test(names, first_network_that_has_it)
{
	cr_assert_str_eq(found("web", 0), "10.90.0.5");
	cr_assert_str_eq(found("web", 1), "fd00:90::5");
	cr_assert_str_eq(found("web", 2), "10.90.0.9");
	cr_assert_str_eq(found("web", 3), "");
	cr_assert_str_eq(found("web.second", 0), "10.91.0.5");
	cr_assert_str_eq(found("web.first", 0), "10.90.0.5");
	cr_assert_str_eq(found("db", 0), "10.91.0.6");
	cr_assert_str_eq(found("my.db", 0), "10.91.0.7");
	cr_assert_str_eq(found("my.db.second", 0), "10.91.0.7");
}

Test(names, nothing_else)
{
	static const char *const absent[] = {"nas", "first", ".first", "db.first", "evil",
		"../evil", "..", ".", "", "@10.90.0.5", "web~1", "one/web", "web.", "web.third"};

	for (size_t i = 0; i < sizeof(absent) / sizeof(*absent); i++)
		cr_assert_str_eq(found(absent[i], 0), "", "%s", absent[i]);
}

static int ask(const char *host, uint16_t type, uint8_t ret[DNS_ROOM_MOST], size_t *ret_len)
{
	struct question q = {.id = 0, .type = type, .class = DNS_IN, .room = DNS_ROOM_LEAST};
	uint8_t *p = q.name;

	for (const char *label = host; *label;) {
		size_t len = strcspn(label, ".");

		*p++ = (uint8_t)len;
		memcpy(p, label, len);
		p += len;
		label += len + (label[len] == '.');
	}
	*p++ = 0;
	q.name_len = (uint8_t)(p - q.name);
	return names_answer(&names, &q, ret, DNS_ROOM_MOST, ret_len) ? ret[3] & 0xf : -1;
}

Test(names, what_is_answered_here)
{
	uint8_t b[DNS_ROOM_MOST];
	size_t len;

	cr_assert_eq(ask("web", DNS_A, b, &len), DNS_NOERROR);
	cr_assert_eq(b[7], 2);
	cr_assert_eq(ask("web", DNS_AAAA, b, &len), DNS_NOERROR);
	cr_assert_eq(b[7], 1);
	cr_assert_eq(ask("web", DNS_ANY, b, &len), DNS_NOERROR);
	cr_assert_eq(b[7], 3);
	cr_assert_eq(ask("db", DNS_AAAA, b, &len), DNS_NOERROR);
	cr_assert_eq(b[7], 0);
	cr_assert_eq(ask("web", 15, b, &len), DNS_NOERROR);
	cr_assert_eq(b[7], 0);
	cr_assert_eq(ask("localhost", DNS_AAAA, b, &len), DNS_NOERROR);
	cr_assert_eq(b[7], 1);
	cr_assert_eq(ask("a.localhost", DNS_A, b, &len), DNS_NOERROR);
	cr_assert_eq(b[7], 1);
	cr_assert_eq(ask("5.0.90.10.in-addr.arpa", DNS_PTR, b, &len), DNS_NOERROR);
	cr_assert_eq(b[7], 1);
	cr_assert_eq(ask("5.0.90.10.in-addr.arpa", DNS_A, b, &len), DNS_NOERROR);
	cr_assert_eq(b[7], 0);
}

Test(names, what_no_server_is_asked_about)
{
	uint8_t b[DNS_ROOM_MOST];
	size_t len;

	cr_assert_eq(ask("gone", DNS_A, b, &len), DNS_NXDOMAIN);
	cr_assert_eq(ask("gone", DNS_AAAA, b, &len), DNS_NXDOMAIN);
	cr_assert_eq(ask("6.0.90.10.in-addr.arpa", DNS_PTR, b, &len), DNS_NXDOMAIN);
}

Test(names, what_a_server_is_asked_about)
{
	uint8_t b[DNS_ROOM_MOST];
	size_t len;

	cr_assert_eq(ask("example.com", DNS_A, b, &len), -1);
	cr_assert_eq(ask("com", 2, b, &len), -1);
	cr_assert_eq(ask("mylocalhost.x", DNS_A, b, &len), -1);
	cr_assert_eq(ask("1.1.168.192.in-addr.arpa", DNS_PTR, b, &len), -1);
	cr_assert_eq(ask("", 2, b, &len), -1);
}
