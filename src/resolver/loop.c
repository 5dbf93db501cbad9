#include "resolver/loop.h"

#include "base/clock.h"
#include "base/pace.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

enum {
	POLL_UDP,
	POLL_TCP,
	POLL_CONNS,
	POLL_EXCHANGES = POLL_CONNS + CONNS_MAX,
	POLL_COUNT = POLL_EXCHANGES + EXCHANGES_MAX
};
enum { BATCH = 32 /* before servers are listened to */, CPU_PARTS = 10 };

static const uint64_t idle_ns = 10 * SECOND_NS;

static void question_serve(struct resolver *r, const uint8_t *bytes, size_t len,
	const struct sockaddr_in *from, uint64_t now)
{
	uint8_t answer[DNS_ROOM_MOST];
	struct question q;
	size_t size;
	int rcode = question_parse(bytes, len, &q);

	if (rcode < 0)
		return;
	if (rcode > 0)
		client_fail(r->udp, &q, (enum dns_rcode)rcode, from);
	else if (names_answer(&r->names, &q, answer, q.room, &size))
		(void)!sendto(r->udp, answer, size, MSG_DONTWAIT, (const void *)from,
			sizeof(*from));
	else if (!r->forwards)
		client_fail(r->udp, &q, DNS_NXDOMAIN, from);
	else if (!upstream_ask(&r->upstream, &q, from, now))
		client_fail(r->udp, &q, DNS_SERVFAIL, from);
}

static bool is_replaced(int config)
{
	struct stat st;

	return fstat(config, &st) < 0 || st.st_nlink == 0;
}

static void udp_serve(struct resolver *r, uint64_t now)
{
	uint8_t bytes[DNS_QUESTION_MAX];

	for (int i = 0; i < BATCH && !is_replaced(r->config); i++) {
		struct sockaddr_in from;
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(r->udp, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_TRUNC,
			(void *)&from, &size);

		if (n < 0)
			return;
		if (n <= (ssize_t)sizeof(bytes) && from.sin_family == AF_INET)
			question_serve(r, bytes, (size_t)n, &from, now);
	}
}

static void sleep_until(struct pollfd *p, unsigned n, uint64_t deadline, uint64_t now)
{
	uint64_t rest = deadline > now ? deadline - now : 0;
	struct timespec t = {(time_t)(rest / SECOND_NS), (long)(rest % SECOND_NS)};

	if (ppoll(p, n, &t, NULL) < 0)
		for (unsigned i = 0; i < n; i++)
			p[i].revents = 0;
}

/* Whoever asks more than a part of a CPU can answer waits: it is not the container's, whose own is limited. */
static void rest(struct work *work)
{
	uint64_t now = monotonic_ns();

	work_pay(work, CPU_PARTS, now);
	if (work_rest_until(work) > now)
		sleep_until(NULL, 0, work_rest_until(work), now);
}

static bool turn(struct resolver *r, uint64_t *idle_at)
{
	struct pollfd p[POLL_COUNT] = {{r->udp, POLLIN, 0}, {r->tcp, POLLIN, 0}};
	unsigned n = upstream_poll(&r->upstream, p + POLL_EXCHANGES);
	uint64_t deadline = earlier(upstream_deadline(&r->upstream), conns_deadline(&r->conns));
	uint64_t now = monotonic_ns();
	const bool busy = deadline != NEVER;

	conns_poll(&r->conns, p + POLL_CONNS);
	sleep_until(p, POLL_EXCHANGES + n, busy ? deadline : *idle_at, now);
	now = monotonic_ns();
	if (busy || p[POLL_UDP].revents || p[POLL_TCP].revents)
		*idle_at = now + idle_ns;
	else if (now >= *idle_at)
		return false;
	if (is_replaced(r->config))
		return false;
	upstream_serve(&r->upstream, p + POLL_EXCHANGES, n, now);
	conns_serve(&r->conns, p + POLL_CONNS, now);
	if (p[POLL_UDP].revents)
		udp_serve(r, now);
	if (p[POLL_TCP].revents)
		conns_accept(&r->conns, now);
	return true;
}

void loop_serve_names(struct resolver *r)
{
	uint64_t idle_at = monotonic_ns() + idle_ns;
	struct work work = {0};

	while (turn(r, &idle_at))
		rest(&work);
}
