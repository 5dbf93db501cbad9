#include "net/planelements.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Each part of a key begins at a multiple of four bytes. */
static void put(unsigned char *to, unsigned char *length, const void *part, size_t len)
{
	memcpy(to + *length, part, len);
	*length = (unsigned char)(*length + (len + 3) / 4 * 4);
}

static void put_key(struct element *e, const void *part, size_t len)
{
	put(e->key, &e->key_length, part, len);
}

static void put_port(unsigned char *to, unsigned char *length, unsigned port)
{
	const unsigned char bytes[2] = {(unsigned char)(port >> 8), (unsigned char)port};

	put(to, length, bytes, sizeof(bytes));
}

static struct element named(const char *set, int family)
{
	struct element e = {.set = ""};

	snprintf(e.set, sizeof(e.set), "%s%s", set, family == AF_INET ? "4" : "6");
	return e;
}

static void put_device(struct element *e, const char *device)
{
	char name[IFNAMSIZ] = "";

	snprintf(name, sizeof(name), "%s", device);
	put_key(e, name, sizeof(name));
}

/* Those whose packets go through the host's own stack. */
static bool is_ours(const struct plan_attachment *a)
{
	return a->driver == DRIVER_NAT || a->driver == DRIVER_ROUTED || a->driver == DRIVER_BRIDGE;
}

static void add_addresses(struct network_plan *plan, struct element_list *l, const char *set,
	int family)
{
	for (size_t i = 0; i < plan->attachment_count; i++) {
		const struct plan_attachment *a = &plan->attachments[i];

		for (size_t k = 0; is_ours(a) && k < a->address_count; k++) {
			const struct address *at = &a->addresses[k].address;
			struct element e = named(set, family);

			if (at->family != family ||
				(strcmp(set, "open") == 0 && a->driver != DRIVER_ROUTED))
				continue;
			if (strcmp(set, "own") == 0)
				put_device(&e, a->device);
			put_key(&e, at->bytes, address_length(at));
			arena_push(&plan->arena, l->items, l->count, e);
		}
	}
}

static bool is_any(const struct address *a)
{
	return address_kind(a) == ADDRESS_ANY;
}

static void add_ports(struct network_plan *plan, struct element_list *l, bool everywhere,
	int family)
{
	const struct address *to = network_plan_address(plan, family);

	for (size_t i = 0; to && i < plan->port_count; i++) {
		const struct network_port *p = &plan->ports[i];

		if (p->host.family != family || is_any(&p->host) != everywhere)
			continue;
		for (unsigned k = 0; k < p->count; k++) {
			struct element e = named(everywhere ? "pub" : "at", family);

			if (!everywhere)
				put_key(&e, p->host.bytes, address_length(&p->host));
			put_key(&e, &p->proto, 1);
			put_port(e.key, &e.key_length, p->host_port + k);
			put(e.data, &e.data_length, to->bytes, address_length(to));
			put_port(e.data, &e.data_length, p->port + k);
			arena_push(&plan->arena, l->items, l->count, e);
		}
	}
}

void plan_elements(struct network_plan *plan, struct element_list *ret)
{
	static const char *const sets[] = {"own", "in", "open"};
	static const int families[] = {AF_INET, AF_INET6};
	struct element_list l = {NULL};

	for (size_t s = 0; s < 3; s++)
		for (size_t f = 0; f < 2; f++)
			add_addresses(plan, &l, sets[s], families[f]);
	for (size_t f = 0; f < 2; f++) {
		add_ports(plan, &l, true, families[f]);
		add_ports(plan, &l, false, families[f]);
	}
	*ret = l;
}

void plan_owner(const struct network_plan *plan, char ret[OWNER_SIZE])
{
	snprintf(ret, OWNER_SIZE, "%03x %.64s", plan->slot, plan->id);
}

/* An interval of a set whose keys have one part is two elements; what ends at the last address has no second. */
static size_t put_interval(const char *set, const struct prefix *p, struct element *ret)
{
	const struct address first = prefix_first(p), last = prefix_last(p);
	struct address next;

	ret[0] = named(set, p->address.family);
	put_key(&ret[0], first.bytes, address_length(&first));
	if (!address_offset(&last, 1, &next))
		return 1;
	ret[1] = named(set, p->address.family);
	ret[1].is_end = true;
	put_key(&ret[1], next.bytes, address_length(&next));
	return 2;
}

static void put_same(const struct prefix *p, struct element *ret)
{
	const struct address first = prefix_first(p), last = prefix_last(p);
	unsigned char end = 0;

	*ret = named("same", p->address.family);
	ret->has_end = true;
	for (int i = 0; i < 2; i++) {
		put_key(ret, first.bytes, address_length(&first));
		put(ret->key_end, &end, last.bytes, address_length(&last));
	}
}

size_t network_elements(const struct plan_attachment *a, const struct prefix *address,
	struct element ret[NETWORK_ELEMENTS_MAX])
{
	size_t n = 0;

	if (!is_ours(a))
		return 0;
	put_same(address, &ret[n++]);
	if (a->internal)
		n += put_interval("internal", address, ret + n);
	else if (a->driver != DRIVER_ROUTED)
		n += put_interval("pool", address, ret + n);
	return n;
}
