/*
 * Requests to the kernel over one netlink socket, many in one send. libmnl writes the messages and their attributes;
 * what is here is the sending of a batch, and hearing of each request in it what became of it.
 */
#pragma once

#include "base/err.h"

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

struct netlink {
	int fd; /* or -1 */
	uint32_t seq;
};
#define NETLINK_CLOSED ((struct netlink){.fd = -1})

/* bus: NETLINK_ROUTE or NETLINK_NETFILTER, of the network namespace that the caller is in. -1 with errno. */
int netlink_open(int bus, struct netlink *ret);
void netlink_close(struct netlink *nl);
#define autonetlink __attribute__((cleanup(netlink_close)))

/* A batch grows as it needs to: what was put in it may move with the next request. */
struct netlink_batch {
	char *buf;
	size_t size, len;
	unsigned count;
	struct nlmsghdr *last;
	unsigned
		ends_at; /* the place of the request whose answer is the last, if all is or none; 0: the last one's */
};
void netlink_batch_free(struct netlink_batch *b);
#define autobatch __attribute__((cleanup(netlink_batch_free)))

enum { NETLINK_ROOM = 2048 }; /* for the attributes of one request, at most */
/* Begins a request; flags beside NLM_F_REQUEST. ret_head: its header behind that of netlink, zeroed. */
struct nlmsghdr *netlink_put(struct netlink_batch *b, uint16_t type, uint16_t flags,
	size_t head_size, void *ret_head);
/* What an answer of the kernel is given to. Others than errors only. */
typedef void netlink_answer(const struct nlmsghdr *h, void *arg);

/* Sends all of it and waits for the end of the last request. 0, or -1 with errno of the first one that failed, whose place
 * in the batch is *ret_failed; in rtnetlink those behind it are tried all the same. */
int netlink_run(struct netlink *nl, struct netlink_batch *b, unsigned *ret_failed);
/* The same, for requests that the kernel answers: each with exactly one message, or with an error, which is the
 * caller's business: failed(place, errno). */
struct netlink_hearing {
	netlink_answer *answer;
	void (*failed)(unsigned place, int error, void *arg);
	void *arg;
};
int netlink_ask(struct netlink *nl, struct netlink_batch *b, const struct netlink_hearing *to);
/* A dump: one request, whose answers end with NLMSG_DONE. */
int netlink_dump(struct netlink *nl, struct netlink_batch *b, netlink_answer *answer, void *arg);
