#include "resolver/upstream.h"

#include "base/clock.h"
#include "base/pace.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { DNS_PORT = 53, LIES_MAX = 8 };

static const uint64_t turn_ns = 2 * SECOND_NS;

void upstream_start(struct upstream *u, const struct servers *servers, int client)
{
	u->servers = *servers;
	u->client = client;
	for (int i = 0; i < EXCHANGES_MAX; i++)
		u->of[i].turn.fd = -1;
}

static void turn_close(struct turn *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
}

/* connect(2) chooses a port at random, and from then on nobody else is heard. */
static int connect_to(const struct server *s, int type)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(DNS_PORT)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
		.sin6_port = htons(DNS_PORT),
		.sin6_scope_id = s->scope};
	bool is4 = s->address.family == AF_INET;
	int fd = socket(s->address.family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	memcpy(is4 ? (void *)&v4.sin_addr : (void *)&v6.sin6_addr, s->address.bytes, is4 ? 4 : 16);
	if (fd >= 0 &&
		connect(fd, is4 ? (void *)&v4 : (void *)&v6, is4 ? sizeof(v4) : sizeof(v6)) < 0 &&
		errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A socket that asks server n from now on; -1 if that cannot be. */
static int turn_at(struct upstream *u, struct turn *t, int type, uint64_t now)
{
	turn_close(t);
	t->until = now + turn_ns;
	if (getrandom(&t->id, sizeof(t->id), GRND_NONBLOCK) != sizeof(t->id))
		return -1;
	return t->fd = connect_to(&u->servers.of[t->server], type);
}

bool turn_first(struct upstream *u, struct turn *t, int type, uint64_t now)
{
	*t = (struct turn){.fd = -1,
		.server = (uint8_t)u->first,
		.rcode = DNS_SERVFAIL,
		.left = (int8_t)(2 * u->servers.count)};
	if (t->left == 0)
		return false;
	return turn_at(u, t, type, now) >= 0 || turn_next(u, t, type, true, now);
}

bool turn_next(struct upstream *u, struct turn *t, int type, bool failed, uint64_t now)
{
	const unsigned count = (unsigned)u->servers.count;

	do {
		t->left = (int8_t)(t->left - (failed ? 2 : 1));
		if (t->server == u->first)
			u->first = (u->first + 1) % count;
		t->server = (uint8_t)((t->server + 1U) % count);
		if (t->left <= 0) {
			turn_close(t);
			return false;
		}
		failed = true;
	} while (turn_at(u, t, type, now) < 0);
	return true;
}

void turn_end(struct upstream *u, struct turn *t)
{
	u->first = t->server;
	turn_close(t);
}

void client_fail(int client, const struct question *q, enum dns_rcode rcode,
	const struct sockaddr_in *to)
{
	uint8_t bytes[DNS_ROOM_LEAST];
	struct answer a;

	answer_begin(&a, q, rcode, bytes, sizeof(bytes));
	(void)!sendto(client, bytes, answer_end(&a), MSG_DONTWAIT, (const void *)to, sizeof(*to));
}

static bool send_question(struct exchange *e)
{
	uint8_t bytes[DNS_QUESTION_MAX];
	size_t len = question_write(&e->q, e->turn.id, bytes);

	e->lies = 0;
	return send(e->turn.fd, bytes, len, MSG_DONTWAIT) == (ssize_t)len;
}

static void exchange_next(struct upstream *u, struct exchange *e, bool failed, uint64_t now)
{
	bool more;

	while ((more = turn_next(u, &e->turn, SOCK_DGRAM, failed, now)) && !send_question(e))
		failed = true;
	if (!more)
		client_fail(u->client, &e->q, e->turn.rcode, &e->from);
}

static bool is_same_client(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	return a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
}

/* A free one; NULL if the client has too many, or all are used. It is *ret_known if it is asked already. */
static struct exchange *find_place(struct upstream *u, const struct question *q,
	const struct sockaddr_in *from, bool *ret_known)
{
	struct exchange *place = NULL;
	unsigned of_client = 0;

	for (unsigned i = 0; i < u->high; i++) {
		struct exchange *e = &u->of[i];

		if (e->turn.fd < 0) {
			place = place ? place : e;
			continue;
		}
		if (!is_same_client(&e->from, from))
			continue;
		*ret_known = *ret_known || (e->q.id == q->id && question_equal(&e->q, q));
		of_client++;
	}
	if (!place && u->high < EXCHANGES_MAX)
		place = &u->of[u->high];
	return of_client < EXCHANGES_PER_CLIENT ? place : NULL;
}

bool upstream_ask(struct upstream *u, const struct question *q, const struct sockaddr_in *from,
	uint64_t now)
{
	bool known = false;
	struct exchange *e = find_place(u, q, from, &known);

	if (known || !e)
		return known;
	e->q = *q;
	e->from = *from;
	if (!turn_first(u, &e->turn, SOCK_DGRAM, now))
		return false;
	if (e == &u->of[u->high])
		u->high++;
	if (!send_question(e))
		exchange_next(u, e, true, now);
	return true;
}

unsigned upstream_poll(const struct upstream *u, struct pollfd *ret)
{
	unsigned n = 0;

	for (unsigned i = 0; i < u->high; i++)
		if (u->of[i].turn.fd >= 0)
			ret[n++] = (struct pollfd){u->of[i].turn.fd, POLLIN, 0};
	return n;
}

/* As it is, but for the id. One that is too long for us is asked for again, over TCP. */
static void exchange_answer(struct upstream *u, struct exchange *e, uint8_t *bytes, size_t len,
	size_t size)
{
	struct answer a;

	turn_end(u, &e->turn);
	if (len > size) {
		answer_begin(&a, &e->q, DNS_NOERROR, bytes, size);
		answer_truncate(&a);
		len = answer_end(&a);
	} else {
		reply_rename(bytes, e->q.id);
	}
	(void)!sendto(u->client, bytes, len, MSG_DONTWAIT, (const void *)&e->from, sizeof(e->from));
}

static void exchange_hear(struct upstream *u, struct exchange *e, uint64_t now)
{
	uint8_t bytes[DNS_ROOM_MOST];
	ssize_t n = recv(e->turn.fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_TRUNC);
	size_t have = n < 0 ? 0 : (size_t)n < sizeof(bytes) ? (size_t)n : sizeof(bytes);
	enum dns_rcode rcode;

	if (n < 0 && errno == EAGAIN)
		return;
	if (n >= 0 && !reply_is_to(&e->q, e->turn.id, bytes, have)) {
		if (++e->lies >= LIES_MAX)
			exchange_next(u, e, false, now);
		return;
	}
	rcode = n < 0 ? DNS_SERVFAIL : reply_failure(bytes);
	if (rcode == DNS_NOERROR) {
		exchange_answer(u, e, bytes, (size_t)n, sizeof(bytes));
		return;
	}
	e->turn.rcode = (uint8_t)rcode;
	exchange_next(u, e, true, now);
}

void upstream_serve(struct upstream *u, const struct pollfd *p, unsigned n, uint64_t now)
{
	for (unsigned i = 0, at = 0; i < u->high && at < n; i++) {
		struct exchange *e = &u->of[i];

		if (e->turn.fd < 0 || e->turn.fd != p[at].fd)
			continue;
		if (p[at++].revents)
			exchange_hear(u, e, now);
		if (e->turn.fd >= 0 && now >= e->turn.until)
			exchange_next(u, e, false, now);
	}
	while (u->high && u->of[u->high - 1].turn.fd < 0)
		u->high--;
}

uint64_t upstream_deadline(const struct upstream *u)
{
	uint64_t t = NEVER;

	for (unsigned i = 0; i < u->high; i++)
		if (u->of[i].turn.fd >= 0)
			t = earlier(t, u->of[i].turn.until);
	return t;
}
