#include "net/veth.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LOOPBACK_INDEX = 1, ADDR_GEN_MODE_NONE = 1 };
enum {
	OPER_UP = 6 /* IF_OPER_UP of linux/if.h, which net/if.h cannot be beside */,
	UP_NAP_US = 200,
	UP_TRIES = 10000
};

/* One queue: the kernel's default is one a processor, each with files in sysfs and events of its own. */
static void put_end(struct nlmsghdr *h, const char *name, const struct mac *mac, uint32_t mtu)
{
	mnl_attr_put_strz(h, IFLA_IFNAME, name);
	mnl_attr_put(h, IFLA_ADDRESS, sizeof(mac->bytes), mac->bytes);
	mnl_attr_put_u32(h, IFLA_NUM_TX_QUEUES, 1);
	mnl_attr_put_u32(h, IFLA_NUM_RX_QUEUES, 1);
	if (mtu)
		mnl_attr_put_u32(h, IFLA_MTU, mtu);
}

static void put_pair(struct netlink_batch *b, const struct veth *v, int netns)
{
	struct nlattr *info, *data, *peer;
	struct ifinfomsg *link, *other;
	struct nlmsghdr *h = netlink_put(b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(*link),
		&link);

	link->ifi_index = (int)v->index;
	put_end(h, v->host, &v->host_mac, v->mtu);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	peer = mnl_attr_nest_start(h, VETH_INFO_PEER);
	other = mnl_nlmsg_put_extra_header(h, sizeof(*other));
	other->ifi_index = (int)v->index_inside;
	put_end(h, v->inside, &v->inside_mac, v->mtu);
	mnl_attr_put_u32(h, IFLA_NET_NS_FD, (uint32_t)netns);
	mnl_attr_nest_end(h, peer);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
}

static void put_up(struct netlink_batch *b, uint32_t index)
{
	struct ifinfomsg *link;

	netlink_put(b, RTM_SETLINK, 0, sizeof(*link), &link);
	link->ifi_index = (int)index;
	link->ifi_flags = link->ifi_change = IFF_UP;
}

/* Before it is up. Link-local addresses nobody asked for; each costs the host some time for every other. */
static void put_conf(struct netlink_batch *b, uint32_t index, bool of_host)
{
	static const uint16_t on[] = {IPV4_DEVCONF_FORWARDING, IPV4_DEVCONF_ROUTE_LOCALNET};
	struct nlattr *spec, *inet, *conf;
	struct ifinfomsg *link;
	struct nlmsghdr *h = netlink_put(b, RTM_SETLINK, 0, sizeof(*link), &link);

	link->ifi_index = (int)index;
	spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	if (of_host) {
		inet = mnl_attr_nest_start(h, AF_INET);
		conf = mnl_attr_nest_start(h, IFLA_INET_CONF);
		for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++)
			mnl_attr_put_u32(h, on[i], 1);
		/* The table checks the source of IPv4 and of IPv6, but does not see ARP: without this, a request with a
		 * forged sender makes an entry in the one table of neighbours. */
		mnl_attr_put_u32(h, IPV4_DEVCONF_RP_FILTER, 1);
		mnl_attr_nest_end(h, conf);
		mnl_attr_nest_end(h, inet);
	}
	inet = mnl_attr_nest_start(h, AF_INET6);
	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(h, inet);
	mnl_attr_nest_end(h, spec);
}

static const struct address *gateway_of(const struct veth *v, int family)
{
	return family == AF_INET ? &v->gateway4 : &v->gateway6;
}

struct route {
	const struct address *to;     /* NULL: to all of the family */
	const struct address *via;    /* or NULL: on the link */
	const struct address *source; /* what we are to whom we reach by it, or NULL */
	int family;
	uint32_t index;
};

static void put_route(struct netlink_batch *b, const struct route *r, uint16_t how)
{
	struct rtmsg *m;
	struct nlmsghdr *h = netlink_put(b, RTM_NEWROUTE, NLM_F_CREATE | how, sizeof(*m), &m);

	m->rtm_family = (unsigned char)r->family;
	m->rtm_dst_len = r->to ? (unsigned char)(8 * address_length(r->to)) : 0;
	m->rtm_table = RT_TABLE_MAIN;
	m->rtm_protocol = RTPROT_STATIC;
	m->rtm_scope = r->via || r->family == AF_INET6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	m->rtm_type = RTN_UNICAST;
	if (r->to)
		mnl_attr_put(h, RTA_DST, address_length(r->to), r->to->bytes);
	if (r->via)
		mnl_attr_put(h, RTA_GATEWAY, address_length(r->via), r->via->bytes);
	if (r->source)
		mnl_attr_put(h, RTA_PREFSRC, address_length(r->source), r->source->bytes);
	mnl_attr_put_u32(h, RTA_OIF, r->index);
}

/* Who asks nobody waits for nobody, and takes no lies; and the table of neighbours has an end. */
static void put_neighbour(struct netlink_batch *b, uint32_t index, const struct address *a,
	const struct mac *mac)
{
	struct ndmsg *m;
	struct nlmsghdr *h = netlink_put(b, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*m),
		&m);

	m->ndm_family = (unsigned char)a->family;
	m->ndm_ifindex = (int)index;
	m->ndm_state = NUD_PERMANENT;
	mnl_attr_put(h, NDA_DST, address_length(a), a->bytes);
	mnl_attr_put(h, NDA_LLADDR, sizeof(mac->bytes), mac->bytes);
}

static void put_address(struct netlink_batch *b, uint32_t index, const struct address *a)
{
	struct ifaddrmsg *m;
	struct nlmsghdr *h = netlink_put(b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*m), &m);

	m->ifa_family = (unsigned char)a->family;
	m->ifa_prefixlen = (unsigned char)(8 * address_length(a));
	m->ifa_index = index;
	mnl_attr_put(h, IFA_LOCAL, address_length(a), a->bytes);
	mnl_attr_put(h, IFA_ADDRESS, address_length(a), a->bytes);
	mnl_attr_put_u32(h, IFA_FLAGS, IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_PERMANENT);
}

static void put_routes(struct netlink_batch *b, const struct veth *v, uint16_t how)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct address *a = &v->addresses[i], *gateway = gateway_of(v, a->family);

		put_route(b,
			&(struct route){.to = a,
				.source = gateway->family ? gateway : NULL,
				.family = a->family,
				.index = v->index},
			how);
		put_neighbour(b, v->index, a, &v->inside_mac);
	}
}

int veth_make(struct netlink *host, const struct veth *v, int netns, struct err *err)
{
	autobatch struct netlink_batch b = {NULL};
	unsigned failed, device;

	put_pair(&b, v, netns);
	put_conf(&b, v->index, true);
	put_up(&b, v->index);
	device = b.count;
	put_routes(&b, v, NLM_F_EXCL);
	if (netlink_run(host, &b, &failed) == 0)
		return 0;
	/* A source that is not ours. */
	if (failed >= device && errno == EINVAL)
		errno = EADDRNOTAVAIL;
	return err_sys(err,
		failed == 0       ? "make the network device %s"
		: failed < device ? "set up the network device %s"
				  : "route the addresses of the network device %s",
		v->host);
}

int veth_route(struct netlink *host, const struct veth *v, struct err *err)
{
	autobatch struct netlink_batch b = {NULL};
	unsigned failed;

	put_routes(&b, v, NLM_F_REPLACE);
	return netlink_run(host, &b, &failed) < 0
		       ? err_sys(err, "route the addresses of the network device %s", v->host)
		       : 0;
}

void veth_unroute(struct netlink *host, const struct veth *v)
{
	autobatch struct netlink_batch b = {NULL};
	unsigned failed;

	for (size_t i = 0; i < v->count; i++) {
		const struct address *a = &v->addresses[i];
		struct rtmsg *m;
		struct nlmsghdr *h = netlink_put(&b, RTM_DELROUTE, 0, sizeof(*m), &m);

		m->rtm_family = (unsigned char)a->family;
		m->rtm_dst_len = (unsigned char)(8 * address_length(a));
		m->rtm_table = RT_TABLE_MAIN;
		m->rtm_scope = RT_SCOPE_NOWHERE;
		mnl_attr_put(h, RTA_DST, address_length(a), a->bytes);
		mnl_attr_put_u32(h, RTA_OIF, v->index);
	}
	/* Those that are gone are what we want. */
	netlink_run(host, &b, &failed);
}

static void put_way_out(struct netlink_batch *b, const struct veth *v,
	const struct address *gateway, bool is_default)
{
	struct route r = {.to = gateway, .family = gateway->family, .index = v->index_inside};

	if (!gateway->family)
		return;
	put_route(b, &r, NLM_F_EXCL);
	put_neighbour(b, v->index_inside, gateway, &v->host_mac);
	r.to = NULL;
	r.via = gateway;
	if (is_default)
		put_route(b, &r, NLM_F_EXCL);
}

int veth_set_up_inside(struct netlink *inside, const struct veth *v, bool with_loopback,
	struct err *err)
{
	autobatch struct netlink_batch b = {NULL};
	unsigned failed;

	if (with_loopback)
		put_up(&b, LOOPBACK_INDEX);
	put_conf(&b, v->index_inside, false);
	put_up(&b, v->index_inside);
	for (size_t i = 0; i < v->count; i++)
		put_address(&b, v->index_inside, &v->addresses[i]);
	put_way_out(&b, v, &v->gateway4, v->default4);
	put_way_out(&b, v, &v->gateway6, v->default6);
	return netlink_run(inside, &b, &failed) < 0
		       ? err_sys(err, "set up %s in the container", v->inside)
		       : 0;
}

int veth_remove(struct netlink *host, const char *name, struct err *err)
{
	autobatch struct netlink_batch b = {NULL};
	struct ifinfomsg *link;
	unsigned failed;

	mnl_attr_put_strz(netlink_put(&b, RTM_DELLINK, 0, sizeof(*link), &link), IFLA_IFNAME, name);
	if (netlink_run(host, &b, &failed) == 0 || errno == ENODEV)
		return 0;
	return err_sys(err, "remove the network device %s", name);
}

static int take_operstate(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == IFLA_OPERSTATE)
		*(bool *)arg = mnl_attr_get_u8(a) == OPER_UP;
	return MNL_CB_OK;
}

static void hear_link(const struct nlmsghdr *h, void *arg)
{
	mnl_attr_parse(h, sizeof(struct ifinfomsg), take_operstate, arg);
}

static void hear_no_link(unsigned place, int error, void *arg)
{
	(void)place;
	(void)error;
	*(bool *)arg = true;
}

static bool is_up(struct netlink *route, uint32_t index)
{
	autobatch struct netlink_batch b = {NULL};
	struct ifinfomsg *m;
	bool up = false;

	netlink_put(&b, RTM_GETLINK, 0, sizeof(*m), &m);
	m->ifi_index = (int)index;
	return netlink_ask(route, &b, &(struct netlink_hearing){hear_link, hear_no_link, &up}) <
		       0 ||
	       up;
}

void veth_await_up(struct netlink *route, const struct veth *v)
{
	for (int i = 0; i < UP_TRIES && !is_up(route, v->index); i++)
		usleep(UP_NAP_US);
}
