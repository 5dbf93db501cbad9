#include "cli/networkview.h"

#include "base/clock.h"
#include "cli/view.h"

#include <string.h>

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
