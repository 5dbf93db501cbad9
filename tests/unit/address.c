#include "base/address.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>
#include <sys/socket.h>

static struct address of(const char *s)
{
	struct address a = {0};

	cr_assert(eq(int, address_parse(s, &a), 0), "%s", s);
	return a;
}

static struct prefix prefix_of(const char *s)
{
	struct prefix p = {0};

	cr_assert(eq(int, prefix_parse(s, &p), 0), "%s", s);
	return p;
}

static void check_same(const char *in, const char *out)
{
	struct address a = of(in);
	char buf[ADDRESS_SIZE];

	cr_expect(eq(str, address_format(&a, buf), (char *)out));
}

Test(address, one_form)
{
	check_same("10.90.0.5", "10.90.0.5");
	check_same("255.255.255.255", "255.255.255.255");
	check_same("FD00:90:0:0::5", "fd00:90::5");
	check_same("::", "::");
	check_same("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6");
	check_same("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

Test(address, refused)
{
	static const char *const bad[] = {"", "10", "10.0.0", "10.0.0.0.0", "10.0.0.256",
		"010.0.0.1", "10.0.0.1 ", " 10.0.0.1", "10.0.0.-1", "0x0a.0.0.1", "fe80::1%eth0",
		":::", "1::2::3", "12345::", "[::1]", "::1/64", "host", "10.0.0.1:80", "g::"};
	struct address a = {.family = 99};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(eq(int, address_parse(bad[i], &a), -1), "%s", bad[i]);
	cr_expect(eq(int, a.family, 99), "written on success only");
}

static void check_offset(const char *from, uint64_t n, const char *to)
{
	struct address a = of(from), b = of(to), sum;

	cr_assert(address_offset(&a, n, &sum), "%s", from);
	cr_expect(address_is_equal(&sum, &b), "%s", to);
	cr_expect(eq(u64, address_distance(&a, &b), n));
	if (n)
		cr_expect(eq(u64, address_distance(&b, &a), 0));
}

Test(address, offset)
{
	struct address a, sum;

	check_offset("10.90.0.0", 0, "10.90.0.0");
	check_offset("10.90.0.255", 1, "10.90.1.0");
	check_offset("10.90.0.0", 65535, "10.90.255.255");
	check_offset("0.0.0.0", UINT32_MAX, "255.255.255.255");
	check_offset("fd00:90::ffff:ffff:ffff:ffff", 1, "fd00:90:0:1::");
	check_offset("fd00::", UINT64_MAX, "fd00::ffff:ffff:ffff:ffff");
	a = of("255.255.255.255");
	cr_expect(not(address_offset(&a, 1, &sum)));
	a = of("10.0.0.1");
	cr_expect(not(address_offset(&a, UINT64_C(1) << 32, &sum)));
	a = of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	cr_expect(not(address_offset(&a, 1, &sum)));
}

Test(address, far_apart)
{
	struct address a = of("fd00::"), b = of("fd01::");

	cr_expect(eq(u64, address_distance(&a, &b), UINT64_MAX));
}

Test(address, order)
{
	struct address a = of("9.0.0.1"), b = of("10.0.0.1"), c = of("::");

	cr_expect(lt(int, address_compare(&a, &b), 0));
	cr_expect(gt(int, address_compare(&b, &a), 0));
	cr_expect(lt(int, address_compare(&b, &c), 0));
	cr_expect(eq(int, address_compare(&c, &c), 0));
}

Test(address, kinds)
{
	static const struct {
		const char *text;
		enum address_kind kind;
	} rows[] = {
		{"10.0.0.1", ADDRESS_UNICAST},
		{"223.255.255.255", ADDRESS_UNICAST},
		{"0.1.2.3", ADDRESS_ANY},
		{"127.0.0.11", ADDRESS_LOOPBACK},
		{"169.254.1.1", ADDRESS_LINK_LOCAL},
		{"224.0.0.1", ADDRESS_MULTICAST},
		{"255.255.255.255", ADDRESS_MULTICAST},
		{"fd00::1", ADDRESS_UNICAST},
		{"::2", ADDRESS_UNICAST},
		{"::", ADDRESS_ANY},
		{"::1", ADDRESS_LOOPBACK},
		{"fe80::1", ADDRESS_LINK_LOCAL},
		{"febf::1", ADDRESS_LINK_LOCAL},
		{"fec0::1", ADDRESS_UNICAST},
		{"ff02::1", ADDRESS_MULTICAST},
		{"::ffff:10.0.0.1", ADDRESS_MAPPED},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct address a = of(rows[i].text);

		cr_expect(eq(int, address_kind(&a), rows[i].kind), "%s", rows[i].text);
	}
}

static void check_prefix(const char *in, const char *first, const char *last)
{
	struct prefix p = prefix_of(in);
	struct address a = prefix_first(&p), b = prefix_last(&p);
	char buf[PREFIX_SIZE];

	cr_expect(eq(str, prefix_format(&p, buf), (char *)in));
	cr_expect(eq(str, address_format(&a, buf), (char *)first));
	cr_expect(eq(str, address_format(&b, buf), (char *)last));
	cr_expect(prefix_contains(&p, &a));
	cr_expect(prefix_contains(&p, &b));
}

Test(prefix, ends)
{
	check_prefix("10.90.0.0/16", "10.90.0.0", "10.90.255.255");
	check_prefix("10.90.7.9/20", "10.90.0.0", "10.90.15.255");
	check_prefix("192.0.2.5/32", "192.0.2.5", "192.0.2.5");
	check_prefix("0.0.0.0/0", "0.0.0.0", "255.255.255.255");
	check_prefix("fd00:90::7/64", "fd00:90::", "fd00:90::ffff:ffff:ffff:ffff");
	check_prefix("2001:db8::1/128", "2001:db8::1", "2001:db8::1");
	check_prefix("2001:db8::/33", "2001:db8::", "2001:db8:7fff:ffff:ffff:ffff:ffff:ffff");
}

Test(prefix, refused)
{
	static const char *const bad[] = {"10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08",
		"10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "fd00::/129", "fd00::/00", "/8",
		"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/8", "10.0.0.0/255.0.0.0"};
	struct prefix p;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(eq(int, prefix_parse(bad[i], &p), -1), "%s", bad[i]);
}

Test(prefix, contains_and_overlaps)
{
	struct prefix net = prefix_of("10.90.0.0/16"), part = prefix_of("10.90.4.1/24"),
		      other = prefix_of("10.91.0.0/16"), v6 = prefix_of("::/0");
	struct address in = of("10.90.255.255"), out = of("10.91.0.0"), far = of("fd00::1");

	cr_expect(prefix_contains(&net, &in));
	cr_expect(not(prefix_contains(&net, &out)));
	cr_expect(not(prefix_contains(&net, &far)));
	cr_expect(prefix_overlaps(&net, &part));
	cr_expect(prefix_overlaps(&part, &net));
	cr_expect(not(prefix_overlaps(&net, &other)));
	cr_expect(not(prefix_overlaps(&net, &v6)));
}

Test(mac, both_ways)
{
	static const char *const bad[] = {"", "02:00:00:00:00", "02:00:00:00:00:0",
		"02:00:00:00:00:00:", "2:0:0:0:0:0", "0g:00:00:00:00:00", "02.00.00.00.00.00",
		"020000000000"};
	char buf[MAC_SIZE];
	struct mac m;

	cr_assert(eq(int, mac_parse("02:4F-aa:bb:CC:0d", &m), 0));
	cr_expect(eq(str, mac_format(&m, buf), "02:4f:aa:bb:cc:0d"));
	cr_expect(mac_is_usable(&m));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_expect(eq(int, mac_parse(bad[i], &m), -1), "%s", bad[i]);
	mac_parse("00:00:00:00:00:00", &m);
	cr_expect(not(mac_is_usable(&m)));
	mac_parse("01:00:5e:00:00:01", &m);
	cr_expect(not(mac_is_usable(&m)));
}
