#include "base/namelink.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>

Test(namelink, hosts)
{
	static const char *const good[][2] = {{"web", "web"}, {"Web-2.DB_x", "web-2.db_x"},
		{"a", "a"}, {"1a", "1a"}, {"-", "-"}, {"xn--bcher-kva", "xn--bcher-kva"}};
	static const char *const bad[] = {"", ".", "..", ".a", "a.", "a..b", "a/b", "../x", "a b",
		"a~1", "@10.0.0.1", "10.90.0.5", "a\n", "b\xc3\xbc", "a*", "a%b", "a\\b"};
	char host[NAMELINK_HOST_SIZE], longest[300];

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		cr_assert(namelink_host(good[i][0], host), "%s", good[i][0]);
		cr_assert_str_eq(host, good[i][1]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_not(namelink_host(bad[i], host), "%s", bad[i]);
	memset(longest, 'a', sizeof(longest));
	longest[63] = '\0';
	cr_assert(namelink_host(longest, host));
	longest[63] = 'a';
	longest[64] = '\0';
	cr_assert_not(namelink_host(longest, host));
	longest[64] = 'a';
	for (int i = 50; i < 250; i += 50)
		longest[i] = '.';
	longest[250] = '\0';
	cr_assert(namelink_host(longest, host));
	longest[250] = 'a';
	longest[251] = '\0';
	cr_assert_not(namelink_host(longest, host));
}

Test(namelink, files)
{
	char file[NAMELINK_FILE_SIZE];
	struct address a;

	namelink_file("web", 0, file);
	cr_assert_str_eq(file, "web");
	namelink_file("web", 7, file);
	cr_assert_str_eq(file, "web~7");
	namelink_file("web", 15, file);
	cr_assert_str_eq(file, "web~15");
	cr_assert_eq(address_parse("fd00:90:0::5", &a), 0);
	namelink_address_file(&a, file);
	cr_assert_str_eq(file, "@fd00:90::5");
}

Test(namelink, there_and_back)
{
	char text[NAMELINK_TEXT_SIZE], host[NAMELINK_HOST_SIZE];
	struct addresses a = {.count = 2}, again;

	address_parse("10.90.0.5", &a.of[0]);
	address_parse("fd00:90::5", &a.of[1]);
	cr_assert(namelink_format(&a, "web/0123", text));
	cr_assert_str_eq(text, "10.90.0.5 fd00:90::5 web/0123");
	cr_assert_str_eq(namelink_owner(text), "web/0123");
	cr_assert_eq(namelink_parse(text, &again), 0);
	cr_assert_eq(again.count, 2);
	cr_assert(address_is_equal(&again.of[1], &a.of[1]));
	cr_assert(namelink_address_format("web", "web/0123", text));
	cr_assert_str_eq(text, "web web/0123");
	cr_assert_eq(namelink_address_parse(text, host), 0);
	cr_assert_str_eq(host, "web");
}

Test(namelink, everything_else_is_refused)
{
	static const char *const bad[] = {"", " ", "10.90.0.5", "10.90.0.5 ", "10.90.0.5 web",
		"10.90.0.5  web/1", " 10.90.0.5 web/1", "10.90.0.5 web/1 ", "10.90.0.5 web/",
		"10.90.0.5 /1", "10.90.0 web/1", "10.90.0.5,10.90.0.6 web/1", "x web/1",
		"10.90.0.5 web/1 10.90.0.6", "10.90.0.5 web/1/2", "../../etc/passwd",
		"10.90.0.5 ../../etc/passwd", "fe80::1%eth0 web/1"};
	static const char *const bad_hosts[] = {"web", "web/1", "web  web/1", "a b web/1",
		"we/b web/1", ". web/1", "10.0.0.1 web/1"};
	char many[NAMELINK_TEXT_SIZE] = "", host[NAMELINK_HOST_SIZE];
	struct addresses a;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_eq(namelink_parse(bad[i], &a), -1, "%s", bad[i]);
	for (size_t i = 0; i < sizeof(bad_hosts) / sizeof(*bad_hosts); i++)
		cr_assert_eq(namelink_address_parse(bad_hosts[i], host), -1, "%s", bad_hosts[i]);
	for (int i = 0; i < NAMELINK_ADDRESSES; i++)
		strcat(many, "10.0.0.1 ");
	strcpy(many + strlen(many), "w/1");
	cr_assert_eq(namelink_parse(many, &a), 0);
	memmove(many + 9, many, strlen(many) + 1);
	cr_assert_eq(namelink_parse(many, &a), -1);
}
