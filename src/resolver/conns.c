#include "resolver/conns.h"

#include "base/clock.h"
#include "base/pace.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const uint64_t patience_ns = 5 * SECOND_NS; /* with a client that is slow, or says nothing */

void conns_start(struct conns *c, int listener, const struct names *names,
	struct upstream *upstream, bool forwards)
{
	c->listener = listener;
	c->names = names;
	c->upstream = upstream;
	c->forwards = forwards;
	for (int i = 0; i < CONNS_MAX; i++)
		c->of[i].fd = c->of[i].turn.fd = -1;
}

static void conn_close(struct conn *conn)
{
	if (conn->fd >= 0)
		close(conn->fd);
	if (conn->turn.fd >= 0)
		close(conn->turn.fd);
	conn->fd = conn->turn.fd = -1;
}

static void conn_read_next(struct conn *conn, uint64_t now)
{
	conn->state = CONN_READS;
	conn->at = 0;
	conn->len = 2;
	conn->until = now + patience_ns;
}

static void set_length(struct conn *conn, size_t len)
{
	conn->bytes[0] = (uint8_t)(len >> 8);
	conn->bytes[1] = (uint8_t)len;
	conn->len = 2 + len;
}

static void conn_write(struct conn *conn, size_t len, uint64_t now)
{
	set_length(conn, len);
	conn->at = 0;
	conn->state = CONN_WRITES;
	conn->until = now + patience_ns;
}

static void conn_fail(struct conn *conn, enum dns_rcode rcode, uint64_t now)
{
	struct answer a;

	answer_begin(&a, &conn->q, rcode, conn->bytes + 2, DNS_MESSAGE_MAX);
	conn_write(conn, answer_end(&a), now);
}

static void conn_connects(struct conn *conn)
{
	conn->state = CONN_CONNECTS;
	conn->until = conn->turn.until;
}

static void conn_next_server(struct conns *c, struct conn *conn, bool failed, uint64_t now)
{
	if (turn_next(c->upstream, &conn->turn, SOCK_STREAM, failed, now))
		conn_connects(conn);
	else
		conn_fail(conn, conn->turn.rcode, now);
}

static void conn_question(struct conns *c, struct conn *conn, uint64_t now)
{
	size_t len = conn->len - 2;
	int r = question_parse(conn->bytes + 2, len, &conn->q);

	if (r < 0)
		conn_close(conn);
	else if (r > 0)
		conn_fail(conn, (enum dns_rcode)r, now);
	else if (names_answer(c->names, &conn->q, conn->bytes + 2, DNS_MESSAGE_MAX, &len))
		conn_write(conn, len, now);
	else if (!c->forwards)
		conn_fail(conn, DNS_NXDOMAIN, now);
	else if (turn_first(c->upstream, &conn->turn, SOCK_STREAM, now))
		conn_connects(conn);
	else
		conn_fail(conn, DNS_SERVFAIL, now);
}

/* What is expected: the length first. 1 when all is there, 0 if more is to come, -1 if there is none. */
static int take_message(int fd, struct conn *conn, size_t most)
{
	for (;;) {
		ssize_t n = recv(fd, conn->bytes + conn->at, conn->len - conn->at, MSG_DONTWAIT);

		if (n <= 0)
			return n < 0 && errno == EAGAIN ? 0 : -1;
		conn->at += (size_t)n;
		if (conn->at < conn->len)
			continue;
		if (conn->len > 2)
			return 1;
		conn->len += (size_t)conn->bytes[0] << 8 | conn->bytes[1];
		if (conn->len == 2 || conn->len > 2 + most)
			return -1;
	}
}

static void conn_reads(struct conns *c, struct conn *conn, uint64_t now)
{
	int r = take_message(conn->fd, conn, DNS_QUESTION_MAX);

	if (r < 0)
		conn_close(conn);
	else if (r > 0)
		conn_question(c, conn, now);
}

/* A question fits into any socket's buffer. */
static void conn_asks(struct conns *c, struct conn *conn, uint64_t now)
{
	set_length(conn, question_write(&conn->q, conn->turn.id, conn->bytes + 2));
	if (send(conn->turn.fd, conn->bytes, conn->len, MSG_DONTWAIT | MSG_NOSIGNAL) !=
		(ssize_t)conn->len) {
		conn_next_server(c, conn, true, now);
		return;
	}
	conn->at = 0;
	conn->len = 2;
	conn->state = CONN_HEARS;
}

static void conn_hears(struct conns *c, struct conn *conn, uint64_t now)
{
	int r = take_message(conn->turn.fd, conn, DNS_MESSAGE_MAX);
	enum dns_rcode rcode = DNS_SERVFAIL;

	if (r == 0)
		return;
	if (r > 0 && reply_is_to(&conn->q, conn->turn.id, conn->bytes + 2, conn->len - 2))
		rcode = reply_failure(conn->bytes + 2);
	if (rcode != DNS_NOERROR) {
		conn->turn.rcode = (uint8_t)rcode;
		conn_next_server(c, conn, true, now);
		return;
	}
	turn_end(c->upstream, &conn->turn);
	reply_rename(conn->bytes + 2, conn->q.id);
	conn_write(conn, conn->len - 2, now);
}

static void conn_writes(struct conn *conn, uint64_t now)
{
	ssize_t n = send(conn->fd, conn->bytes + conn->at, conn->len - conn->at,
		MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN)
		conn_close(conn);
	if (n <= 0)
		return;
	conn->at += (size_t)n;
	if (conn->at == conn->len)
		conn_read_next(conn, now);
}

static void conn_serve(struct conns *c, struct conn *conn, uint64_t now)
{
	switch (conn->state) {
	case CONN_READS:
		conn_reads(c, conn, now);
		break;
	case CONN_CONNECTS:
		conn_asks(c, conn, now);
		break;
	case CONN_HEARS:
		conn_hears(c, conn, now);
		break;
	case CONN_WRITES:
		conn_writes(conn, now);
		break;
	}
}

static void conn_late(struct conns *c, struct conn *conn, uint64_t now)
{
	if (conn->state == CONN_CONNECTS || conn->state == CONN_HEARS)
		conn_next_server(c, conn, false, now);
	else
		conn_close(conn);
}

void conns_accept(struct conns *c, uint64_t now)
{
	struct conn *place = &c->of[0];
	int fd = accept4(c->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	for (int i = 1; i < CONNS_MAX && place->fd >= 0; i++)
		if (c->of[i].fd < 0 || c->of[i].since < place->since)
			place = &c->of[i];
	conn_close(place);
	place->fd = fd;
	place->since = now;
	conn_read_next(place, now);
}

void conns_poll(const struct conns *c, struct pollfd ret[CONNS_MAX])
{
	for (int i = 0; i < CONNS_MAX; i++) {
		const struct conn *conn = &c->of[i];
		const bool server = conn->state == CONN_CONNECTS || conn->state == CONN_HEARS;
		const bool out = conn->state == CONN_CONNECTS || conn->state == CONN_WRITES;

		ret[i] = (struct pollfd){server && conn->fd >= 0 ? conn->turn.fd : conn->fd,
			out ? POLLOUT : POLLIN, 0};
	}
}

void conns_serve(struct conns *c, const struct pollfd p[CONNS_MAX], uint64_t now)
{
	for (int i = 0; i < CONNS_MAX; i++) {
		struct conn *conn = &c->of[i];

		if (conn->fd >= 0 && p[i].revents)
			conn_serve(c, conn, now);
		if (conn->fd >= 0 && now >= conn->until)
			conn_late(c, conn, now);
	}
}

uint64_t conns_deadline(const struct conns *c)
{
	uint64_t t = NEVER;

	for (int i = 0; i < CONNS_MAX; i++)
		if (c->of[i].fd >= 0)
			t = earlier(t, c->of[i].until);
	return t;
}
