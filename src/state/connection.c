#include "state/connection.h"

#include "base/fd.h"
#include "base/file.h"
#include "net/holder.h"
#include "net/hostns.h"
#include "net/planfile.h"
#include "ns/idmap.h"
#include "ns/rights.h"
#include "state/names.h"
#include "state/networks.h"
#include "state/process.h"
#include "state/resource.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_wanted(const struct spec *spec)
{
	return spec->network.attachment_count > 0;
}

/* ctr-net is on its way while the id range is found, which the plan needs. */
static int make(struct container *c, const struct spec *spec, struct err *err)
{
	struct connection *n = calloc(1, sizeof(*n));

	(void)spec;
	if (!n)
		return err_sys(err, "start %s", c->record.name);
	*n = (struct connection){.handover = HANDOVER_NONE, .holders = -1, .resolver = {-1, -1}};
	c->connection = n;
	if (rights_get() != RIGHTS_HOST) {
		err_set(err, "a network of its own takes root's rights on the host");
		return err_hint(err, "--net host or none, or run ctr as root");
	}
	if (handover_begin(&n->handover, c->state_fd, true, err) < 0)
		return -1;
	return 0;
}

static int explain_taken(const struct container *c, const struct network_port *p, uint16_t port,
	struct err *err)
{
	const struct network_port one = {p->host, port, 1, p->port, 1, p->proto};
	const struct address none = {0};
	char owner[64], name[RECORD_NAME_MAX + 1];

	if (connection_publisher(c, &one, name))
		err_set(err, "--publish: port %u/%s of the host is taken by the container %s", port,
			network_proto_name(p->proto), name);
	else if (port_owner(address_kind(&p->host) == ADDRESS_ANY ? &none : &p->host, p->proto,
			 port, owner))
		err_set(err, "--publish: port %u/%s of the host is taken by %s", port,
			network_proto_name(p->proto), owner);
	else
		err_set(err, "--publish: port %u/%s of the host is taken", port,
			network_proto_name(p->proto));
	err->sys = EADDRINUSE;
	return err_hint(err, "choose another one, or end that; -p %u takes one that is free",
		p->port);
}

static int explain_port(const struct container *c, const struct network_port *p, uint16_t port,
	struct err *err)
{
	char text[ADDRESS_SIZE];

	if (err->sys == EADDRINUSE)
		return explain_taken(c, p, port, err);
	if (err->sys != EADDRNOTAVAIL)
		return err_wrap(err, "--publish");
	err_set(err, "--publish: %s is no address of this host", address_format(&p->host, text));
	return err_hint(err, "ip address show lists those that it has");
}

/* Both families of a port that is meant for all addresses have one socket: the first of the two. */
static bool is_second(const struct network_plan *plan, size_t i)
{
	const struct network_port *p = &plan->ports[i], *q = i ? p - 1 : NULL;

	return q && address_kind(&p->host) == ADDRESS_ANY &&
	       address_kind(&q->host) == ADDRESS_ANY && p->host.family != q->host.family &&
	       p->proto == q->proto && p->port == q->port && p->count == q->count;
}

/* As many as the container has, at the first place where all are free. */
static int hold_range(const struct container *c, struct holder *h, struct network_port *p,
	struct err *err)
{
	const struct address none = {0};
	const struct address *host = address_kind(&p->host) == ADDRESS_ANY ? &none : &p->host;
	const unsigned choices = p->host_port && p->host_count > p->count ? p->host_count : 1;

	for (unsigned first = 0; first < choices; first++) {
		uint16_t port = p->host_port ? (uint16_t)(p->host_port + first) : 0;
		unsigned k = 0;
		int r = 0;

		if (choices == 1 && p->host_port) {
			for (; r == 0 && k < p->count; k++)
				r = holder_add(h, host, p->proto, &(uint16_t){(uint16_t)(port + k)},
					err);
		} else {
			r = holder_add(h, host, p->proto, &port, err);
		}
		if (r == 0) {
			p->host_port = port;
			p->host_count = p->count;
			return 0;
		}
		if (err->sys != EADDRINUSE || first + 1 == choices)
			return explain_port(c, p, (uint16_t)(port + (k ? k - 1 : 0)), err);
	}
	return 0;
}

static int hold_ports(const struct container *c, struct err *err)
{
	struct connection *n = c->connection;
	struct holder h = HOLDER_NONE;

	for (size_t i = 0; i < n->plan.port_count; i++) {
		struct network_port *p = &n->plan.ports[i];

		if (is_second(&n->plan, i)) {
			p->host_port = p[-1].host_port;
			p->host_count = p[-1].host_count;
		} else if (hold_range(c, &h, p, err) < 0) {
			holder_drop(&h);
			return -1;
		}
	}
	return n->plan.port_count ? holder_finish(&h, &n->holders, err) : 0;
}

static int write_plan(struct container *c, struct err *err)
{
	struct network_plan *plan = &c->connection->plan;
	struct hostns here;

	if (hostns_own(&here, err) < 0)
		return -1;
	plan->host_boot = c->record.boot_id;
	plan->host_cookie = here.cookie;
	plan->host_inode = here.inode;
	return plan_write(c->state_fd, plan, err);
}

/* So that of two containers with a subnet as large as the default one, whose addresses are by their id ranges, none gets what is
 * another's by that. */
static uint64_t stride(const struct subnet *s)
{
	return subnet_capacity(s) > 2 * IDMAP_RANGES ? IDMAP_RANGES : 1;
}

static int choose_others(struct container *c, const struct network *networks, struct err *err)
{
	struct network_plan *plan = &c->connection->plan;

	for (size_t i = 0; c->address_try && i < plan->attachment_count; i++) {
		struct plan_attachment *a = &plan->attachments[i];

		for (size_t k = a->asked; k < a->address_count; k++) {
			const int family = a->addresses[k].address.family;
			const struct subnet *s = network_subnet(&networks[i], family);
			struct address to;

			if (!subnet_candidate(s, plan->slot, c->address_try * stride(s), &to))
				return err_set(err, "the network %s has no address left",
					a->network);
			network_plan_move(a, &to);
		}
	}
	return 0;
}

/* 1, 0, or -1. What is switched off for interfaces that are still to come, is for ours. */
static int has_ipv6(struct err *err)
{
	char value[8];

	if (file_peek(AT_FDCWD, "/proc/sys/net/ipv6/conf/default/disable_ipv6", value,
		    sizeof(value)) >= 0)
		return value[0] == '0';
	return errno == ENOENT ? 0 : err_sys(err, "see whether this host has IPv6");
}

/* Where the host has no IPv6, a container has none either, unless it was asked for. */
static int fit_to_host(struct network *nets, const struct spec *spec, struct err *err)
{
	int r = has_ipv6(err);

	if (r != 0)
		return r < 0 ? -1 : 0;
	for (size_t i = 0; i < spec->network.attachment_count; i++) {
		const struct network_attachment *a = &spec->network.attachments[i];

		for (size_t k = 0; k < a->address_count; k++)
			if (a->addresses[k].family == AF_INET6) {
				err_set(err, "--ip6: IPv6 is switched off on this host");
				return err_hint(err, "sysctl net.ipv6.conf.all.disable_ipv6=0, or "
						     "the kernel's option ipv6.disable");
			}
		nets[i].v6 = (struct subnet){.prefix = {.length = 0}};
	}
	return 0;
}

static int make_plan(struct container *c, const struct spec *spec, struct err *err)
{
	struct network_plan *plan = &c->connection->plan;
	struct arena a = {NULL};
	struct network *nets;
	int r = networks_of(c->store, spec, &a, &nets, err);

	if (r == 0) {
		r = fit_to_host(nets, spec, err);
		if (r == 0)
			r = network_plan_make(spec, c->record.range, nets, plan, err);
		if (r == 0)
			r = choose_others(c, nets, err);
		networks_free(nets, spec->network.attachment_count);
	}
	arena_free(&a);
	return r;
}

static int claim(struct container *c, const struct spec *spec, struct err *err)
{
	struct connection *n = c->connection;

	if (make_plan(c, spec, err) < 0)
		return -1;
	if (hold_ports(c, err) < 0 || write_plan(c, err) < 0)
		return -1;
	return handover_ask(&n->handover, NETWORK_UP, NULL, err);
}

int connection_child_sock(const struct container *c)
{
	return c->connection ? c->connection->handover.child_sock : -1;
}

void connection_cloned(struct container *c)
{
	if (c->connection && c->connection->handover.child_sock >= 0)
		close(take_fd(&c->connection->handover.child_sock));
}

int connection_add_names(struct container *c, struct err *err)
{
	const struct network_plan *plan = c->connection ? &c->connection->plan : NULL;

	if (!plan)
		return 0;
	return names_add(c->store, plan, err) < 0 ? -1 : names_configure(c->state_fd, plan, err);
}

int connection_finish(struct container *c, bool keep, struct err *err)
{
	struct connection *n = c->connection;
	struct network_answer answer;

	if (!n)
		return 0;
	if (handover_hear(&n->handover, true, &answer, n->resolver, err) < 0)
		return -1;
	if (!keep)
		handover_end(&n->handover, false);
	return 0;
}

void connection_fail(struct container *c)
{
	struct connection *n = c->connection;
	struct err ignored;

	if (!n || n->handover.sock < 0)
		return;
	(void)handover_hear(&n->handover, false, &n->why, NULL, &ignored);
	handover_end(&n->handover, true);
}

void connection_free(struct connection *n)
{
	if (!n)
		return;
	handover_end(&n->handover, false);
	fd_cleanup(&n->holders);
	fd_cleanup(&n->resolver[0]);
	fd_cleanup(&n->resolver[1]);
	network_plan_free(&n->plan);
	free(n);
}

/* Another boot has elements of its own. */
static int is_of_this_boot(const struct container *c, struct err *err)
{
	const char *boot = boot_id(err);

	return boot ? strcmp(boot, c->record.boot_id) == 0 : -1;
}

static int take_down(const struct container *c, struct handover *h, struct network_answer *ret,
	struct err *err)
{
	if (handover_begin(h, c->state_fd, false, err) < 0 ||
		handover_ask(h, NETWORK_DOWN, NULL, err) < 0)
		return -1;
	return handover_hear(h, true, ret, NULL, err);
}

/* What a plan that cannot be read would say is found by names_sweep(). */
static int remove_names(const struct container *c, struct err *err)
{
	struct network_plan plan;
	struct err unread;
	int r;

	if (c->connection)
		return names_remove(c->store, &c->connection->plan, err);
	if (plan_read(c->state_fd, &plan, &unread) <= 0)
		return 0;
	r = names_remove(c->store, &plan, err);
	network_plan_free(&plan);
	return r;
}

/* By the ctr-net of the start, if it is still there: somebody may have killed it. */
static bool was_taken_down(struct handover *h, struct network_answer *ret)
{
	struct err ignored;

	return h->sock >= 0 && handover_ask(h, NETWORK_DOWN, NULL, &ignored) == 0 &&
	       handover_hear(h, true, ret, NULL, &ignored) == 0;
}

static int remove_all(const struct container *c, struct err *err)
{
	struct handover h = HANDOVER_NONE;
	struct network_answer answer;
	struct stat st;
	int r;

	if (fstatat(c->state_fd, NETWORK_PLAN_FILE, &st, 0) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "look for " NETWORK_PLAN_FILE);
	r = remove_names(c, err) < 0 ? -1 : is_of_this_boot(c, err);
	if (r > 0 && c->connection && was_taken_down(&c->connection->handover, &answer))
		handover_leave(&c->connection->handover);
	else if (r > 0)
		r = take_down(c, &h, &answer, err);
	if (r < 0)
		handover_end(&h, true);
	else
		handover_leave(&h);
	if (r < 0)
		return err_wrap(err, "network");
	/* Done once, and not again. */
	return unlinkat(c->state_fd, NETWORK_PLAN_FILE, 0) < 0 && errno != ENOENT
		       ? err_sys(err, "remove " NETWORK_PLAN_FILE)
		       : 0;
}

const struct resource resource_network = {
	.is_wanted = is_wanted,
	.make = make,
	.claim = claim,
	.remove = remove_all,
};
