#include "spec/networkflag.h"

#include "base/num.h"
#include "spec/name.h"

#include <linux/sched.h>
#include <string.h>
#include <sys/socket.h>

enum { ALIAS_MAX = 63 /* of a label of DNS */ };

/* One word of a value: up to the next comma. */
static char *next_word(struct arena *a, const char **at, char end)
{
	size_t len = strcspn(*at, (char[]){end, '\0'});
	char *word = arena_strndup(a, *at, len);

	*at += len + ((*at)[len] != '\0');
	return word;
}

static int add_address(struct arena *a, struct network_attachment *to, int family, const char *what,
	const char *text, struct err *err)
{
	struct address address;

	if (address_parse(text, &address) < 0) {
		err_value(err, what, text, "is not an IP address");
		return strchr(text, '/') ? err_hint(err, "without a length: the network has one")
					 : -1;
	}
	if (family && address.family != family)
		return err_value(err, what, text, "is an address of IPv%d",
			family == AF_INET ? 6 : 4);
	if (address_kind(&address) != ADDRESS_UNICAST)
		return err_value(err, what, text, "is no address that an interface can have");
	for (size_t i = 0; i < to->address_count; i++)
		if (address_is_equal(&to->addresses[i], &address))
			return err_value(err, what, text, "is given twice");
	if (to->address_count == NETWORK_ADDRESSES_MAX)
		return err_set(err, "%s: more than %d addresses", what, NETWORK_ADDRESSES_MAX);
	arena_push(a, to->addresses, to->address_count, address);
	return 0;
}

static int take_mac(struct network_attachment *to, const char *what, const char *value,
	struct err *err)
{
	if (mac_parse(value, &to->mac) < 0) {
		err_value(err, what, value, "is not a MAC address");
		return err_hint(err, "as 02:00:0a:5a:00:05");
	}
	if (!mac_is_usable(&to->mac))
		return err_value(err, what, value, "is no address that an interface can have");
	return 0;
}

static int add_alias(struct arena *a, struct network_attachment *to, const char *what,
	const char *value, struct err *err)
{
	if (!*value)
		return err_set(err, "%s: a name cannot be empty", what);
	if (thing_name_check(what, value, "container in a network", ALIAS_MAX, err) < 0)
		return -1;
	if (to->alias_count == NETWORK_ALIASES_MAX)
		return err_set(err, "%s: more than %d names", what, NETWORK_ALIASES_MAX);
	arena_push(a, to->aliases, to->alias_count, value);
	return 0;
}

static int take_option(struct arena *a, struct network_attachment *to, const char *what, char *word,
	struct err *err)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	else
		return err_value(err, what, word, "is not KEY=VALUE");
	if (strcmp(word, "ip") == 0 || strcmp(word, "ip6") == 0)
		return add_address(a, to, word[2] ? AF_INET6 : 0, what, value, err);
	if (strcmp(word, "mac") == 0 || strcmp(word, "mac-address") == 0)
		return take_mac(to, what, value, err);
	if (strcmp(word, "alias") == 0)
		return add_alias(a, to, what, value, err);
	if (strcmp(word, "interface") == 0 || strcmp(word, "interface_name") == 0) {
		to->interface = value;
		return network_interface_check(what, value, err);
	}
	err_value(err, what, word, "is not known of a network");
	return err_hint(err, "there are ip, ip6, mac, alias and interface");
}

static bool says_container(const char *value)
{
	return strncmp(value, "container:", 10) == 0;
}

static bool says_path(const char *value)
{
	return strncmp(value, "ns:", 3) == 0;
}

static const char *mode_of(const char *value)
{
	if (strcmp(value, "none") == 0 || strcmp(value, "host") == 0)
		return value;
	if (says_container(value))
		return "container";
	return says_path(value) ? "ns" : "network";
}

static int check_network(const char *what, const char *name, struct err *err)
{
	if (!*name)
		return err_set(err, "%s: which network?", what);
	if (strcmp(name, "pasta") == 0 || strcmp(name, "slirp4netns") == 0) {
		err_value(err, what, name, "is not a network of ctr");
		return err_hint(err, "--net " NETWORK_DEFAULT " is");
	}
	if (strcmp(name, NETWORK_DEFAULT) == 0 || strcmp(name, NETWORK_ROUTED) == 0)
		return 0;
	if (network_name_check(what, name, err) == 0)
		return 0;
	return err_hint(err, "--net takes none, host, container:NAME, ns:PATH, " NETWORK_DEFAULT
			     " or what ctr network ls lists");
}

static int add_network(struct spec *spec, const char *what, const char *value, struct err *err)
{
	struct network_spec *n = &spec->network;
	struct network_attachment to = {0};
	const char *at = value;
	char *name;

	/* docker's form begins with a key, podman's with the name. */
	if (strncmp(value, "name=", 5) == 0) {
		at += 5;
		name = next_word(&spec->arena, &at, ',');
	} else {
		name = next_word(&spec->arena, &at, ':');
	}
	to.network = network_known(name);
	if (check_network(what, to.network, err) < 0)
		return -1;
	while (*at)
		if (take_option(&spec->arena, &to, what, next_word(&spec->arena, &at, ','), err) <
			0)
			return -1;
	for (size_t i = 0; i < n->attachment_count; i++)
		if (strcmp(n->attachments[i].network, to.network) == 0)
			return err_value(err, what, to.network, "is given twice");
	if (n->attachment_count == NETWORK_ATTACHMENTS_MAX)
		return err_set(err, "%s: more than %d networks", what, NETWORK_ATTACHMENTS_MAX);
	arena_push(&spec->arena, n->attachments, n->attachment_count, to);
	return 0;
}

static int take_path(struct spec *spec, const char *what, const char *path, struct err *err)
{
	struct ns_path p = {CLONE_NEWNET, path};

	if (path[0] != '/')
		return err_value(err, what, path, "is not an absolute path");
	arena_push(&spec->arena, spec->ns.paths, spec->ns.path_count, p);
	return 0;
}

int networkflag_net(struct spec *spec, struct network_flags *f, const char *what, const char *value,
	struct err *err)
{
	const char *mode = mode_of(value);
	bool network = strcmp(mode, "network") == 0;

	if (f->mode && !(network && strcmp(f->mode, mode) == 0)) {
		if (strcmp(mode, f->mode) == 0 && strcmp(mode, value) == 0)
			return 0;
		err_set(err, "%s %.60s: the network is %s already", what, value, f->mode);
		return err_hint(err,
			"only networks of their own can be several: --net %s --net NAME",
			NETWORK_DEFAULT);
	}
	f->mode = mode;
	if (network)
		return add_network(spec, what, value, err);
	if (strcmp(mode, "none") == 0)
		return 0;
	spec->ns.fresh &= ~(uint64_t)CLONE_NEWNET;
	if (says_path(value))
		return take_path(spec, what, value + 3, err);
	if (!says_container(value))
		return 0;
	spec->network.container = value + 10;
	return name_check(value + 10, err) < 0 ? err_wrap(err, "%s", what) : 0;
}

static int check_free(const struct network_spec *n, const struct network_port *p, const char *what,
	struct err *err)
{
	char text[NETWORK_PORT_SIZE];
	uint16_t port;

	for (size_t i = 0; i < n->port_count; i++)
		if (network_ports_collide(&n->ports[i], p, &port))
			return err_set(err, "%s %s: port %u of the host is given twice", what,
				network_port_format(p, text), port);
	return 0;
}

int networkflag_publish(struct spec *spec, struct network_flags *f, const char *what,
	const char *value, struct err *err)
{
	struct network_spec *n = &spec->network;
	struct network_port p;

	(void)f;
	if (network_port_parse(what, value, &p, err) < 0)
		return -1;
	if (check_free(n, &p, what, err) < 0)
		return -1;
	if (n->port_count == NETWORK_PORTS_MAX)
		return err_set(err, "%s: more than %d of them: use ranges", what,
			NETWORK_PORTS_MAX);
	arena_push(&spec->arena, n->ports, n->port_count, p);
	return 0;
}

static int expose(struct spec *spec, const char *what, const char *value, struct err *err)
{
	struct network_spec *n = &spec->network;
	struct network_port p;

	if (network_expose_parse(what, value, &p, err) < 0)
		return -1;
	for (size_t i = 0; i < n->exposed_count; i++)
		if (n->exposed[i].port == p.port && n->exposed[i].count == p.count &&
			n->exposed[i].proto == p.proto)
			return 0;
	if (n->exposed_count == NETWORK_PORTS_MAX)
		return err_set(err, "%s: more than %d of them: use ranges", what,
			NETWORK_PORTS_MAX);
	arena_push(&spec->arena, n->exposed, n->exposed_count, p);
	return 0;
}

int networkflag_expose(struct spec *spec, struct network_flags *f, const char *what,
	const char *value, struct err *err)
{
	(void)f;
	return expose(spec, what, value, err);
}

static int add_addresses(struct spec *spec, struct network_flags *f, int family, const char *what,
	const char *value, struct err *err)
{
	const char *at = value;

	do
		if (add_address(&spec->arena, &f->of, family, what,
			    next_word(&spec->arena, &at, ','), err) < 0)
			return -1;
	while (*at);
	return 0;
}

int networkflag_ip(struct spec *spec, struct network_flags *f, const char *what, const char *value,
	struct err *err)
{
	return add_addresses(spec, f, AF_INET, what, value, err);
}

int networkflag_ip6(struct spec *spec, struct network_flags *f, const char *what, const char *value,
	struct err *err)
{
	return add_addresses(spec, f, AF_INET6, what, value, err);
}

int networkflag_mac(struct spec *spec, struct network_flags *f, const char *what, const char *value,
	struct err *err)
{
	(void)spec;
	return take_mac(&f->of, what, value, err);
}

int networkflag_alias(struct spec *spec, struct network_flags *f, const char *what,
	const char *value, struct err *err)
{
	return add_alias(&spec->arena, &f->of, what, value, err);
}

int networkflag_mtu(struct spec *spec, struct network_flags *f, const char *what, const char *value,
	struct err *err)
{
	uint32_t n;

	(void)f;
	if (num_parse_u32(value, &n) < 0 || n < NETWORK_MTU_LEAST || n > NETWORK_MTU_MOST)
		return err_value(err, what, value, "is not a number of bytes from %d to %d",
			NETWORK_MTU_LEAST, NETWORK_MTU_MOST);
	spec->network.mtu = n;
	return 0;
}

int networkflag_rate(struct spec *spec, struct network_flags *f, const char *what,
	const char *value, struct err *err)
{
	const char *colon = strchrnul(value, ':');
	const char *way = *colon ? colon + 1 : "";
	struct network_rate rate;

	(void)f;
	if (*colon && strcmp(way, "in") != 0 && strcmp(way, "out") != 0)
		return err_value(err, what, way, "is neither in nor out");
	if (network_rate_parse(what, arena_strndup(&spec->arena, value, (size_t)(colon - value)),
		    &rate, err) < 0)
		return -1;
	if (*way != 'i')
		spec->network.out = rate;
	if (*way != 'o')
		spec->network.in = rate;
	return 0;
}

int networkflag_add_host(struct spec *spec, struct network_flags *f, const char *what,
	const char *value, struct err *err)
{
	const char *at = strpbrk(value, ":=");
	struct address address;
	struct key_value kv;

	(void)f;
	if (!at || at == value)
		return err_value(err, what, value, "is not NAME:ADDRESS");
	kv.key = arena_strndup(&spec->arena, value, (size_t)(at - value));
	kv.value = at + 1;
	if (hostname_check(what, kv.key, err) < 0)
		return -1;
	if (strcmp(kv.value, HOST_GATEWAY) != 0 && address_parse(kv.value, &address) < 0) {
		err_value(err, what, kv.value, "is not an IP address");
		return err_hint(err, "NAME:" HOST_GATEWAY " is the host, as the container sees it");
	}
	arena_push(&spec->arena, spec->hosts, spec->host_count, kv);
	return 0;
}

static bool is_published(const struct network_spec *n, const struct network_port *p)
{
	for (size_t i = 0; i < n->port_count; i++)
		if (network_port_has(&n->ports[i], p->proto, p->port))
			return true;
	return false;
}

/* An image may say what it likes; it matters where all it says is to be published. */
static int take_exposed(struct spec *spec, const struct network_flags *f,
	const char *const *image_ports, size_t n, struct err *err)
{
	struct network_spec *net = &spec->network;

	for (size_t i = 0; i < n; i++)
		if (expose(spec, "the image's EXPOSE", image_ports[i], err) < 0 && f->publish_all)
			return err_hint(err, "-p publishes single ports");
	for (size_t i = 0; f->publish_all && i < net->exposed_count; i++)
		if (!is_published(net, &net->exposed[i]))
			arena_push(&spec->arena, net->ports, net->port_count, net->exposed[i]);
	return 0;
}

/* The first of the flags that are about a network of the container's own; NULL: none. */
static const char *needs_network(const struct spec *spec, const struct network_flags *f)
{
	static const struct mac none;
	const struct network_spec *n = &spec->network;

	if (n->port_count)
		return "--publish";
	if (f->publish_all)
		return "--publish-all";
	if (f->of.address_count)
		return f->of.addresses[0].family == AF_INET ? "--ip" : "--ip6";
	if (memcmp(&f->of.mac, &none, sizeof(none)) != 0)
		return "--mac";
	if (f->of.alias_count)
		return "--network-alias";
	if (n->mtu)
		return "--mtu";
	return n->out.bits || n->in.bits ? "--net-rate" : NULL;
}

static int refuse_without(const char *flag, const char *mode, struct err *err)
{
	err_set(err, "%s does not go with --net %s", flag, mode);
	if (strcmp(mode, "host") == 0)
		return err_hint(err, "%s",
			strncmp(flag, "--publish", 9) == 0
				? "there, each port of the container is one of the host already"
				: "the host's network is as it is");
	if (strcmp(mode, "none") == 0)
		return err_hint(err, "--net " NETWORK_DEFAULT " has a network");
	return err_hint(err, "it is for the container that made that network");
}

static void apply(struct spec *spec, const struct network_flags *f)
{
	static const struct mac none;
	struct network_spec *n = &spec->network;
	struct network_attachment *first = n->attachments;

	for (size_t i = 0; i < f->of.address_count; i++)
		arena_push(&spec->arena, first->addresses, first->address_count,
			f->of.addresses[i]);
	if (memcmp(&f->of.mac, &none, sizeof(none)) != 0)
		first->mac = f->of.mac;
	for (size_t i = 0; i < n->attachment_count; i++)
		for (size_t k = 0; k < f->of.alias_count; k++)
			arena_push(&spec->arena, n->attachments[i].aliases,
				n->attachments[i].alias_count, f->of.aliases[k]);
}

/* Of the i-th attachment, as net/plan.h has it. */
static const char *interface_of(struct spec *spec, size_t i)
{
	const char *given = spec->network.attachments[i].interface;

	return given ? given : arena_printf(&spec->arena, "eth%zu", i);
}

static int check_attachments(struct spec *spec, struct err *err)
{
	const struct network_spec *n = &spec->network;

	for (size_t i = 0; i < n->attachment_count; i++) {
		const struct network_attachment *a = &n->attachments[i];

		for (size_t k = 0; k < i; k++)
			if (strcmp(interface_of(spec, i), interface_of(spec, k)) == 0)
				return err_set(err,
					"--net: the networks %s and %s would both be %s in the "
					"container",
					n->attachments[k].network, a->network,
					interface_of(spec, i));
		for (size_t k = 0; k < a->address_count; k++)
			for (size_t l = 0; l < k; l++)
				if (address_is_equal(&a->addresses[k], &a->addresses[l]))
					return err_set(err, "--ip: an address is given twice");
	}
	return 0;
}

static int check_gateway_hosts(const struct spec *spec, struct err *err)
{
	enum network_mode mode = network_mode(spec);

	for (size_t i = 0; i < spec->host_count; i++) {
		if (strcmp(spec->hosts[i].value, HOST_GATEWAY) != 0 || mode == NETWORK_HOST ||
			mode == NETWORK_ATTACHED)
			continue;
		err_set(err, "--add-host %s:" HOST_GATEWAY ": the container has no way to the host",
			spec->hosts[i].key);
		return err_hint(err, "--net " NETWORK_DEFAULT " has one");
	}
	return 0;
}

int networkflag_finish(struct spec *spec, struct network_flags *f, const char *const *image_ports,
	size_t image_port_count, struct err *err)
{
	const char *flag;

	if (take_exposed(spec, f, image_ports, image_port_count, err) < 0)
		return -1;
	flag = needs_network(spec, f);
	if (flag && !f->mode && networkflag_net(spec, f, flag, NETWORK_DEFAULT, err) < 0)
		return -1;
	if (flag && !spec->network.attachment_count)
		return refuse_without(flag, f->mode, err);
	if (spec->network.attachment_count)
		apply(spec, f);
	return check_attachments(spec, err) < 0 ? -1 : check_gateway_hosts(spec, err);
}
