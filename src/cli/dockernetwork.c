#include "cli/dockernetwork.h"

#include "cli/dockernames.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static const char *text_of(const json_t *list, bool v6)
{
	const json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		const char *text = json_string_value(item);

		if (text && (strchr(text, ':') != NULL) == v6)
			return text;
	}
	return "";
}

/* "10.90.0.5/16" in two members, as docker has it. */
static void put_address(json_t *to, const char *text, const char *address, const char *length)
{
	size_t len = strcspn(text, "/");

	json_object_set_new(to, address, json_stringn(text, len));
	json_object_set_new(to, length, json_integer(text[len] ? atoi(text + len + 1) : 0));
}

static void put_endpoint(json_t *to, const json_t *connection)
{
	const json_t *addresses = json_object_get(connection, "addresses");
	const json_t *gateways = json_object_get(connection, "gateways");
	json_t *mac = json_object_get(connection, "mac");

	put_address(to, text_of(addresses, false), "IPAddress", "IPPrefixLen");
	put_address(to, text_of(addresses, true), "GlobalIPv6Address", "GlobalIPv6PrefixLen");
	json_object_set_new(to, "Gateway", json_string(text_of(gateways, false)));
	json_object_set_new(to, "IPv6Gateway", json_string(text_of(gateways, true)));
	json_object_set_new(to, "MacAddress", mac ? json_incref(mac) : json_string(""));
}

static json_t *endpoints(const json_t *connections)
{
	json_t *to = json_object(), *one;
	const json_t *connection;
	size_t i;

	json_array_foreach (connections, i, connection) {
		const char *name = json_string_value(json_object_get(connection, "network"));

		one = json_object();
		put_endpoint(one, connection);
		put(one, "NetworkID", json_object_get(connection, "network"));
		put(one, "Aliases", json_object_get(connection, "names"));
		json_object_set_new(to, name ? name : "", one);
	}
	return to;
}

static json_int_t number(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}

/* {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]}, each of a range by itself. */
static void add_ports(json_t *to, const json_t *port)
{
	for (json_int_t n = 0; n < number(port, "count"); n++) {
		json_t *binding = json_object(), *list;
		char key[32], host[16];

		snprintf(key, sizeof(key), "%lld/%s", (long long)(number(port, "port") + n),
			json_string_value(json_object_get(port, "protocol")));
		snprintf(host, sizeof(host), "%lld", (long long)(number(port, "hostPort") + n));
		put(binding, "HostIp", json_object_get(port, "address"));
		json_object_set_new(binding, "HostPort", json_string(host));
		list = json_object_get(to, key);
		if (!list) {
			list = json_array();
			json_object_set_new(to, key, list);
		}
		json_array_append_new(list, binding);
	}
}

json_t *docker_network_settings(const json_t *j)
{
	const json_t *connections = json_object_get(j, "networks"), *port;
	json_t *to = json_object(), *ports = json_object();
	size_t i;

	json_array_foreach (json_object_get(j, "ports"), i, port)
		add_ports(ports, port);
	put_endpoint(to, json_array_get(connections, 0));
	json_object_set_new(to, "Ports", ports);
	json_object_set_new(to, "Networks", endpoints(connections));
	return to;
}
