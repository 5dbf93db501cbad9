#include "base/fd.h"
#include "net/routes.h"
#include "state/events.h"
#include "state/networks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

struct making {
	struct network *net;
	struct arena arena;
	struct network *others;
	size_t other_count;
	struct host_routes routes;
};

static bool is_on_parent(const struct network *net)
{
	return net->driver == DRIVER_MACVLAN || net->driver == DRIVER_IPVLAN;
}

static bool has_subnet(const struct subnet *s)
{
	return s->prefix.address.family != 0;
}

static int check_others(const struct making *m, const struct subnet *s, int family, struct err *err)
{
	char text[PREFIX_SIZE], other[PREFIX_SIZE];

	for (size_t i = 0; i < m->other_count; i++) {
		const struct network *net = &m->others[i];
		const struct subnet *of = network_subnet(net, family);

		if (!has_subnet(of) || strcmp(net->name, m->net->name) == 0 || is_on_parent(net) ||
			!prefix_overlaps(&s->prefix, &of->prefix))
			continue;
		err_value(err, "--subnet", prefix_format(&s->prefix, text),
			"has addresses of the network %s, %s", net->name,
			prefix_format(&of->prefix, other));
		return err_hint(err, "without --subnet one is chosen that is free");
	}
	return 0;
}

/* What is reached through a gateway may be a wide net for anything; what the host is in itself would be lost. */
static int check_routes(const struct making *m, const struct subnet *s, struct err *err)
{
	char text[PREFIX_SIZE], other[PREFIX_SIZE];

	for (size_t i = 0; i < m->routes.count; i++) {
		const struct host_route *r = &m->routes.items[i];

		if (!prefix_overlaps(&s->prefix, &r->to) || strncmp(r->device, "ctr", 3) == 0)
			continue;
		if (r->connected)
			return err_value(err, "--subnet", prefix_format(&s->prefix, text),
				"has addresses of the host's network %s on %s",
				prefix_format(&r->to, other), r->device);
		warn("the host has a route to %s by %s: containers in %s cannot follow it",
			prefix_format(&r->to, other), r->device, prefix_format(&s->prefix, text));
	}
	return 0;
}

static int choose(struct making *m, struct subnet *s, int family, struct err *err)
{
	struct prefix *taken = NULL;
	size_t n = 0;

	for (size_t i = 0; i < m->other_count; i++) {
		const struct subnet *of = network_subnet(&m->others[i], family);

		if (has_subnet(of))
			arena_push(&m->arena, taken, n, of->prefix);
	}
	for (size_t i = 0; i < m->routes.count; i++)
		arena_push(&m->arena, taken, n, m->routes.items[i].to);
	if (network_choose_subnet(family, taken, n, &s->prefix))
		return 0;
	err_set(err,
		"there is no subnet of IPv%d left that neither a network nor a route of the "
		"host has",
		family == AF_INET ? 4 : 6);
	return err_hint(err, "--subnet says which addresses the network has");
}

static int settle_subnet(struct making *m, int family, bool wanted, struct err *err)
{
	struct subnet *s = family == AF_INET6 ? &m->net->v6 : &m->net->v4;
	bool own = m->net->driver == DRIVER_NAT || m->net->driver == DRIVER_BRIDGE;

	if (!has_subnet(s))
		return wanted && own ? choose(m, s, family, err) : 0;
	if (!is_on_parent(m->net) && check_others(m, s, family, err) < 0)
		return -1;
	return own ? check_routes(m, s, err) : 0;
}

/* Of the bridges: the first that nobody has. */
static void settle_number(struct making *m)
{
	bool taken = m->net->driver == DRIVER_BRIDGE;

	while (taken) {
		m->net->number++;
		taken = false;
		for (size_t i = 0; i < m->other_count; i++)
			taken = taken || m->others[i].number == m->net->number;
	}
}

static int settle(struct making *m, const bool wanted[2], struct err *err)
{
	if (settle_subnet(m, AF_INET, wanted[0], err) < 0 ||
		settle_subnet(m, AF_INET6, wanted[1], err) < 0)
		return -1;
	settle_number(m);
	if (network_complete(m->net, err) < 0)
		return -1;
	if (has_subnet(&m->net->v4) || has_subnet(&m->net->v6) || m->net->driver == DRIVER_ROUTED)
		return 0;
	err_set(err,
		"a network of the driver %s has the addresses of the network that it is in: "
		"which?",
		network_driver_name(m->net->driver));
	return err_hint(err, "--subnet ADDRESS/LENGTH, and --gateway");
}

static int make(const struct store *store, int fd, struct making *m, const bool wanted[2],
	struct err *err)
{
	if (networks_all(store, &m->arena, &m->others, &m->other_count, err) < 0 ||
		host_routes_read(&m->routes, err) < 0 || settle(m, wanted, err) < 0)
		return -1;
	return network_write(fd, m->net, err);
}

int network_create(const struct store *store, struct network *net, const bool wanted[2],
	struct err *err)
{
	autofd int fd = networks_open(store, NETWORKS_CHANGE, err);
	struct making m = {.net = net};
	int r;

	if (fd < 0)
		return -1;
	r = make(store, fd, &m, wanted, err);
	host_routes_free(&m.routes);
	networks_free(m.others, m.other_count);
	arena_free(&m.arena);
	if (r == 0)
		network_tell(store, net->name, "create");
	return r;
}

/* "a, b and 3 more". */
static char *users(const struct network_uses *uses, const char *name, struct arena *a,
	const char **ret_first)
{
	char *text = arena_strdup(a, "");
	size_t n = 0;

	for (size_t i = 0; i < uses->count; i++) {
		if (strcmp(uses->items[i].network, name) != 0)
			continue;
		if (n++ == 0)
			*ret_first = uses->items[i].container;
		if (n <= 3)
			text = arena_printf(a, "%s%s%s", text, n > 1 ? ", " : "",
				uses->items[i].container);
	}
	return n > 3 ? arena_printf(a, "%s and %zu more", text, n - 3) : text;
}

static int refuse_used(const struct network_uses *uses, const char *name, struct err *err)
{
	struct arena a = {NULL};
	const char *first = NULL;
	char *text = users(uses, name, &a, &first);

	if (first) {
		err_set(err, "the network %s is used by %s", name, text);
		err->sys = EBUSY;
		err_hint(err, "ctr rm %s first", first);
	}
	arena_free(&a);
	return first ? -1 : 0;
}

int network_remove(const struct store *store, const char *name, const struct network_uses *uses,
	struct err *err)
{
	autofd int fd = -1;
	struct network net;

	/* One whose document makes no sense can go. */
	if (network_read(store, name, &net, err) == 0)
		network_free(&net);
	else if (err->sys == ENOENT)
		return -1;
	fd = networks_open(store, NETWORKS_CHANGE, err);
	if (fd < 0 || refuse_used(uses, name, err) < 0)
		return -1;
	if (network_unlink(fd, name, err) < 0) {
		if (err->sys != ENOENT)
			return -1;
		err_set(err, "the network %s is always there", name);
		err->sys = EPERM;
		return -1;
	}
	network_tell(store, name, "destroy");
	return 0;
}
