#include "net/plan.h"

#include "base/json.h"
#include "base/jsontext.h"
#include "spec/field.h"

#include <ctype.h>
#include <string.h>
#include <sys/socket.h>

#define DOCUMENT "network.json"
enum { SHORT_ID = 12 };
/* The first byte of a MAC address: given by us, not by a maker. */
enum { MAC_INSIDE = 0x02, MAC_HOST = 0x06 };

static unsigned hex_value(char c)
{
	return (unsigned)(c >= 'a' ? c - 'a' + 10 : c - '0');
}

/* Of the id, so that it is the same at each start and another one than anybody else's. */
static struct mac make_mac(const char *id, unsigned char first, size_t attachment)
{
	struct mac m = {{first}};

	for (size_t i = 1; i < sizeof(m.bytes) && strlen(id) >= 2 * i; i++)
		m.bytes[i] = (unsigned char)(hex_value(id[2 * i - 2]) << 4 |
					     hex_value(id[2 * i - 1]));
	m.bytes[5] ^= (unsigned char)attachment;
	return m;
}

static bool names_have(const struct plan_attachment *a, const char *name)
{
	for (size_t i = 0; i < a->name_count; i++)
		if (strcmp(a->names[i], name) == 0)
			return true;
	return false;
}

static void add_name(struct arena *arena, struct plan_attachment *a, const char *name)
{
	char *lower = arena_strdup(arena, name);

	for (char *c = lower; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (*lower && !names_have(a, lower))
		arena_push(arena, a->names, a->name_count, lower);
}

static void take_names(struct arena *arena, struct plan_attachment *a, const struct spec *spec,
	const struct network_attachment *of)
{
	add_name(arena, a, spec->name);
	if (spec->hostname)
		add_name(arena, a, spec->hostname);
	add_name(arena, a, arena_strndup(arena, spec->id, SHORT_ID));
	for (size_t i = 0; i < of->alias_count; i++)
		add_name(arena, a, of->aliases[i]);
}

static int outside(const struct network *net, const char *text, const struct subnet *s,
	struct err *err)
{
	char prefix[PREFIX_SIZE];

	if (!s->prefix.address.family)
		err_set(err, "%s: the network %s has no addresses of this family", text, net->name);
	else
		err_set(err, "%s: is not in the network %s, %s", text, net->name,
			prefix_format(&s->prefix, prefix));
	return err_hint(err, "ctr network create --subnet makes a network of other addresses");
}

/* An address that was asked for. */
static int check_address(const struct network *net, const struct address *a, struct err *err)
{
	const struct subnet *s = network_subnet(net, a->family);
	const struct address first = prefix_first(&s->prefix), last = prefix_last(&s->prefix);
	char text[ADDRESS_SIZE];

	address_format(a, text);
	if (s->gateway.family && address_is_equal(a, &s->gateway))
		return err_set(err, "%s: is the gateway of the network %s", text, net->name);
	/* Routed addresses stand alone: each is one that the outside sends here. */
	if (net->driver == DRIVER_ROUTED &&
		(!s->prefix.address.family || prefix_contains(&s->prefix, a)))
		return 0;
	if (!s->prefix.address.family || !prefix_contains(&s->prefix, a))
		return outside(net, text, s, err);
	if (address_is_equal(a, &first) || (a->family == AF_INET && address_is_equal(a, &last)))
		return err_set(err, "%s: no interface of the network %s can have it", text,
			net->name);
	return 0;
}

static struct prefix with_length(const struct network *net, const struct address *a)
{
	const struct subnet *s = network_subnet(net, a->family);
	unsigned whole = (unsigned)(8 * address_length(a));

	return (struct prefix){*a, net->driver == DRIVER_ROUTED ? whole : s->prefix.length};
}

static const struct address *first_of(const struct plan_attachment *a, int family)
{
	for (size_t i = 0; i < a->address_count; i++)
		if (a->addresses[i].address.family == family)
			return &a->addresses[i].address;
	return NULL;
}

/* Of each family that the network has and nobody asked for an address of. */
static int choose_address(struct arena *arena, struct plan_attachment *a, const struct network *net,
	int family, uint32_t slot, struct err *err)
{
	const struct subnet *s = network_subnet(net, family);
	struct address chosen;

	if (first_of(a, family) || !s->prefix.address.family)
		return 0;
	if (!subnet_candidate(s, slot, 0, &chosen))
		return err_set(err, "the network %s has no address for a container", net->name);
	arena_push(arena, a->addresses, a->address_count, with_length(net, &chosen));
	return 0;
}

static int take_addresses(struct arena *arena, struct plan_attachment *a, const struct network *net,
	const struct network_attachment *of, uint32_t slot, struct err *err)
{
	for (size_t i = 0; i < of->address_count; i++) {
		if (check_address(net, &of->addresses[i], err) < 0)
			return err_wrap(err,
				of->addresses[i].family == AF_INET6 ? "--ip6" : "--ip");
		arena_push(arena, a->addresses, a->address_count,
			with_length(net, &of->addresses[i]));
	}
	a->asked = (uint32_t)a->address_count;
	if (choose_address(arena, a, net, AF_INET, slot, err) < 0 ||
		choose_address(arena, a, net, AF_INET6, slot, err) < 0)
		return -1;
	if (a->address_count)
		return 0;
	err_set(err, "the network %s gives no addresses by itself", net->name);
	return err_hint(err, "--ip ADDRESS, and --ip6 ADDRESS, say which");
}

static void take_gateways(struct arena *arena, struct network_plan *plan, struct plan_attachment *a,
	const struct network *net)
{
	static const int families[] = {AF_INET, AF_INET6};

	for (size_t i = 0; i < 2; i++) {
		const struct subnet *s = network_subnet(net, families[i]);
		bool *way_out = families[i] == AF_INET ? &a->default4 : &a->default6;

		if (!s->gateway.family || !first_of(a, families[i]))
			continue;
		arena_push(arena, a->gateways, a->gateway_count, s->gateway);
		*way_out = !net->internal;
		for (size_t k = 0; k < plan->attachment_count; k++)
			if (families[i] == AF_INET ? plan->attachments[k].default4
						   : plan->attachments[k].default6)
				*way_out = false;
	}
}

static int make_attachment(struct network_plan *plan, const struct spec *spec, size_t i,
	const struct network *net, struct err *err)
{
	static const struct mac none;
	const struct network_attachment *of = &spec->network.attachments[i];
	struct arena *arena = &plan->arena;
	char device[NETWORK_DEVICE_SIZE];
	struct plan_attachment a = {
		.network = arena_strdup(arena, net->name),
		.driver = net->driver,
		.internal = net->internal,
		.device = i ? arena_printf(arena, "ctr%03x.%zu", plan->slot, i)
			    : arena_printf(arena, "ctr%03x", plan->slot),
		.master = arena_strdup(arena, network_device(net, device)),
		.inside = of->interface ? arena_strdup(arena, of->interface)
					: arena_printf(arena, "eth%zu", i),
		.host_mac = make_mac(spec->id, MAC_HOST, i),
		.mac = memcmp(&of->mac, &none, sizeof(none)) ? of->mac
							     : make_mac(spec->id, MAC_INSIDE, i),
		.mtu = spec->network.mtu ? spec->network.mtu : net->mtu,
	};

	if (take_addresses(arena, &a, net, of, plan->slot, err) < 0)
		return -1;
	take_gateways(arena, plan, &a, net);
	take_names(arena, &a, spec, of);
	arena_push(arena, plan->attachments, plan->attachment_count, a);
	return 0;
}

static bool publishes(enum network_driver driver)
{
	return driver == DRIVER_NAT || driver == DRIVER_ROUTED || driver == DRIVER_BRIDGE;
}

/* Of an attachment that ports of the host can lead to. */
static const struct address *target(const struct network_plan *plan, int family)
{
	for (size_t i = 0; i < plan->attachment_count; i++) {
		const struct plan_attachment *a = &plan->attachments[i];

		if (publishes(a->driver) && !a->internal && first_of(a, family))
			return first_of(a, family);
	}
	return NULL;
}

/* One for each family; no family is refused. */
static bool add_port(struct network_plan *plan, const struct network_port *p)
{
	static const int families[] = {AF_INET, AF_INET6};
	bool added = false;

	for (size_t i = 0; i < 2; i++) {
		struct network_port one = *p;

		if ((p->host.family && p->host.family != families[i]) || !target(plan, families[i]))
			continue;
		one.host.family = families[i];
		arena_push(&plan->arena, plan->ports, plan->port_count, one);
		added = true;
	}
	return added;
}

static bool is_open(const struct network_port *p)
{
	return !p->host_port || p->host_count > p->count;
}

static int take_port(struct network_plan *plan, const struct network_port *p, struct err *err)
{
	struct network_port one = *p;
	char text[NETWORK_PORT_SIZE];
	bool added = true;

	if (!p->host_port)
		one.count = one.host_count = 1;
	for (uint32_t i = 0; i < p->count && added; i += one.count) {
		one.port = (uint16_t)(p->port + i);
		added = add_port(plan, &one);
	}
	if (added)
		return 0;
	err_set(err, "--publish %s: the container has no address%s that it could lead to",
		network_port_format(p, text),
		p->host.family == AF_INET    ? " of IPv4"
		: p->host.family == AF_INET6 ? " of IPv6"
					     : "");
	return err_hint(err, "ports lead into networks of the drivers nat, routed and bridge that "
			     "are not internal");
}

bool network_plan_is_open(const struct network_plan *plan, size_t i)
{
	return is_open(&plan->ports[i]);
}

void network_plan_choose(struct network_plan *plan, size_t i, uint16_t host_port)
{
	struct network_port *p = &plan->ports[i], *q = p + 1;

	if (i + 1 < plan->port_count && is_open(q) && q->port == p->port && q->proto == p->proto &&
		q->host.family != p->host.family) {
		q->host_port = host_port;
		q->host_count = 1;
	}
	p->host_port = host_port;
	p->host_count = 1;
}

static int take_dns(struct network_plan *plan, const struct spec *spec,
	const struct network *networks, struct err *err)
{
	struct address a;

	for (size_t i = 0; i < spec->dns_count; i++) {
		if (address_parse(spec->dns[i], &a) < 0)
			return err_value(err, "--dns", spec->dns[i], "is not an IP address");
		arena_push(&plan->arena, plan->dns, plan->dns_count, a);
	}
	for (size_t i = 0; !spec->dns_count && i < plan->attachment_count; i++)
		for (size_t k = 0; k < networks[i].dns_count; k++)
			arena_push(&plan->arena, plan->dns, plan->dns_count, networks[i].dns[k]);
	return 0;
}

static int make(const struct spec *spec, const struct network *networks, struct network_plan *plan,
	struct err *err)
{
	const struct network_spec *n = &spec->network;

	for (size_t i = 0; i < n->attachment_count; i++)
		if (make_attachment(plan, spec, i, &networks[i], err) < 0)
			return -1;
	for (size_t i = 0; i < n->port_count; i++)
		if (take_port(plan, &n->ports[i], err) < 0)
			return -1;
	return take_dns(plan, spec, networks, err);
}

int network_plan_make(const struct spec *spec, uint32_t slot, const struct network *networks,
	struct network_plan *ret, struct err *err)
{
	struct network_plan plan = {
		.slot = slot,
		.out = spec->network.out,
		.in = spec->network.in,
	};

	plan.name = arena_strdup(&plan.arena, spec->name);
	plan.id = arena_strdup(&plan.arena, spec->id);
	if (make(spec, networks, &plan, err) < 0) {
		arena_free(&plan.arena);
		return -1;
	}
	*ret = plan;
	return 0;
}

void network_plan_move(struct plan_attachment *a, const struct address *to)
{
	for (size_t i = a->asked; i < a->address_count; i++)
		if (a->addresses[i].address.family == to->family) {
			a->addresses[i].address = *to;
			return;
		}
}

const struct address *network_plan_address(const struct network_plan *plan, int family)
{
	for (size_t i = 0; i < plan->attachment_count; i++)
		if (first_of(&plan->attachments[i], family))
			return first_of(&plan->attachments[i], family);
	return NULL;
}

static const struct field attachment[] = {
	{"network", FIELD_STRING, FIELD_REQUIRED, AT(plan_attachment, network)},
	{"driver", FIELD_TEXT, FIELD_REQUIRED, AT(plan_attachment, driver), .text = &text_driver},
	{"internal", FIELD_BOOL, 0, AT(plan_attachment, internal)},
	{"device", FIELD_STRING, FIELD_REQUIRED, AT(plan_attachment, device)},
	{"master", FIELD_STRING, FIELD_REQUIRED, AT(plan_attachment, master)},
	{"inside", FIELD_STRING, FIELD_REQUIRED, AT(plan_attachment, inside)},
	{"hostMac", FIELD_TEXT, FIELD_REQUIRED, AT(plan_attachment, host_mac), .text = &text_mac},
	{"mac", FIELD_TEXT, FIELD_REQUIRED, AT(plan_attachment, mac), .text = &text_mac},
	{"addresses", FIELD_TEXTS, 0, AT(plan_attachment, addresses),
		N(plan_attachment, address_count), .text = &text_prefix},
	{"asked", FIELD_U32, 0, AT(plan_attachment, asked)},
	{"gateways", FIELD_TEXTS, 0, AT(plan_attachment, gateways),
		N(plan_attachment, gateway_count), .text = &text_address},
	{"default4", FIELD_BOOL, 0, AT(plan_attachment, default4)},
	{"default6", FIELD_BOOL, 0, AT(plan_attachment, default6)},
	{"mtu", FIELD_U32, 0, AT(plan_attachment, mtu)},
	{"names", FIELD_STRINGS, 0, AT(plan_attachment, names), N(plan_attachment, name_count)},
	{NULL},
};

static const struct field fields[] = {
	{"name", FIELD_STRING, FIELD_REQUIRED, AT(network_plan, name)},
	{"id", FIELD_STRING, FIELD_REQUIRED, AT(network_plan, id)},
	{"slot", FIELD_U32, FIELD_REQUIRED | FIELD_ALWAYS, AT(network_plan, slot)},
	{"attachments", FIELD_ARRAY, 0, AT(network_plan, attachments),
		N(network_plan, attachment_count), EACH(plan_attachment, attachment)},
	{"ports", FIELD_TEXTS, 0, AT(network_plan, ports), N(network_plan, port_count),
		.text = &text_port},
	{"outBits", FIELD_U64, 0, AT(network_plan, out.bits)},
	{"outBurst", FIELD_U64, 0, AT(network_plan, out.burst)},
	{"inBits", FIELD_U64, 0, AT(network_plan, in.bits)},
	{"inBurst", FIELD_U64, 0, AT(network_plan, in.burst)},
	{"dns", FIELD_TEXTS, 0, AT(network_plan, dns), N(network_plan, dns_count),
		.text = &text_address},
	{"hostBoot", FIELD_STRING, 0, AT(network_plan, host_boot)},
	{"hostCookie", FIELD_U64, 0, AT(network_plan, host_cookie)},
	{"hostInode", FIELD_U64, 0, AT(network_plan, host_inode)},
	{NULL},
};

char *network_plan_format(const struct network_plan *plan, struct err *err)
{
	struct arena scratch = {NULL};
	struct walk w = {.what = DOCUMENT, .arena = &scratch, .err = err};
	autojsontext struct jsontext t = {0};
	char *text = NULL;

	if (fields_write(&w, fields, plan, &t) == 0)
		text = jsontext_take(&t, err);
	arena_free(&scratch);
	return text;
}

int network_plan_parse(const char *text, size_t len, struct network_plan *ret, struct err *err)
{
	autojson json_t *j = json_parse(DOCUMENT, text, len, err);
	struct network_plan plan = {0};
	struct walk w = {.what = DOCUMENT, .arena = &plan.arena, .err = err};

	if (!j)
		return -1;
	if (fields_read(&w, fields, &plan, j) < 0) {
		arena_free(&plan.arena);
		return -1;
	}
	*ret = plan;
	return 0;
}

void network_plan_free(struct network_plan *plan)
{
	arena_free(&plan->arena);
}
