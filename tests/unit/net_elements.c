#include "net/planelements.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static struct network_plan plan;

static struct prefix prefix(const char *text)
{
	struct prefix p;

	cr_assert_eq(prefix_parse(text, &p), 0);
	return p;
}

static struct network_port port(const char *text)
{
	struct network_port p;
	struct err err = {0};

	cr_assert_eq(network_port_parse("-p", text, &p, &err), 0, "%s", err.text);
	return p;
}

static struct plan_attachment *attach(enum network_driver driver, const char *address)
{
	struct plan_attachment a = {.network = "nat", .driver = driver, .device = "ctr01f"};

	arena_push(&plan.arena, a.addresses, a.address_count, prefix(address));
	arena_push(&plan.arena, plan.attachments, plan.attachment_count, a);
	return &plan.attachments[plan.attachment_count - 1];
}

static void publish(const char *text)
{
	arena_push(&plan.arena, plan.ports, plan.port_count, port(text));
}

/* "SET KEY[ DATA]", in hexadecimal digits. */
static char *show(const struct element *e)
{
	static char text[256];
	size_t n = (size_t)snprintf(text, sizeof(text), "%s ", e->set);

	for (int i = 0; i < e->key_length; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%02x", e->key[i]);
	for (int i = 0; i < e->data_length; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%02x", i ? "" : " ",
			e->data[i]);
	return text;
}

static void end(void)
{
	network_plan_free(&plan);
	plan = (struct network_plan){0};
}

TestSuite(net_elements, .fini = end);

static void expect(const char *const *texts)
{
	struct element_list l;
	size_t i = 0;

	plan_elements(&plan, &l);
	for (; texts[i]; i++) {
		cr_assert_lt(i, l.count);
		cr_assert_str_eq(show(&l.items[i]), texts[i]);
	}
	cr_assert_eq(l.count, i);
}

/* Each part of a key begins at a multiple of four bytes: what nft(8) writes for `"ctr01f" . 10.90.0.33`. */
Test(net_elements, an_address_is_owned_and_counted)
{
	attach(DRIVER_NAT, "10.90.0.33/16");
	expect((const char *[]){"own4 63747230316600000000000000000000"
				"0a5a0021",
		"in4 0a5a0021", NULL});
}

Test(net_elements, routed_addresses_are_open)
{
	attach(DRIVER_ROUTED, "fd00::7/128");
	expect((const char *[]){"own6 63747230316600000000000000000000"
				"fd000000000000000000000000000007",
		"in6 fd000000000000000000000000000007", "open6 fd000000000000000000000000000007",
		NULL});
}

Test(net_elements, a_range_of_ports_is_single_ports)
{
	attach(DRIVER_NAT, "10.90.0.33/16");
	publish("0.0.0.0:8080-8081:80-81/tcp");
	publish("127.0.0.1:53:5353/udp");
	expect((const char *[]){"own4 63747230316600000000000000000000"
				"0a5a0021",
		"in4 0a5a0021", "pub4 060000001f900000 0a5a002100500000",
		"pub4 060000001f910000 0a5a002100510000",
		"at4 7f0000011100000000350000 0a5a002114e90000", NULL});
}

Test(net_elements, a_macvlan_is_not_behind_the_host)
{
	attach(DRIVER_MACVLAN, "192.168.7.9/24");
	expect((const char *[]){NULL});
}

Test(net_elements, the_owner_is_slot_and_id)
{
	char owner[OWNER_SIZE];

	plan.slot = 0x1f;
	plan.id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	plan_owner(&plan, owner);
	cr_assert_str_eq(owner,
		"01f 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
}

Test(net_elements, a_network_is_an_interval)
{
	struct element e[NETWORK_ELEMENTS_MAX];
	struct prefix p = prefix("10.90.0.33/16");
	const struct plan_attachment *a = attach(DRIVER_NAT, "10.90.0.33/16");

	cr_assert_eq(network_elements(a, &p, e), 3);
	cr_assert_str_eq(show(&e[0]), "same4 0a5a00000a5a0000");
	cr_assert(e[0].has_end);
	cr_assert_eq(memcmp(e[0].key_end, "\x0a\x5a\xff\xff\x0a\x5a\xff\xff", 8), 0);
	cr_assert_str_eq(show(&e[1]), "pool4 0a5a0000");
	cr_assert_str_eq(show(&e[2]), "pool4 0a5b0000");
	cr_assert(e[2].is_end);
}

Test(net_elements, an_internal_network_is_no_pool)
{
	struct element e[NETWORK_ELEMENTS_MAX];
	struct prefix p = prefix("255.255.0.0/16");
	struct plan_attachment *a = attach(DRIVER_NAT, "255.255.0.1/16");

	a->internal = true;
	cr_assert_eq(network_elements(a, &p, e), 2);
	cr_assert_str_eq(e[1].set, "internal4");
}
