#include "net/obstacle.h"

#include "base/address.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "net/elements.h"
#include "net/nftable.h"
#include "net/veth.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TABLE  "ctr-check" /* of trace.nft */
#define DEVICE "ctr-check"
#define OWNER  "ctr check"

enum { DEVICE_INDEX = 0x6374, PATIENCE_SECONDS = 1, PORT = 9, HOPS = 3 };

/* An address of the default network that no container has, and one of the outside that nobody has. */
static const struct {
	const char *from, *gateway, *to;
} ways[] = {
	{"10.90.255.254", "10.90.0.1", "198.51.100.1"},
	{"fd00:90::ffff:ffff", "fd00:90::1", "2001:db8:ffff::1"},
};

struct probe_way {
	struct address from, gateway, to;
};

static void find_way(int family, struct probe_way *ret)
{
	size_t i = family == AF_INET6;

	address_parse(ways[i].from, &ret->from);
	address_parse(ways[i].gateway, &ret->gateway);
	address_parse(ways[i].to, &ret->to);
}

/* What the kernel tells of one packet. */
struct trace {
	bool begun, passed, dropped;
	uint32_t id;
	char table[OBSTACLE_NAME_SIZE], chain[OBSTACLE_NAME_SIZE];
	uint64_t rule;
	uint32_t verdict;
	uint32_t this_id, type;
	unsigned char kind;
};

static uint64_t big_endian(const struct nlattr *a)
{
	const unsigned char *p = mnl_attr_get_payload(a);
	uint64_t n = 0;

	for (size_t i = 0; i < mnl_attr_get_payload_len(a); i++)
		n = n << 8 | p[i];
	return n;
}

static int take_verdict(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == NFTA_VERDICT_CODE)
		*(uint32_t *)arg = (uint32_t)big_endian(a);
	return MNL_CB_OK;
}

static int take_trace(const struct nlattr *a, void *arg)
{
	struct trace *t = arg;

	switch (mnl_attr_get_type(a)) {
	case NFTA_TRACE_TABLE:
		snprintf(t->table, sizeof(t->table), "%s", mnl_attr_get_str(a));
		break;
	case NFTA_TRACE_CHAIN:
		snprintf(t->chain, sizeof(t->chain), "%s", mnl_attr_get_str(a));
		break;
	case NFTA_TRACE_RULE_HANDLE:
		t->rule = big_endian(a);
		break;
	case NFTA_TRACE_ID:
		t->this_id = (uint32_t)big_endian(a);
		break;
	case NFTA_TRACE_POLICY:
		t->verdict = (uint32_t)big_endian(a);
		break;
	case NFTA_TRACE_VERDICT:
		return mnl_attr_parse_nested(a, take_verdict, &t->verdict);
	default:
		break;
	}
	return MNL_CB_OK;
}

/* Others may have traces of their own: ours is what our table sees first. */
static int hear_trace(const struct nlmsghdr *h, void *arg)
{
	const struct nfgenmsg *m = mnl_nlmsg_get_payload(h);
	struct trace *t = arg, now = {.verdict = UINT32_MAX, .kind = m->nfgen_family};

	if (h->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_TRACE))
		return MNL_CB_OK;
	mnl_attr_parse(h, sizeof(*m), take_trace, &now);
	if (!t->begun) {
		if (strcmp(now.table, TABLE) != 0)
			return MNL_CB_OK;
		t->begun = true;
		t->id = now.this_id;
	}
	if (now.this_id != t->id)
		return MNL_CB_OK;
	if (strcmp(now.table, TABLE) == 0 && strcmp(now.chain, "passed") == 0) {
		t->passed = true;
		return MNL_CB_STOP;
	}
	if (now.verdict != NF_DROP)
		return MNL_CB_OK;
	snprintf(t->table, sizeof(t->table), "%s", now.table);
	snprintf(t->chain, sizeof(t->chain), "%s", now.chain);
	t->rule = now.rule;
	t->kind = now.kind;
	t->dropped = true;
	return MNL_CB_STOP;
}

static int listen_for_traces(struct netlink *ret, struct err *err)
{
	const int group = NFNLGRP_NFTRACE;

	if (netlink_open(NETLINK_NETFILTER, ret) < 0 ||
		setsockopt(ret->fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return err_sys(err, "listen to the traces of nf_tables");
	return 0;
}

static int hear_traces(const struct netlink *nl, struct trace *t, struct err *err)
{
	char buf[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	uint64_t until = deadline_in(PATIENCE_SECONDS);

	while (monotonic_ns() < until) {
		struct pollfd p = {.fd = nl->fd, .events = POLLIN};
		ssize_t n;

		if (poll(&p, 1, deadline_poll_ms(until)) <= 0)
			continue;
		n = recv(nl->fd, buf, sizeof(buf), 0);
		if (n < 0 && errno != ENOBUFS && errno != EINTR)
			return err_sys(err, "read the traces of nf_tables");
		if (n > 0 && mnl_cb_run(buf, (size_t)n, 0, 0, hear_trace, t) == MNL_CB_STOP)
			return 0;
	}
	return 0;
}

/* A network namespace that lasts as long as these are open. */
struct inside {
	int netns, udp;
	struct netlink route;
};

static void inside_close(struct inside *in)
{
	netlink_close(&in->route);
	if (in->udp >= 0)
		close(in->udp);
	if (in->netns >= 0)
		close(in->netns);
}

static int open_within(int family, struct inside *ret, struct err *err)
{
	ret->netns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	ret->udp = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ret->netns < 0 || ret->udp < 0 || netlink_open(NETLINK_ROUTE, &ret->route) < 0)
		return err_sys(err, "open a network namespace to try with");
	return 0;
}

static int inside_open(int family, struct inside *ret, struct err *err)
{
	autofd int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int r;

	if (own < 0 || unshare(CLONE_NEWNET) < 0)
		return err_sys(err, "make a network namespace to try with");
	r = open_within(family, ret, err);
	if (setns(own, CLONE_NEWNET) < 0)
		return err_sys(err, "return to the network namespace of the host");
	return r;
}

/* As a container's, but for the gateways, which the host need not have yet. */
static int connect_inside(struct netlink *host, struct inside *in, const struct probe_way *w,
	struct err *err)
{
	struct veth v = {.host = DEVICE,
		.inside = "eth0",
		.index = DEVICE_INDEX,
		.index_inside = DEVICE_INDEX,
		.host_mac = {{2, 'c', 't', 'r', 0, 1}},
		.inside_mac = {{2, 'c', 't', 'r', 0, 2}},
		.addresses = &w->from,
		.count = 1};
	bool v4 = w->from.family == AF_INET;

	if (veth_make(host, &v, in->netns, err) < 0)
		return -1;
	*(v4 ? &v.gateway4 : &v.gateway6) = w->gateway;
	*(v4 ? &v.default4 : &v.default6) = true;
	return veth_set_up_inside(&in->route, &v, true, err);
}

static int send_one(const struct inside *in, const struct probe_way *w, struct err *err)
{
	union {
		struct sockaddr sa;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} to = {.sa.sa_family = (sa_family_t)w->to.family};
	const int hops = HOPS;

	if (w->to.family == AF_INET) {
		setsockopt(in->udp, IPPROTO_IP, IP_TTL, &hops, sizeof(hops));
		to.v4.sin_port = htons(PORT);
		memcpy(&to.v4.sin_addr, w->to.bytes, sizeof(to.v4.sin_addr));
	} else {
		setsockopt(in->udp, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof(hops));
		to.v6.sin6_port = htons(PORT);
		memcpy(&to.v6.sin6_addr, w->to.bytes, sizeof(to.v6.sin6_addr));
	}
	if (sendto(in->udp, "", 1, 0, &to.sa, sizeof(to)) < 0)
		return err_sys(err, "send a packet to try the host's rules with");
	return 0;
}

/* So that our own table takes it for a container's. */
static struct element source_element(const struct probe_way *w)
{
	struct element e = {.key_length = IFNAMSIZ};
	size_t len = address_length(&w->from);

	snprintf(e.set, sizeof(e.set), "own%c", w->from.family == AF_INET ? '4' : '6');
	memcpy(e.key, DEVICE, sizeof(DEVICE));
	memcpy(e.key + e.key_length, w->from.bytes, len);
	e.key_length = (unsigned char)(e.key_length + len);
	return e;
}

static int trace_one(struct netlink *filter, struct inside *in, const struct probe_way *w,
	struct trace *ret, struct err *err)
{
	autonetlink struct netlink traces = NETLINK_CLOSED;
	struct element e = source_element(w);

	if (listen_for_traces(&traces, err) < 0)
		return -1;
	/* Where there is no table of ours, there is no check of the source. */
	if (elements_put(filter, &e, 1, OWNER, err) < 0 && err->sys != ENOENT)
		return -1;
	if (nftable_load(filter, TABLE, &nftable_trace) < 0)
		return err_sys(err, "make the table \"" TABLE "\" of nf_tables");
	return send_one(in, w, err) < 0 ? -1 : hear_traces(&traces, ret, err);
}

/* The device would go with the namespace, but later. */
static int send_traced(struct netlink *filter, const struct probe_way *w, struct trace *ret,
	struct err *err)
{
	__attribute__((cleanup(inside_close))) struct inside in = {-1, -1, NETLINK_CLOSED};
	autonetlink struct netlink route = NETLINK_CLOSED;
	struct err ignored;
	int r;

	if (inside_open(w->from.family, &in, err) < 0)
		return -1;
	if (netlink_open(NETLINK_ROUTE, &route) < 0)
		return err_sys(err, "open a socket to the host's network");
	veth_remove(&route, DEVICE, &ignored);
	r = connect_inside(&route, &in, w, err);
	if (r == 0)
		r = trace_one(filter, &in, w, ret, err);
	veth_remove(&route, DEVICE, &ignored);
	return r;
}

struct names {
	struct obstacle *o;
	unsigned char kind;
	char table[OBSTACLE_NAME_SIZE], chain[OBSTACLE_NAME_SIZE];
};

static int take_chain(const struct nlattr *a, void *arg)
{
	struct names *n = arg;

	if (mnl_attr_get_type(a) == NFTA_CHAIN_TABLE)
		snprintf(n->table, sizeof(n->table), "%s", mnl_attr_get_str(a));
	if (mnl_attr_get_type(a) == NFTA_CHAIN_NAME)
		snprintf(n->chain, sizeof(n->chain), "%s", mnl_attr_get_str(a));
	return MNL_CB_OK;
}

/* Whose table it is, is told by chains that only they make. */
static void hear_chain(const struct nlmsghdr *h, void *arg)
{
	const struct nfgenmsg *m = mnl_nlmsg_get_payload(h);
	struct names *n = arg;

	mnl_attr_parse(h, sizeof(*m), take_chain, n);
	if (m->nfgen_family != n->kind || strcmp(n->table, n->o->table) != 0)
		return;
	n->o->of_docker = n->o->of_docker || strcmp(n->chain, "DOCKER-USER") == 0;
	n->o->of_ufw = n->o->of_ufw || strcmp(n->chain, "ufw-before-forward") == 0 ||
		       strcmp(n->chain, "ufw6-before-forward") == 0;
}

static int find_owner(struct netlink *filter, struct obstacle *o, unsigned char kind,
	struct err *err)
{
	autobatch struct netlink_batch b = {NULL};
	struct names n = {.o = o, .kind = kind};
	struct nfgenmsg *m;

	netlink_put(&b, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN, 0, sizeof(*m), &m);
	m->nfgen_family = NFPROTO_UNSPEC;
	if (netlink_dump(filter, &b, hear_chain, &n) < 0)
		return err_sys(err, "read the chains of nf_tables");
	return 0;
}

static const char *kind_name(unsigned char kind)
{
	return kind == NFPROTO_IPV4 ? "ip" : kind == NFPROTO_IPV6 ? "ip6" : "inet";
}

static bool has_legacy(int family)
{
	char text[256];

	return file_peek(AT_FDCWD,
		       family == AF_INET ? "/proc/net/ip_tables_names"
					 : "/proc/net/ip6_tables_names",
		       text, sizeof(text)) > 0 &&
	       strstr(text, "filter") != NULL;
}

int obstacle_find(int family, struct obstacle *ret, struct err *err)
{
	autonetlink struct netlink filter = NETLINK_CLOSED;
	struct obstacle o = {.family = family};
	struct trace t = {0};
	struct probe_way w;
	struct element e;
	struct err ignored;
	int r;

	find_way(family, &w);
	e = source_element(&w);
	if (netlink_open(NETLINK_NETFILTER, &filter) < 0)
		return err_sys(err, "open a socket to nf_tables");
	r = send_traced(&filter, &w, &t, err);
	nftable_unload(&filter, TABLE);
	elements_remove(&filter, &e, 1, OWNER, &ignored);
	if (r < 0)
		return -1;
	if (!t.dropped && (t.passed || !has_legacy(family)))
		return 0;
	if (t.dropped) {
		memcpy(o.table, t.table, sizeof(o.table));
		memcpy(o.chain, t.chain, sizeof(o.chain));
		o.rule = t.rule;
		o.kind = kind_name(t.kind);
		if (find_owner(&filter, &o, t.kind, err) < 0)
			return -1;
	}
	*ret = o;
	return 1;
}

void obstacle_describe(const struct obstacle *o, char *ret, size_t size)
{
	const char *packets = o->family == AF_INET ? "IPv4" : "IPv6";

	if (!o->table[0])
		snprintf(ret, size, "%s of containers is dropped by rules of iptables-legacy",
			packets);
	else if (o->rule)
		snprintf(ret, size,
			"%s of containers is dropped in the table \"%s %s\" by the rule with handle %llu "
			"of the chain %s",
			packets, o->kind, o->table, (unsigned long long)o->rule, o->chain);
	else
		snprintf(ret, size,
			"%s of containers is dropped in the table \"%s %s\" by the policy of the "
			"chain %s",
			packets, o->kind, o->table, o->chain);
}

static const char *iptables_of(const struct obstacle *o)
{
	if (!o->table[0])
		return o->family == AF_INET ? "iptables-legacy" : "ip6tables-legacy";
	return o->family == AF_INET ? "iptables" : "ip6tables";
}

void obstacle_cure(const struct obstacle *o, char *ret, size_t size)
{
	const char *iptables = iptables_of(o);

	if (o->of_ufw)
		snprintf(ret, size, "ufw route allow in on ctr+ && ufw route allow out on ctr+");
	else if (strcmp(o->table, "firewalld") == 0)
		snprintf(ret, size,
			"cp " CTR_SHARE "/../doc/ctr/contrib/firewall/ctr.xml "
			"/etc/firewalld/zones/ && firewall-cmd --reload");
	else if (o->of_docker)
		snprintf(ret, size,
			"%s -I DOCKER-USER -i ctr+ -j ACCEPT && %s -I DOCKER-USER -o ctr+ -j ACCEPT",
			iptables, iptables);
	else if (!o->table[0] || strcmp(o->chain, "FORWARD") == 0)
		snprintf(ret, size,
			"%s -I FORWARD -i ctr+ -j ACCEPT && %s -I FORWARD -o ctr+ -j ACCEPT",
			iptables, iptables);
	else
		snprintf(ret, size,
			"nft 'insert rule %s %s %s iifname \"ctr*\" accept; "
			"insert rule %s %s %s oifname \"ctr*\" accept', and the same in the "
			"file that it is from",
			o->kind, o->table, o->chain, o->kind, o->table, o->chain);
}
