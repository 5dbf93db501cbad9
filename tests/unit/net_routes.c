#include "net/routes.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static const char text4[] =
	"Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
	"eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
	"eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
	"tun0\t0000000A\t0100000A\t0003\t0\t0\t50\t000000FF\t0\t0\t0\n"
	"*\t0000A8C0\t00000000\t0200\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
	"what else may come\n";
static const char text6[] =
	"fd000000000000000000000000000000 40 00000000000000000000000000000000 00 "
	"00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
	"00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
	"fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth0\n"
	"20010db8000000000000000000000000 20 00000000000000000000000000000000 00 "
	"fd000000000000000000000000000001 00000400 00000003 00000000 00000003     eth0\n"
	"00000000000000000000000000000001 80 00000000000000000000000000000000 00 "
	"00000000000000000000000000000000 00000000 00000002 00000000 80200001       lo\n"
	"zz 40\n";

static void check(const struct host_route *r, const char *to, const char *device, int connected)
{
	char text[PREFIX_SIZE];

	cr_expect(eq(str, prefix_format(&r->to, text), (char *)to));
	cr_expect(eq(str, (char *)r->device, (char *)device));
	cr_expect(eq(int, r->connected, connected));
}

Test(routes, of_both_families)
{
	struct host_routes routes = {0};

	host_routes_parse4(&routes, text4);
	cr_assert(eq(sz, routes.count, 2));
	check(&routes.items[0], "192.0.2.0/24", "eth0", 1);
	check(&routes.items[1], "10.0.0.0/8", "tun0", 0);
	host_routes_parse6(&routes, text6);
	cr_assert(eq(sz, routes.count, 4));
	check(&routes.items[2], "fd00::/64", "eth0", 1);
	check(&routes.items[3], "2001:db8::/32", "eth0", 0);
	host_routes_free(&routes);
}

Test(routes, nothing)
{
	struct host_routes routes = {0};

	host_routes_parse4(&routes, "");
	host_routes_parse6(&routes, "");
	cr_expect(eq(sz, routes.count, 0));
}

Test(routes, of_this_host)
{
	struct host_routes routes;
	struct err err = {0};

	cr_expect(eq(int, host_routes_read(&routes, &err), 0), "%s", err.text);
	host_routes_free(&routes);
}
