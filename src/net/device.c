#include "net/device.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { ADDRESSES_MAX = 64, TEMPLATE_MAX = 1000 };

struct request {
	struct nlmsghdr head;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
	};
	char attributes[160];
};

struct addresses {
	struct request items[ADDRESSES_MAX];
	size_t count;
};

/* Two sides: in the host's namespace and in the container's. */
struct sides {
	int here, there;
};

static void request_begin(struct request *r, uint16_t type, uint16_t flags, size_t body)
{
	*r = (struct request){0};
	r->head.nlmsg_type = type;
	r->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	r->head.nlmsg_len = (uint32_t)NLMSG_LENGTH(body);
}

static bool request_add(struct request *r, uint16_t type, const void *data, size_t len)
{
	size_t at = NLMSG_ALIGN(r->head.nlmsg_len);
	struct rtattr *a = (struct rtattr *)((char *)r + at);

	if (at + RTA_SPACE(len) > sizeof(*r))
		return false;
	a->rta_type = type;
	a->rta_len = (uint16_t)RTA_LENGTH(len);
	memcpy(RTA_DATA(a), data, len);
	r->head.nlmsg_len = (uint32_t)(at + RTA_SPACE(len));
	return true;
}

/* Sends it and takes the kernel's word for it. 0, or -1 with errno. */
static int transact(int sock, struct request *r)
{
	char buf[1024] __attribute__((aligned(NLMSG_ALIGNTO)));
	const struct nlmsghdr *h = (const struct nlmsghdr *)buf;
	const struct nlmsgerr *e = NLMSG_DATA(h);
	ssize_t n;

	r->head.nlmsg_flags |= NLM_F_ACK;
	if (send(sock, r, r->head.nlmsg_len, 0) < 0)
		return -1;
	do
		n = recv(sock, buf, sizeof(buf), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(*e)) || h->nlmsg_type != NLMSG_ERROR) {
		errno = EPROTO;
		return -1;
	}
	errno = -e->error;
	return e->error ? -1 : 0;
}

/* What is to be there again; labels carry the old name, and what is permanent has no times. */
static bool attribute_stays(unsigned short type)
{
	return type == IFA_ADDRESS || type == IFA_LOCAL || type == IFA_BROADCAST ||
	       type == IFA_FLAGS;
}

static void keep_address(const struct nlmsghdr *h, unsigned index, struct addresses *ret)
{
	const struct ifaddrmsg *m = NLMSG_DATA(h);
	int len = (int)IFA_PAYLOAD(h);
	uint32_t flags = m->ifa_flags;
	struct request r;

	if (m->ifa_index != index || m->ifa_scope != RT_SCOPE_UNIVERSE)
		return;
	request_begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*m));
	r.address = *m;
	for (const struct rtattr *a = IFA_RTA(m); RTA_OK(a, len); a = RTA_NEXT(a, len)) {
		if (a->rta_type == IFA_FLAGS)
			memcpy(&flags, RTA_DATA(a), sizeof(flags));
		if (attribute_stays(a->rta_type) &&
			!request_add(&r, a->rta_type, RTA_DATA(a), RTA_PAYLOAD(a)))
			return;
	}
	if ((flags & IFA_F_PERMANENT) && ret->count < ADDRESSES_MAX)
		ret->items[ret->count++] = r;
}

/* 1: there is more; 0: that was all; -1 with errno. */
static int take_addresses(int sock, unsigned index, struct addresses *ret)
{
	char buf[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	ssize_t n = recv(sock, buf, sizeof(buf), 0);
	unsigned len = (unsigned)n;

	if (n < 0)
		return errno == EINTR ? 1 : -1;
	for (const struct nlmsghdr *h = (const struct nlmsghdr *)buf; NLMSG_OK(h, len);
		h = NLMSG_NEXT(h, len)) {
		if (h->nlmsg_type == NLMSG_DONE)
			return 0;
		if (h->nlmsg_type == NLMSG_ERROR) {
			errno = -((const struct nlmsgerr *)NLMSG_DATA(h))->error;
			return -1;
		}
		if (h->nlmsg_type == RTM_NEWADDR)
			keep_address(h, index, ret);
	}
	return 1;
}

static int read_addresses(int sock, unsigned index, struct addresses *ret)
{
	struct request r;
	int more;

	ret->count = 0;
	request_begin(&r, RTM_GETADDR, NLM_F_DUMP, sizeof(r.address));
	if (send(sock, &r, r.head.nlmsg_len, 0) < 0)
		return -1;
	while ((more = take_addresses(sock, index, ret)) > 0)
		;
	return more;
}

/* 0 and errno if there is none. */
static unsigned index_of(int sock, const char *name)
{
	struct ifreq req = {0};

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", name);
	return ioctl(sock, SIOCGIFINDEX, &req) == 0 ? (unsigned)req.ifr_ifindex : 0;
}

/* The name that the device gets: "eth%d" is the first of eth0, eth1 … that nobody has. */
static int choose_name(int there, const struct net_device *d, char ret[IFNAMSIZ], struct err *err)
{
	const char *name = d->inside ? d->inside : d->name, *number = strstr(name, "%d");

	for (int i = 0; i < (number ? TEMPLATE_MAX : 1); i++) {
		int len = number ? snprintf(ret, IFNAMSIZ, "%.*s%d%s", (int)(number - name), name,
					   i, number + 2)
				 : snprintf(ret, IFNAMSIZ, "%s", name);
		if (len <= 0 || len >= IFNAMSIZ)
			return err_value(err, "network device", name,
				"is no name of a device: at most %d bytes", IFNAMSIZ - 1);
		if (index_of(there, ret) == 0)
			return 0;
	}
	return err_set(err, "network device %s: the container has a %s already", d->name, name);
}

static int move_link(const struct sides *s, unsigned index, const char *name, int netns)
{
	uint32_t fd = (uint32_t)netns;
	struct request r;

	request_begin(&r, RTM_NEWLINK, 0, sizeof(r.link));
	r.link.ifi_index = (int)index;
	if (!request_add(&r, IFLA_NET_NS_FD, &fd, sizeof(fd)) ||
		!request_add(&r, IFLA_IFNAME, name, strlen(name) + 1)) {
		errno = EMSGSIZE;
		return -1;
	}
	return transact(s->here, &r);
}

static int bring_up(int sock, unsigned index)
{
	struct request r;

	request_begin(&r, RTM_NEWLINK, 0, sizeof(r.link));
	r.link.ifi_index = (int)index;
	r.link.ifi_flags = IFF_UP;
	r.link.ifi_change = IFF_UP;
	return transact(sock, &r);
}

static int set_up(int sock, const char *name, struct addresses *addresses, struct err *err)
{
	unsigned index = index_of(sock, name);

	if (!index)
		return err_sys(err, "network device %s: cannot find it in the container", name);
	for (size_t i = 0; i < addresses->count; i++) {
		addresses->items[i].address.ifa_index = index;
		if (transact(sock, &addresses->items[i]) < 0)
			return err_sys(err, "network device %s: cannot give it its address again",
				name);
	}
	if (bring_up(sock, index) < 0)
		return err_sys(err, "network device %s: cannot bring it up", name);
	return 0;
}

static int move_one(const struct sides *s, const struct net_device *d, int netns, struct err *err)
{
	unsigned index = index_of(s->here, d->name);
	static struct addresses addresses;
	char name[IFNAMSIZ];

	if (!index)
		return err_sys(err, "network device %s", d->name);
	if (choose_name(s->there, d, name, err) < 0)
		return -1;
	if (read_addresses(s->here, index, &addresses) < 0)
		return err_sys(err, "network device %s: cannot read its addresses", d->name);
	if (move_link(s, index, name, netns) < 0)
		return err_sys(err, "network device %s: cannot move it into the container as %s",
			d->name, name);
	return set_up(s->there, name, &addresses, err);
}

static int open_socket(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

/* A socket stays in the namespace that it was made in. */
static int open_socket_in(int netns, struct err *err)
{
	autofd int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	autofd int sock = -1;

	if (own < 0 || setns(netns, CLONE_NEWNET) < 0)
		return err_sys(err, "cannot enter the container's network");
	sock = open_socket();
	if (sock < 0)
		err_sys(err, "cannot open a socket in the container's network");
	if (setns(own, CLONE_NEWNET) < 0)
		return err_sys(err, "cannot leave the container's network");
	return take_fd(&sock);
}

int net_devices_move(const struct net_device *devices, size_t n, int netns, struct err *err)
{
	autofd int here = -1, there = -1;

	if (n == 0)
		return 0;
	here = open_socket();
	if (here < 0)
		return err_sys(err, "cannot open a netlink socket");
	there = open_socket_in(netns, err);
	if (there < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (move_one(&(struct sides){here, there}, &devices[i], netns, err) < 0)
			return -1;
	return 0;
}
