#include "cli/networkview.h"

#include "base/clock.h"
#include "cli/view.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static json_t *prefix_json(const struct prefix *p)
{
	char text[PREFIX_SIZE];

	return json_text_or_null(prefix_format(p, text));
}

static json_t *address_json(const struct address *a)
{
	char text[ADDRESS_SIZE];

	return json_text_or_null(address_format(a, text));
}

/* The words for each family, that of IPv4 first. */
static void put_subnet(json_t *j, const struct subnet *s, bool v6)
{
	static const char *const names[][2] = {{"subnet", "subnet6"}, {"range", "range6"},
		{"gateway", "gateway6"}};
	bool none = !s->prefix.address.family;

	json_object_set_new(j, names[0][v6], prefix_json(&s->prefix));
	json_object_set_new(j, names[1][v6], prefix_json(&s->range));
	json_object_set_new(j, names[2][v6], none ? json_null() : address_json(&s->gateway));
}

static json_t *users_json(const struct network *net, const struct network_uses *uses)
{
	json_t *list = json_array();

	for (size_t i = 0; i < uses->count; i++)
		if (strcmp(uses->items[i].network, net->name) == 0)
			json_array_append_new(list, json_shown(uses->items[i].container));
	return list;
}

json_t *network_json(const struct store *store, const struct network *net,
	const struct network_uses *uses)
{
	json_t *j = json_object(), *labels = json_object(), *dns = json_array();
	char device[NETWORK_DEVICE_SIZE], time[TIME_SIZE];

	(void)store;
	for (size_t i = 0; i < net->label_count; i++)
		json_object_set_new(labels, net->labels[i].key, json_string(net->labels[i].value));
	for (size_t i = 0; i < net->dns_count; i++)
		json_array_append_new(dns, address_json(&net->dns[i]));
	json_object_set_new(j, "name", json_string(net->name));
	json_object_set_new(j, "driver", json_string(network_driver_name(net->driver)));
	json_object_set_new(j, "created",
		json_text_or_null(time_format((int64_t)net->created_ns, time)));
	put_subnet(j, &net->v4, false);
	put_subnet(j, &net->v6, true);
	json_object_set_new(j, "internal", json_boolean(net->internal));
	json_object_set_new(j, "mtu", net->mtu ? json_integer(net->mtu) : json_null());
	json_object_set_new(j, "dns", dns);
	json_object_set_new(j, "device", json_string(network_device(net, device)));
	json_object_set_new(j, "labels", labels);
	json_object_set_new(j, "usedBy", users_json(net, uses));
	return j;
}

static json_t *addresses_json(const struct plan_attachment *a)
{
	json_t *list = json_array();

	for (size_t i = 0; i < a->address_count; i++)
		json_array_append_new(list, prefix_json(&a->addresses[i]));
	return list;
}

static json_t *connection_json(const struct plan_attachment *a)
{
	json_t *j = json_object(), *gateways = json_array(), *names = json_array();
	char mac[MAC_SIZE];

	for (size_t i = 0; i < a->gateway_count; i++)
		json_array_append_new(gateways, address_json(&a->gateways[i]));
	for (size_t i = 0; i < a->name_count; i++)
		json_array_append_new(names, json_shown(a->names[i]));
	json_object_set_new(j, "network", json_shown(a->network));
	json_object_set_new(j, "interface", json_shown(a->inside));
	json_object_set_new(j, "addresses", addresses_json(a));
	json_object_set_new(j, "gateways", gateways);
	json_object_set_new(j, "mac", json_string(mac_format(&a->mac, mac)));
	json_object_set_new(j, "hostInterface", json_shown(a->device));
	json_object_set_new(j, "names", names);
	return j;
}

json_t *connections_json(const struct network_plan *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; i < plan->attachment_count; i++)
		json_array_append_new(list, connection_json(&plan->attachments[i]));
	return list;
}

json_t *ports_json(const struct network_plan *plan)
{
	json_t *list = json_array(), *j;

	for (size_t i = 0; i < plan->port_count; i++) {
		const struct network_port *p = &plan->ports[i];

		j = json_object();
		json_object_set_new(j, "address", address_json(&p->host));
		json_object_set_new(j, "hostPort", json_integer(p->host_port));
		json_object_set_new(j, "port", json_integer(p->port));
		json_object_set_new(j, "count", json_integer(p->count));
		json_object_set_new(j, "protocol", json_string(network_proto_name(p->proto)));
		json_array_append_new(list, j);
	}
	return list;
}

char *endpoint_text(const struct network_port *p, uint16_t n, char buf[ENDPOINT_SIZE])
{
	bool v6 = p->host.family == AF_INET6;
	char text[ADDRESS_SIZE];

	snprintf(buf, ENDPOINT_SIZE, "%s%s%s:%u", v6 ? "[" : "", address_format(&p->host, text),
		v6 ? "]" : "", p->host_port + n);
	return buf;
}

char *ports_text(const struct network_plan *plan, struct arena *a)
{
	char *text = arena_strdup(a, ""), buf[ENDPOINT_SIZE];

	for (size_t i = 0; i < plan->port_count; i++) {
		const struct network_port *p = &plan->ports[i];
		unsigned more = p->count - 1U;

		text = arena_printf(a, "%s%s%s", text, i ? ", " : "", endpoint_text(p, 0, buf));
		if (more)
			text = arena_printf(a, "%s-%u->%u-%u/%s", text, p->host_port + more,
				p->port, p->port + more, network_proto_name(p->proto));
		else
			text = arena_printf(a, "%s->%u/%s", text, p->port,
				network_proto_name(p->proto));
	}
	return text;
}
