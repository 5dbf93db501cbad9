#include "net/elements.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* In one request, which has room for them; and asked in one send, whose answers have room in the socket. */
enum { TOGETHER = 8, ASKED = 64, COMMENT = 0, TRIES = 1000 };

static struct nlmsghdr *put(struct netlink_batch *b, uint16_t type, uint16_t flags)
{
	struct nfgenmsg *m;
	struct nlmsghdr *h = netlink_put(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags,
		sizeof(*m), &m);

	m->nfgen_family = NFPROTO_INET;
	m->version = NFNETLINK_V0;
	return h;
}

/* What is between these two is done, or not, as one. */
static void put_border(struct netlink_batch *b, uint16_t type, uint32_t generation)
{
	struct nfgenmsg *m;
	struct nlmsghdr *h;

	if (type == NFNL_MSG_BATCH_END)
		b->ends_at = b->count - 1;
	h = netlink_put(b, type, 0, sizeof(*m), &m);
	m->res_id = htons(NFNL_SUBSYS_NFTABLES);
	if (generation)
		mnl_attr_put_u32(h, NFNL_BATCH_GENID, htonl(generation));
}

static void put_value(struct nlmsghdr *h, uint16_t type, const void *value, size_t len)
{
	struct nlattr *nest = mnl_attr_nest_start(h, type);

	mnl_attr_put(h, NFTA_DATA_VALUE, len, value);
	mnl_attr_nest_end(h, nest);
}

/* nft(8) shows the owner as a comment. */
static void put_owner(struct nlmsghdr *h, const char *owner)
{
	unsigned char text[2 + OWNER_SIZE] = {COMMENT, (unsigned char)(strlen(owner) + 1)};

	memcpy(text + 2, owner, strlen(owner) + 1);
	mnl_attr_put(h, NFTA_SET_ELEM_USERDATA, 3 + strlen(owner), text);
}

/* Those at the head of e that belong to one set: how many. */
static size_t put_some(struct netlink_batch *b, uint16_t type, uint16_t flags,
	const struct element *e, size_t n, const char *owner)
{
	struct nlmsghdr *h = put(b, type, flags);
	struct nlattr *list, *one;
	size_t i = 0;

	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, ELEMENTS_TABLE);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, e->set);
	list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (; i < n && i < TOGETHER && strcmp(e[i].set, e->set) == 0; i++) {
		one = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
		put_value(h, NFTA_SET_ELEM_KEY, e[i].key, e[i].key_length);
		if (e[i].has_end)
			put_value(h, NFTA_SET_ELEM_KEY_END, e[i].key_end, e[i].key_length);
		if (e[i].is_end)
			mnl_attr_put_u32(h, NFTA_SET_ELEM_FLAGS, htonl(NFT_SET_ELEM_INTERVAL_END));
		if (owner && e[i].data_length)
			put_value(h, NFTA_SET_ELEM_DATA, e[i].data, e[i].data_length);
		if (owner && !e[i].is_end)
			put_owner(h, owner);
		mnl_attr_nest_end(h, one);
	}
	mnl_attr_nest_end(h, list);
	return i;
}

static int explain(struct err *err, const char *what)
{
	err_sys(err, "%s", what);
	if (err->sys == EPERM)
		return err_hint(err,
			"a network takes CAP_NET_ADMIN over the host's; --net none and "
			"host do not");
	if (err->sys == EOPNOTSUPP)
		return err_hint(err,
			"this kernel has no nf_tables: modprobe nf_tables, or run with "
			"--net none or host");
	return -1;
}

static int add(struct netlink *nl, const struct element *e, size_t n, const char *owner,
	uint16_t flags, struct err *err)
{
	autobatch struct netlink_batch b = {NULL};
	unsigned failed;

	if (n == 0)
		return 0;
	put_border(&b, NFNL_MSG_BATCH_BEGIN, 0);
	for (size_t i = 0; i < n;)
		i += put_some(&b, NFT_MSG_NEWSETELEM, flags, e + i, n - i, owner);
	put_border(&b, NFNL_MSG_BATCH_END, 0);
	if (netlink_run(nl, &b, &failed) == 0)
		return 0;
	/* So says a map for a key with another value. */
	if (errno == EBUSY)
		errno = EEXIST;
	return explain(err, "add to the table \"" ELEMENTS_TABLE "\" of nf_tables");
}

int elements_add(struct netlink *nl, const struct element *e, size_t n, const char *owner,
	struct err *err)
{
	return add(nl, e, n, owner, NLM_F_CREATE | NLM_F_EXCL, err);
}

int elements_put(struct netlink *nl, const struct element *e, size_t n, const char *owner,
	struct err *err)
{
	return add(nl, e, n, owner, NLM_F_CREATE, err);
}

static int take_generation(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == NFTA_GEN_ID)
		*(uint32_t *)arg = ntohl(mnl_attr_get_u32(a));
	return MNL_CB_OK;
}

static void hear_generation(const struct nlmsghdr *h, void *arg)
{
	mnl_attr_parse(h, sizeof(struct nfgenmsg), take_generation, arg);
}

static void keep_error(unsigned place, int error, void *arg)
{
	(void)place;
	(void)arg;
	errno = error;
}

static int ask_generation(struct netlink *nl, uint32_t *ret)
{
	autobatch struct netlink_batch b = {NULL};

	*ret = 0;
	put(&b, NFT_MSG_GETGEN, 0);
	return netlink_ask(nl, &b, &(struct netlink_hearing){hear_generation, keep_error, ret}) <
				       0 ||
			       !*ret
		       ? -1
		       : 0;
}

static uint64_t number_of(const struct nlattr *a)
{
	const unsigned char *p = mnl_attr_get_payload(a);
	uint64_t n = 0;

	for (size_t i = 0; i < sizeof(n); i++)
		n = n << 8 | p[i];
	return n;
}

static int take_counts(const struct nlattr *a, void *arg)
{
	struct element *e = arg;

	if (mnl_attr_get_payload_len(a) < sizeof(uint64_t))
		return MNL_CB_OK;
	if (mnl_attr_get_type(a) == NFTA_COUNTER_BYTES)
		e->bytes = number_of(a);
	if (mnl_attr_get_type(a) == NFTA_COUNTER_PACKETS)
		e->packets = number_of(a);
	return MNL_CB_OK;
}

static int take_expression(const struct nlattr *a, void *arg)
{
	return mnl_attr_get_type(a) == NFTA_EXPR_DATA ? mnl_attr_parse_nested(a, take_counts, arg)
						      : MNL_CB_OK;
}

static int take_element(const struct nlattr *a, void *arg)
{
	struct element *e = arg;
	const unsigned char *p = mnl_attr_get_payload(a);
	size_t len = mnl_attr_get_payload_len(a);

	if (mnl_attr_get_type(a) == NFTA_SET_ELEM_EXPR)
		return mnl_attr_parse_nested(a, take_expression, arg);
	if (mnl_attr_get_type(a) == NFTA_SET_ELEM_USERDATA && len > 2 && p[0] == COMMENT &&
		p[1] <= len - 2 && p[1] <= OWNER_SIZE && p[1] > 0 && !p[1 + p[1]])
		memcpy(e->owner, p + 2, p[1]);
	return MNL_CB_OK;
}

static int take_one(const struct nlattr *a, void *arg)
{
	return mnl_attr_parse_nested(a, take_element, arg);
}

static int take_list(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == NFTA_SET_ELEM_LIST_ELEMENTS)
		return mnl_attr_parse_nested(a, take_one, arg);
	return MNL_CB_OK;
}

struct asked {
	struct element *e;
	uint32_t first;
	int error;
};

static void hear_element(const struct nlmsghdr *h, void *arg)
{
	struct asked *a = arg;
	struct element *e = &a->e[h->nlmsg_seq - a->first];

	e->there = true;
	mnl_attr_parse(h, sizeof(struct nfgenmsg), take_list, e);
}

static void hear_none(unsigned place, int error, void *arg)
{
	struct asked *a = arg;

	(void)place;
	/* In a table of another version its key may be of another shape. */
	if (error && error != ENOENT && error != EINVAL)
		a->error = error;
}

static int ask_some(struct netlink *nl, struct element *e, size_t n)
{
	autobatch struct netlink_batch b = {NULL};
	struct asked a = {e, nl->seq, 0};

	for (size_t i = 0; i < n; i++) {
		e[i].there = false;
		e[i].owner[0] = '\0';
		put_some(&b, NFT_MSG_GETSETELEM, 0, e + i, 1, NULL);
	}
	if (netlink_ask(nl, &b, &(struct netlink_hearing){hear_element, hear_none, &a}) < 0)
		return -1;
	errno = a.error;
	return a.error ? -1 : 0;
}

int elements_ask(struct netlink *nl, struct element *e, size_t n, struct err *err)
{
	for (size_t i = 0; i < n; i += ASKED)
		if (ask_some(nl, e + i, n - i < ASKED ? n - i : ASKED) < 0)
			return explain(err, "read the table \"" ELEMENTS_TABLE "\" of nf_tables");
	return 0;
}

/* 0, or -1 with errno. */
static int remove_owned(struct netlink *nl, const struct element *e, size_t n, const char *owner,
	uint32_t generation)
{
	autobatch struct netlink_batch b = {NULL};
	unsigned failed;

	put_border(&b, NFNL_MSG_BATCH_BEGIN, generation);
	for (size_t i = 0; i < n; i++)
		if (e[i].there && strcmp(e[i].owner, owner) == 0)
			put_some(&b, NFT_MSG_DELSETELEM, 0, e + i, 1, NULL);
	if (b.count == 1)
		return 0;
	put_border(&b, NFNL_MSG_BATCH_END, 0);
	return netlink_run(nl, &b, &failed);
}

/* If the table has changed since they were asked whose they are, nothing is done, and they are asked again. */
int elements_remove(struct netlink *nl, struct element *e, size_t n, const char *owner,
	struct err *err)
{
	uint32_t generation;

	for (int i = 0; i < TRIES; i++) {
		if (ask_generation(nl, &generation) < 0)
			return explain(err, "ask nf_tables for its generation");
		if (elements_ask(nl, e, n, err) < 0)
			return -1;
		if (remove_owned(nl, e, n, owner, generation) == 0)
			return 0;
		if (errno != ERESTART && errno != ENOENT)
			break;
	}
	return explain(err, "remove from the table \"" ELEMENTS_TABLE "\" of nf_tables");
}

void element_describe(const struct element *e, char *ret, size_t size, struct address *ret_address)
{
	const unsigned char *port = e->key + e->key_length - 4;
	struct address a = {.family = strchr(e->set, '6') ? AF_INET6 : AF_INET};
	char text[ADDRESS_SIZE];

	*ret_address = (struct address){0};
	if (e->data_length) {
		snprintf(ret, size, "port %u of the host", (unsigned)(port[0] << 8 | port[1]));
		return;
	}
	memcpy(a.bytes, e->key + e->key_length - address_length(&a), address_length(&a));
	snprintf(ret, size, "the address %s", address_format(&a, text));
	*ret_address = a;
}
