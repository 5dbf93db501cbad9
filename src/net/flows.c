#include "net/flows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

/* Bits of a filter (Linux 5.8), which no header for programs has. */
enum { BY_SOURCE = 1 << 0, BY_PROTO = 1 << 3, BY_PORT = 1 << 5 };

struct found {
	struct netlink_batch remove;
	int family;
	unsigned port, count; /* only those to these; count 0: all */
};

static struct nlmsghdr *put(struct netlink_batch *b, uint16_t type, int family)
{
	struct nfgenmsg *m;
	struct nlmsghdr *h = netlink_put(b, (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type), 0,
		sizeof(*m), &m);

	m->nfgen_family = (uint8_t)family;
	m->version = NFNETLINK_V0;
	return h;
}

struct parts {
	const struct nlattr *tuple, *id, *zone;
};

static int take(const struct nlattr *a, void *arg)
{
	struct parts *p = arg;

	switch (mnl_attr_get_type(a)) {
	case CTA_TUPLE_ORIG:
		p->tuple = a;
		break;
	case CTA_ID:
		p->id = a;
		break;
	case CTA_ZONE:
		p->zone = a;
		break;
	}
	return MNL_CB_OK;
}

static int take_port(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == CTA_PROTO_DST_PORT)
		*(unsigned *)arg = ntohs(mnl_attr_get_u16(a));
	return MNL_CB_OK;
}

static int take_proto(const struct nlattr *a, void *arg)
{
	return mnl_attr_get_type(a) == CTA_TUPLE_PROTO ? mnl_attr_parse_nested(a, take_port, arg)
						       : MNL_CB_OK;
}

static bool is_to(const struct found *f, const struct nlattr *tuple)
{
	unsigned port = 0;

	if (f->count == 0)
		return true;
	mnl_attr_parse_nested(tuple, take_proto, &port);
	return port >= f->port && port - f->port < f->count;
}

/* By its tuple, and the number that says that it is still the same. */
static void remove_found(const struct nlmsghdr *h, void *arg)
{
	const struct nlattr *all[3];
	struct parts p = {NULL};
	struct found *f = arg;
	struct nlmsghdr *r;

	mnl_attr_parse(h, sizeof(struct nfgenmsg), take, &p);
	if (!p.tuple || !is_to(f, p.tuple))
		return;
	all[0] = p.tuple;
	all[1] = p.id;
	all[2] = p.zone;
	r = put(&f->remove, IPCTNL_MSG_CT_DELETE, f->family);
	for (int i = 0; i < 3; i++)
		if (all[i])
			mnl_attr_put(r, all[i]->nla_type, mnl_attr_get_payload_len(all[i]),
				mnl_attr_get_payload(all[i]));
}

/* One that is gone meanwhile is what we want. */
static int remove_all(struct netlink *nl, struct found *f)
{
	unsigned failed;
	int r = netlink_run(nl, &f->remove, &failed);

	netlink_batch_free(&f->remove);
	return r < 0 && errno != ENOENT ? -1 : 0;
}

static int forget(struct netlink *nl, struct netlink_batch *b, struct found f)
{
	if (netlink_dump(nl, b, remove_found, &f) == 0)
		return remove_all(nl, &f);
	netlink_batch_free(&f.remove);
	return -1;
}

static void put_filter(struct nlmsghdr *h, uint16_t which, uint32_t flags)
{
	struct nlattr *filter = mnl_attr_nest_start(h, CTA_FILTER);

	mnl_attr_put_u32(h, which, flags);
	mnl_attr_nest_end(h, filter);
}

static int forget_source(struct netlink *nl, const struct address *a, bool reply)
{
	autobatch struct netlink_batch b = {NULL};
	struct nlmsghdr *h = put(&b, IPCTNL_MSG_CT_GET, a->family);
	struct nlattr *tuple, *ip;

	put_filter(h, reply ? CTA_FILTER_REPLY_FLAGS : CTA_FILTER_ORIG_FLAGS, BY_SOURCE);
	tuple = mnl_attr_nest_start(h, reply ? CTA_TUPLE_REPLY : CTA_TUPLE_ORIG);
	ip = mnl_attr_nest_start(h, CTA_TUPLE_IP);
	mnl_attr_put(h, a->family == AF_INET ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, address_length(a),
		a->bytes);
	mnl_attr_nest_end(h, ip);
	mnl_attr_nest_end(h, tuple);
	return forget(nl, &b, (struct found){.family = a->family});
}

/* Without connection tracking there is none. */
static int explain(struct err *err)
{
	if (errno == EINVAL || errno == EOPNOTSUPP)
		return 0;
	return err_sys(err, "forget old connections");
}

int flows_forget(struct netlink *filter, const struct address *a, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i++)
		for (int reply = 0; reply < 2; reply++)
			if (forget_source(filter, &a[i], reply) < 0 && explain(err) < 0)
				return -1;
	return 0;
}

/* The kernel goes through all that it tracks for each request, so a range is one. */
int flows_forget_ports(struct netlink *filter, int family, uint8_t proto, uint16_t port,
	unsigned count, struct err *err)
{
	autobatch struct netlink_batch b = {NULL};
	struct nlmsghdr *h = put(&b, IPCTNL_MSG_CT_GET, family);
	struct found f = {.family = family, .port = port, .count = count};
	struct nlattr *tuple, *nest;

	put_filter(h, CTA_FILTER_ORIG_FLAGS, BY_PROTO | (count == 1 ? BY_PORT : 0));
	tuple = mnl_attr_nest_start(h, CTA_TUPLE_ORIG);
	nest = mnl_attr_nest_start(h, CTA_TUPLE_PROTO);
	mnl_attr_put_u8(h, CTA_PROTO_NUM, proto);
	if (count == 1)
		mnl_attr_put_u16(h, CTA_PROTO_DST_PORT, htons(port));
	mnl_attr_nest_end(h, nest);
	mnl_attr_nest_end(h, tuple);
	return forget(filter, &b, f) < 0 ? explain(err) : 0;
}
