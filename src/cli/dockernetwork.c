#include "cli/dockernetwork.h"

#include "cli/dockernames.h"

#include <stdbool.h>

static void put(json_t *j, const char *key, json_t *value)
{
	json_object_set(j, key, value ? value : json_null());
}

static bool is_there(const json_t *j, const char *key)
{
	return json_is_string(json_object_get(j, key));
}

static void add_subnet(json_t *list, const json_t *j, const char *const names[3])
{
	static const char *const theirs[] = {"Subnet", "IPRange", "Gateway"};
	json_t *one;

	if (!is_there(j, names[0]))
		return;
	one = json_object();
	for (int i = 0; i < 3; i++)
		if (is_there(j, names[i]))
			put(one, theirs[i], json_object_get(j, names[i]));
	json_array_append_new(list, one);
}

static json_t *ipam(const json_t *j)
{
	static const char *const v4[] = {"subnet", "range", "gateway"};
	static const char *const v6[] = {"subnet6", "range6", "gateway6"};
	json_t *list = json_array(), *to = json_object();

	add_subnet(list, j, v4);
	add_subnet(list, j, v6);
	json_object_set_new(to, "Driver", json_string("default"));
	json_object_set_new(to, "Config", list);
	return to;
}

static json_t *has_v6(const json_t *j)
{
	return json_boolean(is_there(j, "subnet6"));
}

void docker_names_networks(json_t *list, const char *template)
{
	static const char *const same[][2] = {{"Name", "name"}, {"ID", "name"}, {"Id", "name"},
		{"Driver", "driver"}, {"Internal", "internal"}, {"Labels", "labels"},
		{"Created", "created"}, {"CreatedAt", "created"}};
	json_t *j;
	size_t i;

	json_array_foreach (list, i, j) {
		for (size_t k = 0; template && k < sizeof(same) / sizeof(same[0]); k++)
			if (docker_asks(template, same[k][0]))
				put(j, same[k][0], json_object_get(j, same[k][1]));
		if (template && docker_asks(template, "IPAM"))
			json_object_set_new(j, "IPAM", ipam(j));
		if (template && docker_asks(template, "EnableIPv6"))
			json_object_set_new(j, "EnableIPv6", has_v6(j));
	}
}
