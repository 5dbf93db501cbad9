#include "resolver/config.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>

static struct config c;
static char text[4096];

static int parse(const char *lines)
{
	strcpy(text, lines);
	return config_parse(text, &c);
}

Test(config, all_of_it)
{
	char address[ADDRESS_SIZE];

	cr_assert_eq(parse("ids 100000 100001\nnetwork nat\nnetwork b\n"
			   "subnet 10.90.0.0/16\nsubnet fd00:90::/64\nserver 9.9.9.9\n"
			   "server fe80::1%eth0\nresolv /etc/resolv.conf\n"),
		0);
	cr_assert(c.uid == 100000 && c.gid == 100001);
	cr_assert_eq(c.names.network_count, 2);
	cr_assert_str_eq(c.names.network[1].name, "b");
	cr_assert_eq(c.names.subnet_count, 2);
	cr_assert_eq(c.servers.count, 2);
	cr_assert_str_eq(address_format(&c.servers.of[0].address, address), "9.9.9.9");
	cr_assert_str_eq(c.servers.of[1].zone, "eth0");
	cr_assert_str_eq(c.resolv, "/etc/resolv.conf");
	cr_assert_eq(parse("ids 1 2"), 0);
	cr_assert_eq(parse("ids 1 2\n"), 0);
}

Test(config, refused_whole)
{
	static const char *const bad[] = {"", "ids 1\n", "ids 1 -2\n", "ids 1 2 3\n", "ids a b\n",
		"ids 1 2\n\n", "ids 1 2\nnetwork\n", "ids 1 2\nnetwork a b\n",
		"ids 1 2\nnetwork ../a\n", "ids 1 2\nsubnet 10.0.0.0\n",
		"ids 1 2\nsubnet 10.0.0.0/33\n", "ids 1 2\nserver x\n",
		"ids 1 2\nserver 10.0.0.1%eth0\n", "ids 1 2\nserver ::1%\n",
		"ids 1 2\nserver fe80::1%a-name-that-is-too-long\n", "ids 1 2\nresolv\n",
		"ids 1 2\nresolv /a\nresolv /b\n", "ids 1 2\nother x\n", "network a\n"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_eq(parse(bad[i]), -1, "%s", bad[i]);
}

Test(config, more_than_there_is_room_for)
{
	strcpy(text, "ids 1 2\n");
	for (int i = 0; i < NETWORKS_MAX; i++)
		strcat(text, "network a\n");
	for (int i = 0; i < SUBNETS_MAX; i++)
		strcat(text, "subnet 10.0.0.0/8\n");
	strcat(text, "server 1.1.1.1\nserver 1.1.1.2\nserver 1.1.1.3\nserver 1.1.1.4\n");
	cr_assert_eq(config_parse(strdup(text), &c), 0);
	cr_assert_eq(c.servers.count, SERVERS_MAX);
	cr_assert_eq(config_parse(strcat(strdup(text), ""), &c), 0);
	strcat(text, "subnet 10.0.0.0/8\n");
	cr_assert_eq(config_parse(text, &c), -1);
}

/* As many kinds of lines as there are programs that write the file. */
Test(config, resolv_conf)
{
	struct servers s;
	char address[ADDRESS_SIZE];

	strcpy(text, "# by hand\n; this too\nsearch lan\n  nameserver\t192.168.1.1   # router\n"
		     "nameserver nonsense\nnameserver\nnameserver fe80::1%wlan0\r\n"
		     "options edns0\nnameservers 1.1.1.1\nnameserver 127.0.0.53");
	resolv_parse(text, &s);
	cr_assert_eq(s.count, 3);
	cr_assert_str_eq(address_format(&s.of[0].address, address), "192.168.1.1");
	cr_assert_str_eq(s.of[1].zone, "wlan0");
	cr_assert_str_eq(address_format(&s.of[2].address, address), "127.0.0.53");
	text[0] = '\0';
	resolv_parse(text, &s);
	cr_assert_eq(s.count, 0);
}
