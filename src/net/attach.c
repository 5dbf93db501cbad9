#include "net/attach.h"

#include "base/fd.h"
#include "base/fdpass.h"
#include "net/flows.h"
#include "net/gateway.h"
#include "net/hostns.h"
#include "net/nftable.h"
#include "net/planelements.h"
#include "net/planfile.h"
#include "net/restore.h"
#include "net/veth.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Numbers that the kernel gives to no device of its own accord for a long time: so that all that is to be done to a device can
 * be sent with its making. */
enum { FIRST_INDEX = 0x40000000, FIRST_INSIDE = 64 };
enum { RESOLVER_PORT = 61053 }; /* where nftable/resolver.nft leads port 53 to */
#define RESOLVER_ADDRESS "127.0.0.11"

struct work {
	struct network_plan plan;
	struct element_list elements;
	char owner[OWNER_SIZE];
	int state_fd;
};

static void work_end(struct work *w)
{
	network_plan_free(&w->plan);
}
#define autowork __attribute__((cleanup(work_end)))

/* They are left open until we end: closing one of nf_tables waits until all that was removed from it is free, which takes the
 * kernel milliseconds. */
static struct netlink route = NETLINK_CLOSED, filter = NETLINK_CLOSED;
/* In the container's network namespace, which it keeps. */
static struct netlink filter_inside = NETLINK_CLOSED;

static int open_sockets(struct err *err)
{
	if (filter.fd < 0 && netlink_open(NETLINK_NETFILTER, &filter) < 0) {
		err_sys(err, "open a socket to nf_tables");
		return err_hint(err, "this kernel has no nf_tables: modprobe nf_tables, or run "
				     "with --net none or host");
	}
	return route.fd < 0 && netlink_open(NETLINK_ROUTE, &route) < 0
		       ? err_sys(err, "open a socket of netlink")
		       : 0;
}

/* 1; 0 if there is none. */
static int work_begin(struct work *w, int state_fd, struct err *err)
{
	int r = plan_read(state_fd, &w->plan, err);

	if (r <= 0)
		return r;
	w->state_fd = state_fd;
	plan_elements(&w->plan, &w->elements);
	plan_owner(&w->plan, w->owner);
	return 1;
}

/* Of somebody else, in our way. */
static const struct element *find_foreign(const struct work *w)
{
	for (size_t i = 0; i < w->elements.count; i++) {
		const struct element *e = &w->elements.items[i];

		if (e->there && strcmp(e->owner, w->owner) != 0)
			return e;
	}
	return NULL;
}

/* Of the plan, and not asked for by anybody. */
static bool is_chosen(const struct network_plan *plan, const struct address *a)
{
	for (size_t i = 0; i < plan->attachment_count; i++) {
		const struct plan_attachment *p = &plan->attachments[i];

		for (size_t k = p->asked; k < p->address_count; k++)
			if (address_is_equal(&p->addresses[k].address, a))
				return true;
	}
	return false;
}

static int name_foreign(struct work *w, struct network_answer *ret, struct err *err)
{
	struct address address;
	const struct element *e;

	if (elements_ask(&filter, w->elements.items, w->elements.count, err) < 0)
		return -1;
	e = find_foreign(w);
	/* Our own, put back by somebody who found the table empty. */
	if (!e)
		return elements_put(&filter, w->elements.items, w->elements.count, w->owner, err);
	snprintf(ret->owner, sizeof(ret->owner), "%s", e->owner);
	element_describe(e, ret->taken, sizeof(ret->taken), &address);
	ret->chosen = address.family && is_chosen(&w->plan, &address);
	err_set(err, "%s is taken by another container", ret->taken);
	err->sys = EEXIST;
	return -1;
}

static int claim(struct work *w, struct network_answer *ret, struct err *err)
{
	const struct element_list *l = &w->elements;

	if (elements_add(&filter, l->items, l->count, w->owner, err) == 0)
		return 0;
	if (err->sys == ENOENT) {
		if (restore_table(&route, &filter, w->state_fd, err) < 0)
			return -1;
		if (elements_add(&filter, l->items, l->count, w->owner, err) == 0)
			return 0;
	}
	return err->sys == EEXIST ? name_foreign(w, ret, err) : -1;
}

/* Of connections there is always a first packet; of what has none, one that was on its way before a port was published would go
 * on past it. */
static int forget_old_flows(struct work *w, struct err *err)
{
	for (size_t i = 0; i < w->plan.port_count; i++) {
		const struct network_port *p = &w->plan.ports[i];

		if (p->proto == IPPROTO_UDP && flows_forget_ports(&filter, p->host.family, p->proto,
						       p->host_port, p->count, err) < 0)
			return -1;
	}
	return 0;
}

/* One set of them is enough for most. */
enum { ADDRESSES = 512 };

struct pair {
	struct veth veth;
	struct address addresses[ADDRESSES];
};

static void pair_of(const struct work *w, size_t i, struct pair *ret)
{
	const struct plan_attachment *a = &w->plan.attachments[i];
	struct veth *v = &ret->veth;

	*v = (struct veth){
		.host = a->device,
		.inside = a->inside,
		.index = (uint32_t)(FIRST_INDEX | w->plan.slot << 8 | i),
		.index_inside = (uint32_t)(FIRST_INSIDE + i),
		.host_mac = a->host_mac,
		.inside_mac = a->mac,
		.mtu = a->mtu,
		.addresses = ret->addresses,
		.default4 = a->default4,
		.default6 = a->default6,
	};
	for (size_t k = 0; k < a->address_count && k < ADDRESSES; k++)
		ret->addresses[v->count++] = a->addresses[k].address;
	for (size_t k = 0; k < a->gateway_count; k++)
		*(a->gateways[k].family == AF_INET ? &v->gateway4 : &v->gateway6) = a->gateways[k];
}

/* A device that is in the way is that of a dead container which had this id range: nobody else has such a name. */
static int make_pair(const struct plan_attachment *a, const struct veth *v, int netns,
	struct err *err)
{
	int r = veth_make(&route, v, netns, err);

	if (r < 0 && err->sys == EEXIST) {
		if (veth_remove(&route, v->host, err) < 0)
			return -1;
		r = veth_make(&route, v, netns, err);
	}
	if (r == 0 || err->sys != EADDRNOTAVAIL)
		return r;
	if (restore_network(&route, &filter, a, err) < 0)
		return -1;
	return veth_route(&route, v, err);
}

static int bind_resolver(int kind, int *ret)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(RESOLVER_PORT)};
	autofd int fd = socket(AF_INET, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	inet_pton(AF_INET, RESOLVER_ADDRESS, &at.sin_addr);
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
		(kind == SOCK_STREAM && listen(fd, SOMAXCONN) < 0))
		return -1;
	*ret = take_fd(&fd);
	return 0;
}

static int set_up_resolver(int ret_resolver[2], struct err *err)
{
	if (netlink_open(NETLINK_NETFILTER, &filter_inside) < 0 ||
		nftable_add(&filter_inside, &nftable_resolver) < 0)
		return err_sys(err, "lead port 53 of " RESOLVER_ADDRESS " to the resolver");
	if (bind_resolver(SOCK_DGRAM, &ret_resolver[0]) < 0 ||
		bind_resolver(SOCK_STREAM, &ret_resolver[1]) < 0)
		return err_sys(err, "have port %d of " RESOLVER_ADDRESS " in the container",
			RESOLVER_PORT);
	return 0;
}

void attach_leave(void)
{
	netlink_close(&filter_inside);
}

/* In the container's namespace. */
static int set_up_inside(const struct work *w, struct pair *p, int ret_resolver[2], struct err *err)
{
	autonetlink struct netlink inside = NETLINK_CLOSED;

	if (netlink_open(NETLINK_ROUTE, &inside) < 0)
		return err_sys(err, "open a socket of netlink in the container's network");
	for (size_t i = 0; i < w->plan.attachment_count; i++) {
		pair_of(w, i, p);
		if (veth_set_up_inside(&inside, &p->veth, i == 0, err) < 0)
			return -1;
	}
	return set_up_resolver(ret_resolver, err);
}

static int enter(int netns, struct err *err)
{
	return setns(netns, CLONE_NEWNET) < 0 ? err_sys(err, "enter a network namespace") : 0;
}

static int connect_container(struct work *w, int netns, int ret_resolver[2], struct err *err)
{
	autofd int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	static struct pair p;
	int r;

	if (own < 0)
		return err_sys(err, "open /proc/self/ns/net");
	for (size_t i = 0; i < w->plan.attachment_count; i++) {
		pair_of(w, i, &p);
		if (make_pair(&w->plan.attachments[i], &p.veth, netns, err) < 0)
			return -1;
	}
	if (enter(netns, err) < 0)
		return -1;
	r = set_up_inside(w, &p, ret_resolver, err);
	if (enter(own, r < 0 ? &(struct err){0} : err) < 0)
		return -1;
	for (size_t i = 0; r == 0 && i < w->plan.attachment_count; i++) {
		pair_of(w, i, &p);
		veth_await_up(&route, &p.veth);
	}
	return r;
}

int attach_up(int state_fd, int child_sock, int ret_resolver[2], struct network_answer *ret,
	struct err *err)
{
	autowork struct work w = {.state_fd = -1};
	autofd int netns = -1;
	int r = work_begin(&w, state_fd, err);

	if (r == 0)
		return err_set(err, "there is no " NETWORK_PLAN_FILE);
	if (r < 0 || open_sockets(err) < 0 || claim(&w, ret, err) < 0 ||
		forget_old_flows(&w, err) < 0)
		return -1;
	if (fds_receive(child_sock, &netns, 1, err) < 0)
		return err_wrap(err, "the network of the container's process");
	return connect_container(&w, netns, ret_resolver, err);
}

/* To where the plan's host is, which may be another network namespace than ours. 1; 0 if it is no more. */
static int go_to_host(const struct network_plan *plan, struct err *err)
{
	const struct hostns ns = {plan->host_cookie, plan->host_inode};
	autofd int fd = -1;
	bool gone;

	if (hostns_find(&ns, &fd, &gone, err) < 0)
		return -1;
	if (gone)
		return 0;
	return fd >= 0 && enter(fd, err) < 0 ? -1 : 1;
}

static void count(const struct work *w, struct network_counts *c)
{
	for (size_t i = 0; i < w->elements.count; i++) {
		const struct element *e = &w->elements.items[i];
		const int v6 = e->set[strlen(e->set) - 1] == '6';

		if (!e->there || strcmp(e->owner, w->owner) != 0)
			continue;
		if (strncmp(e->set, "own", 3) == 0) {
			c->packets_out[v6] += e->packets;
			c->bytes_out[v6] += e->bytes;
		} else if (strncmp(e->set, "in", 2) == 0) {
			c->packets_in[v6] += e->packets;
			c->bytes_in[v6] += e->bytes;
		}
	}
}

static const unsigned char *address_in(const struct element *e)
{
	return e->key + e->key_length - (e->set[strlen(e->set) - 1] == '6' ? 16 : 4);
}

static bool has_counted(const struct work *w, const struct address *a)
{
	for (size_t i = 0; i < w->elements.count; i++) {
		const struct element *e = &w->elements.items[i];

		if (e->packets && !e->data_length && e->key_length >= address_length(a) &&
			memcmp(address_in(e), a->bytes, address_length(a)) == 0)
			return true;
	}
	return false;
}

/* What nobody sent to or from, no connection knows. Only once nothing leads to the addresses any more. */
static int forget_flows(struct work *w, struct err *err)
{
	for (size_t i = 0; i < w->plan.attachment_count; i++) {
		const struct plan_attachment *p = &w->plan.attachments[i];

		for (size_t k = 0; k < p->address_count; k++) {
			const struct address *a = &p->addresses[k].address;

			if (has_counted(w, a) && flows_forget(&filter, a, 1, err) < 0)
				return -1;
		}
	}
	return 0;
}

/* The devices go with the namespace, but later: until then nobody else could have the addresses. */
static void remove_routes(struct work *w)
{
	for (size_t i = 0; i < w->plan.attachment_count; i++) {
		struct pair p;

		pair_of(w, i, &p);
		veth_unroute(&route, &p.veth);
	}
}

/* A kernel without nf_tables has nothing of ours. */
static bool has_none(const struct err *err)
{
	return err->sys == EPROTONOSUPPORT || err->sys == EAFNOSUPPORT || err->sys == EOPNOTSUPP;
}

int attach_down(int state_fd, struct network_counts *ret, struct err *err)
{
	autowork struct work w = {.state_fd = -1};
	int r = work_begin(&w, state_fd, err);

	if (r > 0)
		r = go_to_host(&w.plan, err);
	if (r <= 0)
		return r;
	if (open_sockets(err) < 0)
		return has_none(err) ? 0 : -1;
	if (elements_remove(&filter, w.elements.items, w.elements.count, w.owner, err) < 0)
		return has_none(err) ? 0 : -1;
	remove_routes(&w);
	count(&w, ret);
	return forget_flows(&w, err);
}

int attach_evict(int state_fd, const char *owner, struct err *err)
{
	autowork struct work w = {.state_fd = -1};
	int r = work_begin(&w, state_fd, err);

	if (r <= 0)
		return r;
	if (open_sockets(err) < 0)
		return -1;
	return elements_remove(&filter, w.elements.items, w.elements.count, owner, err);
}

/* The routes to a container go with the address that its packets come from. */
static int restore_way(struct work *w, size_t i, struct err *err)
{
	static struct pair p;

	if (restore_network(&route, &filter, &w->plan.attachments[i], err) < 0)
		return -1;
	pair_of(w, i, &p);
	return veth_route(&route, &p.veth, err) < 0 && err->sys != EEXIST ? -1 : 0;
}

int attach_restore(int state_fd, struct err *err)
{
	autowork struct work w = {.state_fd = -1};
	int r = work_begin(&w, state_fd, err);
	struct hostns here;

	if (r <= 0)
		return r;
	if (hostns_own(&here, err) < 0 || open_sockets(err) < 0)
		return -1;
	if (w.plan.host_cookie != here.cookie)
		return 0;
	r = restore_table(&route, &filter, state_fd, err);
	for (size_t i = 0; r == 0 && i < w.plan.attachment_count; i++)
		r = restore_way(&w, i, err);
	return r < 0 ? -1 : elements_put(&filter, w.elements.items, w.elements.count, w.owner, err);
}
