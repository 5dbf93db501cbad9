#include "net/gateway.h"

#include "base/dents.h"
#include "base/fd.h"
#include "base/file.h"
#include "net/elements.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define CONF4 "/proc/sys/net/ipv4/conf"
#define CONF6 "/proc/sys/net/ipv6/conf"
#define OURS  "ctr"  /* begins the name of each device of ours */
#define NOTED "ctr0" /* has in its alias what forwarding was switched on for: "4:eth0 6:eth0" */

enum { ALIAS_SIZE = 256 /* IFALIASZ */ };

static int run(struct netlink *nl, struct netlink_batch *b)
{
	unsigned failed;

	return netlink_run(nl, b, &failed) == 0 || errno == EEXIST ? 0 : -1;
}

static int make_bridge(struct netlink *nl, const char *device)
{
	autobatch struct netlink_batch b = {NULL};
	struct ifinfomsg *link;
	struct nlattr *info;
	struct nlmsghdr *h = netlink_put(&b, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(*link),
		&link);

	mnl_attr_put_strz(h, IFLA_IFNAME, device);
	info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "bridge");
	mnl_attr_nest_end(h, info);
	return run(nl, &b);
}

static int bring_up(struct netlink *nl, unsigned index)
{
	autobatch struct netlink_batch b = {NULL};
	struct ifinfomsg *link;
	struct nlattr *spec, *inet;
	struct nlmsghdr *h = netlink_put(&b, RTM_SETLINK, 0, sizeof(*link), &link);

	link->ifi_index = (int)index;
	spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
	inet = mnl_attr_nest_start(h, AF_INET6);
	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(h, inet);
	mnl_attr_nest_end(h, spec);
	netlink_put(&b, RTM_SETLINK, 0, sizeof(*link), &link);
	link->ifi_index = (int)index;
	link->ifi_flags = link->ifi_change = IFF_UP;
	return run(nl, &b);
}

static int give_address(struct netlink *nl, unsigned index, const struct address *a)
{
	autobatch struct netlink_batch b = {NULL};
	struct ifaddrmsg *m;
	struct nlmsghdr *h;

	if (!a->family)
		return 0;
	h = netlink_put(&b, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*m), &m);
	m->ifa_family = (unsigned char)a->family;
	m->ifa_prefixlen = (unsigned char)(8 * address_length(a));
	m->ifa_index = index;
	mnl_attr_put(h, IFA_LOCAL, address_length(a), a->bytes);
	mnl_attr_put(h, IFA_ADDRESS, address_length(a), a->bytes);
	mnl_attr_put_u32(h, IFA_FLAGS, IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_PERMANENT);
	return run(nl, &b);
}

int gateway_make(struct netlink *route, const char *device, const struct address *v4,
	const struct address *v6, struct err *err)
{
	unsigned index;

	if (make_bridge(route, device) < 0)
		return err_sys(err, "make the network device %s", device);
	index = if_nametoindex(device);
	if (!index || bring_up(route, index) < 0 || give_address(route, index, v4) < 0 ||
		give_address(route, index, v6) < 0)
		return err_sys(err, "set up the network device %s", device);
	return 0;
}

static bool is_value(int dirfd, const char *path, char value)
{
	char text[16];

	return file_peek(dirfd, path, text, sizeof(text)) == 1 && text[0] == value;
}

/* "all" and "default" are no devices. */
static bool is_other(const char *name)
{
	return strcmp(name, "all") != 0 && strcmp(name, "default") != 0 &&
	       strcmp(name, "lo") != 0 && strncmp(name, OURS, strlen(OURS)) != 0;
}

static int take_alias(const struct nlattr *a, void *arg)
{
	if (mnl_attr_get_type(a) == IFLA_IFALIAS && mnl_attr_get_payload_len(a) < ALIAS_SIZE)
		memcpy(arg, mnl_attr_get_payload(a), mnl_attr_get_payload_len(a));
	return MNL_CB_OK;
}

static void hear_link(const struct nlmsghdr *h, void *arg)
{
	mnl_attr_parse(h, sizeof(struct ifinfomsg), take_alias, arg);
}

static void hear_none(unsigned place, int error, void *arg)
{
	(void)place;
	(void)error;
	(void)arg;
}

/* "" if there is none. */
static int read_notes(struct netlink *route, char ret[ALIAS_SIZE])
{
	autobatch struct netlink_batch b = {NULL};
	struct ifinfomsg *link;

	memset(ret, 0, ALIAS_SIZE);
	mnl_attr_put_strz(netlink_put(&b, RTM_GETLINK, 0, sizeof(*link), &link), IFLA_IFNAME,
		NOTED);
	return netlink_ask(route, &b, &(struct netlink_hearing){hear_link, hear_none, ret});
}

static int write_notes(struct netlink *route, const char *notes)
{
	autobatch struct netlink_batch b = {NULL};
	struct ifinfomsg *link;
	struct nlmsghdr *h;

	if (make_bridge(route, NOTED) < 0)
		return -1;
	h = netlink_put(&b, RTM_SETLINK, 0, sizeof(*link), &link);
	mnl_attr_put_strz(h, IFLA_IFNAME, NOTED);
	mnl_attr_put_strz(h, IFLA_IFALIAS, notes);
	return run(route, &b);
}

static bool has_note(const char *notes, const char *word)
{
	const size_t len = strlen(word);

	for (const char *at = notes; (at = strstr(at, word)); at += len)
		if ((at == notes || at[-1] == ' ') && (!at[len] || at[len] == ' '))
			return true;
	return false;
}

/* Before it is switched on. */
static int note(struct netlink *route, const char *device, bool v6, struct err *err)
{
	char notes[ALIAS_SIZE], word[2 + IFNAMSIZ];
	size_t len;

	if (read_notes(route, notes) < 0)
		return err_sys(err, "read the alias of " NOTED);
	snprintf(word, sizeof(word), "%c:%s", v6 ? '6' : '4', device);
	if (has_note(notes, word))
		return 0;
	len = strlen(notes);
	if ((size_t)snprintf(notes + len, sizeof(notes) - len, "%s%s", len ? " " : "", word) >=
		sizeof(notes) - len)
		return err_set(err, "too many devices to forward packets of: sysctl "
				    "net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
	return write_notes(route, notes) < 0 ? err_sys(err, "set the alias of " NOTED) : 0;
}

struct sockets {
	struct netlink *route, *filter;
};

static int guard(struct netlink *filter, bool v6, const char *device, struct err *err)
{
	struct element e = {.key_length = IFNAMSIZ};

	snprintf(e.set, sizeof(e.set), v6 ? "uplink6" : "uplink4");
	snprintf((char *)e.key, IFNAMSIZ, "%s", device);
	return elements_add(filter, &e, 1, "host", err) == 0 || err->sys == EEXIST ? 0 : -1;
}

/* A device that listens to router advertisements goes on doing so with 2 only. */
static int forward_on(const struct sockets *s, int conf_fd, const char *device, bool v6,
	struct err *err)
{
	char path[64];

	snprintf(path, sizeof(path), "%.20s/forwarding", device);
	if (!is_value(conf_fd, path, '0'))
		return 0;
	if (note(s->route, device, v6, err) < 0 || guard(s->filter, v6, device, err) < 0)
		return -1;
	if (!v6)
		return file_poke(conf_fd, path, "1") < 0 && errno != ENOENT
			       ? err_sys(err, "forward packets of %s", device)
			       : 0;
	snprintf(path, sizeof(path), "%.20s/accept_ra", device);
	if (is_value(conf_fd, path, '1') && file_poke(conf_fd, path, "2") < 0 && errno != ENOENT)
		return err_sys(err, "set accept_ra of %s", device);
	return 0;
}

static int forward_each(const struct sockets *s, const char *conf, bool v6, struct err *err)
{
	autofd int fd = open(conf, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dents d;
	const char *name;
	unsigned char type;

	if (fd < 0)
		return err_sys(err, "open %s", conf);
	dents_init(&d, fd);
	while ((name = dents_next(&d, &type)))
		if (is_other(name) && forward_on(s, fd, name, v6, err) < 0)
			return -1;
	/* IPv6 knows one switch for all before Linux 6.17. */
	if (!v6 || is_value(fd, "all/forwarding", '1'))
		return 0;
	return file_poke(fd, "all/forwarding", "1") < 0 ? err_sys(err, "forward packets of IPv6")
							: 0;
}

int gateway_forward(struct netlink *route, struct netlink *filter, bool v4, bool v6,
	struct err *err)
{
	const struct sockets s = {route, filter};
	int r = v4 ? forward_each(&s, CONF4, false, err) : 0;

	if (r == 0 && v6)
		r = forward_each(&s, CONF6, true, err);
	if (r < 0 && err->sys == EROFS)
		err_hint(err, "/proc/sys is read-only here: sysctl net.ipv4.ip_forward=1 "
			      "net.ipv6.conf.all.forwarding=1 on the host");
	return r;
}

int gateway_guard(struct netlink *route, struct netlink *filter, struct err *err)
{
	char notes[ALIAS_SIZE], *rest = notes;

	if (read_notes(route, notes) < 0)
		return err_sys(err, "read the alias of " NOTED);
	for (char *word; (word = strsep(&rest, " "));)
		if ((word[0] == '4' || word[0] == '6') && word[1] == ':' &&
			guard(filter, word[0] == '6', word + 2, err) < 0)
			return -1;
	return 0;
}
