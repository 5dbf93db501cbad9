#include "net/holder.h"

#include "base/fdpass.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union name {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t name_of(const struct address *host, int family, uint16_t port, union name *ret)
{
	*ret = (union name){.any = {.sa_family = (sa_family_t)family}};
	if (family == AF_INET) {
		ret->in.sin_port = htons(port);
		memcpy(&ret->in.sin_addr, host->bytes, host->family ? 4 : 0);
		return sizeof(ret->in);
	}
	ret->in6.sin6_port = htons(port);
	memcpy(&ret->in6.sin6_addr, host->bytes, host->family ? 16 : 0);
	return sizeof(ret->in6);
}

/* What the table lets by, should it be gone for a moment, fills no buffer and is answered by nobody. */
static int drop_all(int fd)
{
	struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
	const struct sock_fprog program = {1, &nothing};

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int bind_reusing(int fd, const union name *name, socklen_t len)
{
	int on = 1, off = 0, r;

	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
		return -1;
	r = bind(fd, &name->any, len);
	if (r < 0)
		errno = EADDRINUSE;
	else
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &off, sizeof(off));
	return r;
}

/* One socket of IPv6 has the port of IPv4 too. */
static int open_bound(const struct address *host, int family, uint8_t proto, uint16_t port)
{
	const int kind = proto == IPPROTO_UDP ? SOCK_DGRAM : SOCK_STREAM, off = 0;
	int fd = socket(family, kind | SOCK_CLOEXEC, proto), saved;
	union name name;
	socklen_t len = name_of(host, family, port, &name);

	if (fd < 0)
		return -1;
	if ((family == AF_INET6 && !host->family &&
		    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) < 0) ||
		(proto == IPPROTO_UDP && drop_all(fd) < 0))
		goto fail;
	if (bind(fd, &name.any, len) == 0)
		return fd;
	/* Connections of a server that has gone may still be closing: these do not have it. */
	if (errno == EADDRINUSE && proto == IPPROTO_TCP && bind_reusing(fd, &name, len) == 0)
		return fd;
fail:
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int port_of(int fd, uint16_t *ret)
{
	union name name;
	socklen_t len = sizeof(name);

	if (getsockname(fd, &name.any, &len) < 0)
		return -1;
	*ret = ntohs(name.any.sa_family == AF_INET ? name.in.sin_port : name.in6.sin6_port);
	return 0;
}

static int hand_over(struct holder *h, struct err *err)
{
	int r = h->count ? fds_send(h->out, h->waiting, h->count, err) : 0;

	while (h->count)
		close(h->waiting[--h->count]);
	return r;
}

static int make_room(struct holder *h, struct err *err)
{
	const int size = 4 << 20;
	int pair[2];

	if (h->in < 0) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
			return err_sys(err, "cannot make a socket pair");
		h->in = pair[0];
		h->out = pair[1];
		setsockopt(h->out, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	}
	return h->count < HOLDER_TOGETHER ? 0 : hand_over(h, err);
}

int holder_add(struct holder *h, const struct address *host, uint8_t proto, uint16_t *port,
	struct err *err)
{
	char text[ADDRESS_SIZE] = "";
	int fd;

	if (make_room(h, err) < 0)
		return -1;
	fd = open_bound(host, host->family ? host->family : AF_INET6, proto, *port);
	/* Without IPv6 on this host. */
	if (fd < 0 && !host->family && errno == EAFNOSUPPORT)
		fd = open_bound(host, AF_INET, proto, *port);
	/* What the kernel has no sockets for, nobody can take. */
	if (fd < 0 && *port && (errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT))
		return 0;
	if (fd >= 0 && (*port || port_of(fd, port) == 0)) {
		h->waiting[h->count++] = fd;
		return 0;
	}
	err_sys(err, "port %u%s%s of the host", *port, host->family ? " at " : "",
		host->family ? address_format(host, text) : "");
	if (fd >= 0)
		close(fd);
	return -1;
}

int holder_finish(struct holder *h, int *ret, struct err *err)
{
	if (hand_over(h, err) < 0)
		return -1;
	*ret = h->in;
	if (h->out >= 0)
		close(h->out);
	*h = HOLDER_NONE;
	return 0;
}

void holder_drop(struct holder *h)
{
	while (h->count)
		close(h->waiting[--h->count]);
	if (h->in >= 0)
		close(h->in);
	if (h->out >= 0)
		close(h->out);
	*h = HOLDER_NONE;
}
