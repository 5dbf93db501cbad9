#include "net/nftable.h"

#include "base/fd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/file.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "table.batch is of a machine with the other order of bytes"
#endif

enum { NAME_SIZE = 32, COMMENT = 0 };

static struct nlmsghdr *put(struct netlink_batch *b, uint16_t type, uint16_t flags)
{
	struct nfgenmsg *m;
	struct nlmsghdr *h = netlink_put(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type), flags,
		sizeof(*m), &m);

	m->nfgen_family = NFPROTO_INET;
	m->version = NFNETLINK_V0;
	return h;
}

static void put_border(struct netlink_batch *b, uint16_t type)
{
	struct nfgenmsg *m;

	if (type == NFNL_MSG_BATCH_END)
		b->ends_at = b->count - 1;
	netlink_put(b, type, 0, sizeof(*m), &m);
	m->res_id = htons(NFNL_SUBSYS_NFTABLES);
}

static int explain(struct err *err, const char *what)
{
	err_sys(err, "cannot %s the table \"" NFTABLE_NAME "\" of nf_tables", what);
	if (err->sys == EPERM || err->sys == EACCES)
		return err_hint(err, "run as root, or with --net none or host");
	return err_hint(err, "it takes a kernel with nf_tables, its families inet and nat, and its "
			     "expressions fib, reject and connlimit; or --net none or host");
}

struct found {
	enum nftable_state state;
	int error;
};

static int take_comment(const struct nlattr *a, void *arg)
{
	struct found *f = arg;
	const unsigned char *p = mnl_attr_get_payload(a);
	size_t len = strlen(nftable_comment) + 1;

	if (mnl_attr_get_type(a) == NFTA_TABLE_USERDATA && mnl_attr_get_payload_len(a) >= len + 2 &&
		p[0] == COMMENT && p[1] == len && memcmp(p + 2, nftable_comment, len) == 0)
		f->state = NFTABLE_THERE;
	return MNL_CB_OK;
}

static void hear_table(const struct nlmsghdr *h, void *arg)
{
	struct found *f = arg;

	f->state = NFTABLE_OTHER;
	mnl_attr_parse(h, sizeof(struct nfgenmsg), take_comment, f);
}

static void hear_none(unsigned place, int error, void *arg)
{
	struct found *f = arg;

	(void)place;
	f->error = error == ENOENT ? 0 : error;
}

int nftable_state(struct netlink *nl, enum nftable_state *ret, struct err *err)
{
	autobatch struct netlink_batch b = {NULL};
	struct found f = {NFTABLE_MISSING, 0};

	mnl_attr_put_strz(put(&b, NFT_MSG_GETTABLE, 0), NFTA_TABLE_NAME, NFTABLE_NAME);
	if (netlink_ask(nl, &b, &(struct netlink_hearing){hear_table, hear_none, &f}) < 0)
		return explain(err, "read");
	errno = f.error;
	if (f.error)
		return explain(err, "read");
	*ret = f.state;
	return 0;
}

/* One message of the compiled table, whatever it is. */
static void put_compiled(struct netlink_batch *b, const struct nlmsghdr *h)
{
	size_t head = sizeof(struct nfgenmsg), len = mnl_nlmsg_get_payload_len(h);
	void *to;
	struct nlmsghdr *copy = netlink_put(b, h->nlmsg_type, h->nlmsg_flags, head, &to);

	memcpy(to, mnl_nlmsg_get_payload(h), len);
	copy->nlmsg_len += (uint32_t)(len - head);
}

static const struct nlmsghdr *first_compiled(const struct nftable_batch *c, int *ret_left)
{
	*ret_left = (int)c->size;
	return (const struct nlmsghdr *)c->bytes;
}

static void put_new_table(struct netlink_batch *b, const struct nftable_batch *c)
{
	int left;

	for (const struct nlmsghdr *h = first_compiled(c, &left); mnl_nlmsg_ok(h, left);
		h = mnl_nlmsg_next(h, &left))
		if (h->nlmsg_type >> 8 == NFNL_SUBSYS_NFTABLES)
			put_compiled(b, h);
}

/* What may not be there can be deleted once it has been added. */
static void put_table(struct netlink_batch *b, const char *name, const struct nftable_batch *c)
{
	mnl_attr_put_strz(put(b, NFT_MSG_NEWTABLE, NLM_F_CREATE), NFTA_TABLE_NAME, name);
	mnl_attr_put_strz(put(b, NFT_MSG_DELTABLE, 0), NFTA_TABLE_NAME, name);
	put_new_table(b, c);
}

/* An element is put into the batch as the kernel told it. */
struct keeping {
	struct netlink_batch *to;
	const char *set;
};

static int keep_element(const struct nlattr *a, void *arg)
{
	const struct keeping *k = arg;
	struct nlmsghdr *h;
	struct nlattr *list;

	if (mnl_attr_get_payload_len(a) > NETLINK_ROOM / 2)
		return MNL_CB_OK;
	h = put(k->to, NFT_MSG_NEWSETELEM, NLM_F_CREATE);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, NFTABLE_NAME);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, k->set);
	list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	mnl_attr_put(h, NLA_F_NESTED | NFTA_LIST_ELEM, mnl_attr_get_payload_len(a),
		mnl_attr_get_payload(a));
	mnl_attr_nest_end(h, list);
	return MNL_CB_OK;
}

static int keep_list(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == NFTA_SET_ELEM_LIST_ELEMENTS)
		return mnl_attr_parse_nested(a, keep_element, arg);
	return MNL_CB_OK;
}

static void keep_some(const struct nlmsghdr *h, void *arg)
{
	mnl_attr_parse(h, sizeof(struct nfgenmsg), keep_list, arg);
}

static int take_name(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == NFTA_SET_NAME)
		*(const char **)arg = mnl_attr_get_str(a);
	return MNL_CB_OK;
}

/* What the table has in one of the sets that it will have, too. */
static int keep_set(struct netlink *nl, const struct nlmsghdr *set, struct netlink_batch *to)
{
	autobatch struct netlink_batch b = {NULL};
	struct keeping k = {to, ""};
	struct nlmsghdr *h = put(&b, NFT_MSG_GETSETELEM, 0);

	mnl_attr_parse(set, sizeof(struct nfgenmsg), take_name, &k.set);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, NFTABLE_NAME);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, k.set);
	return netlink_dump(nl, &b, keep_some, &k) < 0 && errno != ENOENT ? -1 : 0;
}

static int keep_elements(struct netlink *nl, struct netlink_batch *to)
{
	int left;

	for (const struct nlmsghdr *h = first_compiled(&nftable_table, &left);
		mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
		if (h->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSET) &&
			keep_set(nl, h, to) < 0)
			return -1;
	return 0;
}

/* 0, or -1 with errno. */
static int replace(struct netlink *nl, bool with_elements)
{
	autobatch struct netlink_batch b = {NULL};
	unsigned failed;

	put_border(&b, NFNL_MSG_BATCH_BEGIN);
	put_table(&b, NFTABLE_NAME, &nftable_table);
	if (with_elements && keep_elements(nl, &b) < 0)
		return -1;
	put_border(&b, NFNL_MSG_BATCH_END);
	return netlink_run(nl, &b, &failed);
}

int nftable_add(struct netlink *nl, const struct nftable_batch *batch)
{
	autobatch struct netlink_batch b = {NULL};
	unsigned failed;

	put_border(&b, NFNL_MSG_BATCH_BEGIN);
	put_new_table(&b, batch);
	put_border(&b, NFNL_MSG_BATCH_END);
	return netlink_run(nl, &b, &failed);
}

int nftable_load(struct netlink *nl, const char *name, const struct nftable_batch *batch)
{
	autobatch struct netlink_batch b = {NULL};
	unsigned failed;

	put_border(&b, NFNL_MSG_BATCH_BEGIN);
	put_table(&b, name, batch);
	put_border(&b, NFNL_MSG_BATCH_END);
	return netlink_run(nl, &b, &failed);
}

int nftable_unload(struct netlink *nl, const char *name)
{
	autobatch struct netlink_batch b = {NULL};
	unsigned failed;

	put_border(&b, NFNL_MSG_BATCH_BEGIN);
	mnl_attr_put_strz(put(&b, NFT_MSG_DELTABLE, 0), NFTA_TABLE_NAME, name);
	put_border(&b, NFNL_MSG_BATCH_END);
	return netlink_run(nl, &b, &failed) < 0 && errno != ENOENT ? -1 : 0;
}

/* One at a time in each network namespace. The lock lies on the namespace itself. */
static int lock_namespace(struct err *err)
{
	autofd int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return err_sys(err, "lock the network namespace");
	return take_fd(&fd);
}

int nftable_make(struct netlink *nl, bool *ret_empty, struct err *err)
{
	autofd int lock = lock_namespace(err);
	enum nftable_state state;

	if (lock < 0 || nftable_state(nl, &state, err) < 0)
		return -1;
	*ret_empty = false;
	if (state == NFTABLE_THERE || (state == NFTABLE_OTHER && replace(nl, true) == 0))
		return 0;
	*ret_empty = true;
	return replace(nl, false) < 0 ? explain(err, "make") : 0;
}

int nftable_remove(struct netlink *nl, struct err *err)
{
	return nftable_unload(nl, NFTABLE_NAME) < 0 ? explain(err, "remove") : 0;
}
