#include "net/network.h"

#include "base/fd.h"
#include "base/json.h"
#include "base/jsontext.h"
#include "spec/field.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* The default network, and what others are cut from. The identifiers of IPv6 networks are those of IPv4. */
#define NAT_SUBNET4   "10.90.0.0/16"
#define NAT_GATEWAY4  "10.90.0.1"
#define NAT_SUBNET6   "fd00:90::/64"
#define NAT_GATEWAY6  "fd00:90::1"
#define CHOSEN_FIRST4 "10.91.0.0/20"
#define CHOSEN_FIRST6 "fd00:91::/64"
#define DEVICE        "ctr0"
enum { CHOSEN_MOST4 = 9 * 16, CHOSEN_MOST6 = 1 << 16 };

static const char *const drivers[] = {
	[DRIVER_NAT] = "nat",
	[DRIVER_ROUTED] = "routed",
	[DRIVER_BRIDGE] = "bridge",
	[DRIVER_MACVLAN] = "macvlan",
	[DRIVER_IPVLAN] = "ipvlan",
};
enum { DRIVERS = sizeof(drivers) / sizeof(drivers[0]) };

const char *network_driver_name(enum network_driver driver)
{
	return (size_t)driver < DRIVERS ? drivers[driver] : NULL;
}

int network_driver_parse(const char *s, enum network_driver *ret)
{
	for (size_t i = 0; i < DRIVERS; i++)
		if (strcmp(drivers[i], s) == 0) {
			*ret = (enum network_driver)i;
			return 0;
		}
	return -1;
}

bool network_builtin(const char *name, struct network *ret)
{
	struct network net = {.name = name};
	bool routed = strcmp(name, NETWORK_ROUTED) == 0;
	struct err err;

	if (!routed && strcmp(name, NETWORK_DEFAULT) != 0)
		return false;
	net.driver = routed ? DRIVER_ROUTED : DRIVER_NAT;
	if (!routed) {
		prefix_parse(NAT_SUBNET4, &net.v4.prefix);
		prefix_parse(NAT_SUBNET6, &net.v6.prefix);
	}
	if (network_complete(&net, &err) < 0)
		return false;
	*ret = net;
	return true;
}

static int check_prefix(const char *what, const struct prefix *p, struct err *err)
{
	const struct address first = prefix_first(p);
	unsigned most = p->address.family == AF_INET6 ? 126 : 30;
	char text[PREFIX_SIZE], should[ADDRESS_SIZE];

	prefix_format(p, text);
	if (!address_is_equal(&first, &p->address)) {
		err_value(err, what, text, "has bits behind its length");
		return err_hint(err, "%s/%u has none", address_format(&first, should), p->length);
	}
	if (p->length > most || p->length < 8)
		return err_value(err, what, text, "is no network for containers: /8 to /%u is",
			most);
	if (address_kind(&p->address) != ADDRESS_UNICAST)
		return err_value(err, what, text, "is not of addresses that an interface can have");
	return 0;
}

/* In IPv4 the last address is the broadcast. */
static bool is_host_of(const struct prefix *p, const struct address *a)
{
	const struct address first = prefix_first(p), last = prefix_last(p);

	return prefix_contains(p, a) && !address_is_equal(a, &first) &&
	       (a->family == AF_INET6 || !address_is_equal(a, &last));
}

static int complete_subnet(struct subnet *s, const char *usual_gateway, struct err *err)
{
	char text[PREFIX_SIZE], in[PREFIX_SIZE];

	/* What is routed has no address to spare for the host, which has one anyway. */
	if (usual_gateway && !s->gateway.family)
		address_parse(usual_gateway, &s->gateway);
	if (!s->prefix.address.family) {
		if (s->range.address.family)
			return err_value(err, "--ip-range", prefix_format(&s->range, text),
				"has no --subnet of its family");
		if (s->gateway.family && !usual_gateway)
			return err_value(err, "--gateway", address_format(&s->gateway, text),
				"has no --subnet of its family");
		return 0;
	}
	if (check_prefix("--subnet", &s->prefix, err) < 0)
		return -1;
	prefix_format(&s->prefix, in);
	if (s->range.address.family && (!prefix_contains(&s->prefix, &s->range.address) ||
					       s->range.length < s->prefix.length))
		return err_value(err, "--ip-range", prefix_format(&s->range, text),
			"is not a part of %s", in);
	if (!s->gateway.family && !address_offset(&s->prefix.address, 1, &s->gateway))
		return err_value(err, "--subnet", in, "has no room for a gateway");
	if (!usual_gateway && !is_host_of(&s->prefix, &s->gateway))
		return err_value(err, "--gateway", address_format(&s->gateway, text),
			"is not an address of %s", in);
	return subnet_capacity(s) ? 0
				  : err_value(err, "--ip-range", prefix_format(&s->range, text),
					    "has no address for a container in it");
}

int network_complete(struct network *net, struct err *err)
{
	bool on_parent = net->driver == DRIVER_MACVLAN || net->driver == DRIVER_IPVLAN;
	bool routed = net->driver == DRIVER_ROUTED;

	if (on_parent && !net->parent) {
		err_set(err, "a %s is on an interface of the host: which?",
			network_driver_name(net->driver));
		return err_hint(err, "--parent eth0, or what ip link calls it");
	}
	if (net->parent && !on_parent)
		return err_value(err, "--parent", net->parent,
			"is for the drivers macvlan and ipvlan");
	return complete_subnet(&net->v4, routed ? NAT_GATEWAY4 : NULL, err) < 0
		       ? -1
		       : complete_subnet(&net->v6, routed ? NAT_GATEWAY6 : NULL, err);
}

static int parse_driver(const char *s, void *ret)
{
	return network_driver_parse(s, ret);
}

static void format_driver(const void *value, char ret[TEXT_VALUE_SIZE])
{
	snprintf(ret, TEXT_VALUE_SIZE, "%s",
		network_driver_name(*(const enum network_driver *)value));
}

const struct text_type text_driver = {sizeof(enum network_driver),
	"nat, routed, bridge, macvlan or ipvlan", parse_driver, format_driver};

static const char *check_name(const char *s)
{
	struct err err;

	return strcmp(s, NETWORK_DEFAULT) == 0 || network_name_check("name", s, &err) == 0
		       ? NULL
		       : "a name for a network";
}

static const struct field fields[] = {
	{"name", FIELD_STRING, FIELD_REQUIRED, AT(network, name), .check = check_name},
	{"driver", FIELD_TEXT, FIELD_REQUIRED, AT(network, driver), .text = &text_driver},
	{"number", FIELD_U32, 0, AT(network, number), .min = 1, .max = 99999999},
	{"subnet", FIELD_TEXT, 0, AT(network, v4.prefix), .text = &text_prefix},
	{"range", FIELD_TEXT, 0, AT(network, v4.range), .text = &text_prefix},
	{"gateway", FIELD_TEXT, 0, AT(network, v4.gateway), .text = &text_address},
	{"subnet6", FIELD_TEXT, 0, AT(network, v6.prefix), .text = &text_prefix},
	{"range6", FIELD_TEXT, 0, AT(network, v6.range), .text = &text_prefix},
	{"gateway6", FIELD_TEXT, 0, AT(network, v6.gateway), .text = &text_address},
	{"internal", FIELD_BOOL, 0, AT(network, internal)},
	{"mtu", FIELD_U32, 0, AT(network, mtu), .min = NETWORK_MTU_LEAST, .max = NETWORK_MTU_MOST},
	{"dns", FIELD_TEXTS, 0, AT(network, dns), N(network, dns_count), .text = &text_address},
	{"parent", FIELD_STRING, 0, AT(network, parent)},
	{"labels", FIELD_PAIRS, 0, AT(network, labels), N(network, label_count)},
	{"createdNs", FIELD_U64, 0, AT(network, created_ns)},
	{NULL},
};

char *network_format(const struct network *net, struct err *err)
{
	struct arena scratch = {NULL};
	struct walk w = {.what = net->name, .arena = &scratch, .err = err};
	autojsontext struct jsontext t = {.indented = true};
	char *text = NULL;

	if (fields_write(&w, fields, net, &t) == 0)
		text = jsontext_take(&t, err);
	arena_free(&scratch);
	return text;
}

static int of_families(const struct network *net)
{
	const struct subnet *of[] = {&net->v4, &net->v6};

	for (size_t i = 0; i < 2; i++) {
		int family = i ? AF_INET6 : AF_INET;

		if ((of[i]->prefix.address.family && of[i]->prefix.address.family != family) ||
			(of[i]->range.address.family && of[i]->range.address.family != family) ||
			(of[i]->gateway.family && of[i]->gateway.family != family))
			return -1;
	}
	return 0;
}

int network_parse(const char *what, const char *text, size_t len, struct network *ret,
	struct err *err)
{
	autojson json_t *j = json_parse(what, text, len, err);
	struct network net = {0};
	struct walk w = {.what = what, .arena = &net.arena, .err = err};
	int r;

	if (!j)
		return -1;
	r = fields_read(&w, fields, &net, j);
	if (r == 0 && of_families(&net) < 0)
		r = err_set(err, "%s: an address is of the other family", what);
	if (r == 0 && network_complete(&net, err) < 0)
		r = err_wrap(err, "%s", what);
	if (r < 0)
		arena_free(&net.arena);
	else
		*ret = net;
	return r;
}

void network_free(struct network *net)
{
	arena_free(&net->arena);
}

const struct subnet *network_subnet(const struct network *net, int family)
{
	return family == AF_INET6 ? &net->v6 : &net->v4;
}

/* Addresses from first on, without the gateway at place `hole`; SIZE_MAX: it is not among them. */
struct pool {
	struct address first;
	uint64_t size, hole;
};

static struct pool pool_of(const struct subnet *s)
{
	const struct prefix *p = s->range.address.family ? &s->range : &s->prefix;
	struct address first = prefix_first(p), last = prefix_last(p);
	const struct address begin = prefix_first(&s->prefix), end = prefix_last(&s->prefix);
	struct pool pool = {.hole = UINT64_MAX};

	if (address_is_equal(&first, &begin))
		address_offset(&first, 1, &first);
	pool.first = first;
	pool.size = address_distance(&first, &last);
	if (pool.size < UINT64_MAX)
		pool.size += !(first.family == AF_INET && address_is_equal(&last, &end));
	if (s->gateway.family && address_compare(&first, &s->gateway) <= 0 &&
		address_distance(&first, &s->gateway) < pool.size) {
		pool.hole = address_distance(&first, &s->gateway);
		pool.size--;
	}
	return pool;
}

uint64_t subnet_capacity(const struct subnet *s)
{
	return s->prefix.address.family ? pool_of(s).size : 0;
}

bool subnet_candidate(const struct subnet *s, uint32_t slot, uint64_t n, struct address *ret)
{
	struct pool pool;
	uint64_t at;

	if (!s->prefix.address.family)
		return false;
	pool = pool_of(s);
	if (n >= pool.size)
		return false;
	at = (slot % pool.size + n) % pool.size;
	return address_offset(&pool.first, at + (at >= pool.hole), ret);
}

char *network_device(const struct network *net, char buf[NETWORK_DEVICE_SIZE])
{
	switch (net->driver) {
	case DRIVER_BRIDGE:
		snprintf(buf, NETWORK_DEVICE_SIZE, "ctr-br%u", net->number);
		break;
	case DRIVER_MACVLAN:
	case DRIVER_IPVLAN:
		snprintf(buf, NETWORK_DEVICE_SIZE, "%s", net->parent);
		break;
	case DRIVER_NAT:
	case DRIVER_ROUTED:
		snprintf(buf, NETWORK_DEVICE_SIZE, "%s", DEVICE);
		break;
	}
	return buf;
}

static bool meets(const struct prefix *p, const struct prefix *taken, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (prefix_overlaps(p, &taken[i]))
			return true;
	return false;
}

bool network_choose_subnet(int family, const struct prefix *taken, size_t n, struct prefix *ret)
{
	unsigned most = family == AF_INET6 ? CHOSEN_MOST6 : CHOSEN_MOST4;
	struct prefix p;

	prefix_parse(family == AF_INET6 ? CHOSEN_FIRST6 : CHOSEN_FIRST4, &p);
	for (unsigned i = 0; i < most; i++) {
		struct address next = prefix_last(&p);

		if (!meets(&p, taken, n)) {
			*ret = p;
			return true;
		}
		if (!address_offset(&next, 1, &p.address))
			break;
	}
	return false;
}
