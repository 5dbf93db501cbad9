#include "net/netlink.h"

#include "base/arena.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_SIZE = 8192, ANSWER_SIZE = 32768 };

/* Errors do not bring back what was asked: they come in any number before the last one is heard of. */
int netlink_open(int bus, struct netlink *ret)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	const int on = 1, room = 4 << 20;
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, bus);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	if (connect(fd, (const struct sockaddr *)&kernel, sizeof(kernel)) < 0) {
		int saved = errno;

		close(fd);
		errno = saved;
		return -1;
	}
	*ret = (struct netlink){.fd = fd};
	return 0;
}

void netlink_close(struct netlink *nl)
{
	if (nl->fd >= 0)
		close(nl->fd);
	nl->fd = -1;
}

void netlink_batch_free(struct netlink_batch *b)
{
	free(b->buf);
	*b = (struct netlink_batch){NULL};
}

static void make_room(struct netlink_batch *b, size_t more)
{
	size_t last = b->last ? (size_t)((char *)b->last - b->buf) : 0;
	char *buf;

	if (b->len + more <= b->size)
		return;
	b->size = b->size ? 2 * b->size : FIRST_SIZE;
	buf = realloc(b->buf, b->size);
	if (!buf)
		arena_exhausted();
	b->buf = buf;
	b->last = b->last ? (struct nlmsghdr *)(buf + last) : NULL;
}

/* The length of a request is known when the next one begins. */
static void end_last(struct netlink_batch *b)
{
	if (b->last)
		b->len = (size_t)((char *)b->last - b->buf) + MNL_ALIGN(b->last->nlmsg_len);
}

struct nlmsghdr *netlink_put(struct netlink_batch *b, uint16_t type, uint16_t flags,
	size_t head_size, void *ret_head)
{
	end_last(b);
	make_room(b, NETLINK_ROOM);
	b->last = mnl_nlmsg_put_header(b->buf + b->len);
	b->last->nlmsg_type = type;
	b->last->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	b->last->nlmsg_seq = b->count++;
	*(void **)ret_head = mnl_nlmsg_put_extra_header(b->last, head_size);
	return b->last;
}

static int send_all(struct netlink *nl, struct netlink_batch *b, unsigned acknowledged)
{
	uint32_t first = nl->seq;

	end_last(b);
	nl->seq += b->count;
	for (char *at = b->buf; at < b->buf + b->len;) {
		struct nlmsghdr *h = (struct nlmsghdr *)at;

		if (h->nlmsg_seq == acknowledged)
			h->nlmsg_flags |= NLM_F_ACK;
		h->nlmsg_seq += first;
		at += MNL_ALIGN(h->nlmsg_len);
	}
	return send(nl->fd, b->buf, b->len, 0) < 0 ? -1 : 0;
}

static ssize_t receive(struct netlink *nl, char *buf)
{
	ssize_t n;

	do
		n = recv(nl->fd, buf, ANSWER_SIZE, 0);
	while (n < 0 && errno == EINTR);
	return n;
}

static int error_of(const struct nlmsghdr *h)
{
	return -((const struct nlmsgerr *)mnl_nlmsg_get_payload(h))->error;
}

int netlink_run(struct netlink *nl, struct netlink_batch *b, unsigned *ret_failed)
{
	char buf[ANSWER_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	unsigned end = b->ends_at ? b->ends_at : b->count - 1;
	uint32_t first = nl->seq;
	int error = 0;
	bool ended = !b->count;

	if (ended)
		return 0;
	if (send_all(nl, b, end) < 0)
		return -1;
	while (!ended) {
		ssize_t n = receive(nl, buf);
		int len = (int)n;

		if (n < 0)
			return -1;
		for (const struct nlmsghdr *h = (const struct nlmsghdr *)buf; mnl_nlmsg_ok(h, len);
			h = mnl_nlmsg_next(h, &len)) {
			uint32_t place = h->nlmsg_seq - first;

			if (h->nlmsg_type != NLMSG_ERROR || place >= b->count)
				continue;
			if (error_of(h) && !error) {
				error = error_of(h);
				*ret_failed = place;
			}
			/* One that is done as a whole is refused as a whole by its first request. */
			ended = ended || place == end || (b->ends_at && place == 0);
		}
	}
	errno = error;
	return error ? -1 : 0;
}

int netlink_ask(struct netlink *nl, struct netlink_batch *b, const struct netlink_hearing *to)
{
	char buf[ANSWER_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	uint32_t first = nl->seq;
	unsigned heard = 0;

	if (b->count && send_all(nl, b, UINT_MAX) < 0)
		return -1;
	while (heard < b->count) {
		ssize_t n = receive(nl, buf);
		int len = (int)n;

		if (n < 0)
			return -1;
		for (const struct nlmsghdr *h = (const struct nlmsghdr *)buf; mnl_nlmsg_ok(h, len);
			h = mnl_nlmsg_next(h, &len)) {
			if (h->nlmsg_seq - first >= b->count)
				continue;
			heard++;
			if (h->nlmsg_type == NLMSG_ERROR)
				to->failed(h->nlmsg_seq - first, error_of(h), to->arg);
			else
				to->answer(h, to->arg);
		}
	}
	return 0;
}

int netlink_dump(struct netlink *nl, struct netlink_batch *b, netlink_answer *answer, void *arg)
{
	char buf[ANSWER_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
	uint32_t first = nl->seq;

	b->last->nlmsg_flags |= NLM_F_DUMP;
	if (send_all(nl, b, UINT_MAX) < 0)
		return -1;
	for (;;) {
		ssize_t n = receive(nl, buf);
		int len = (int)n;

		if (n < 0)
			return -1;
		for (const struct nlmsghdr *h = (const struct nlmsghdr *)buf; mnl_nlmsg_ok(h, len);
			h = mnl_nlmsg_next(h, &len)) {
			if (h->nlmsg_seq != first)
				continue;
			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (h->nlmsg_type == NLMSG_ERROR) {
				errno = error_of(h);
				return errno ? -1 : 0;
			}
			answer(h, arg);
		}
	}
}
