#include "supervisor/loop.h"

#include "base/clock.h"
#include "base/fd.h"

#include <time.h>
#include <unistd.h>

enum {
	POLL_PAYLOAD,
	POLL_GUARD,
	POLL_CHECK,
	POLL_NAMES,
	POLL_NAMES_LAST = POLL_NAMES + NAMESERVICE_POLLS - 1,
	POLL_LISTEN,
	POLL_INPUT,
	POLL_OUTPUT,
	POLL_CLIENTS = POLL_OUTPUT + 2,
	POLL_COUNT = POLL_CLIENTS + ATTACH_CLIENTS_MAX
};

static void interest(const struct supervisor *s, struct pollfd p[POLL_COUNT])
{
	payload_poll(&s->payload, &p[POLL_PAYLOAD], s->now);
	p[POLL_GUARD] = (struct pollfd){s->guard.fd, POLLIN, 0};
	p[POLL_CHECK] = (struct pollfd){s->check.fd, POLLIN, 0};
	nameservice_poll(&s->names, &p[POLL_NAMES], s->now);
	p[POLL_LISTEN] = (struct pollfd){s->clients.listen, POLLIN, 0};
	p[POLL_INPUT] = (struct pollfd){input_pending(&s->input) ? s->input.fd : -1, POLLOUT, 0};
	output_poll(&s->output, &p[POLL_OUTPUT], s->now);
	clients_poll(&s->clients, &p[POLL_CLIENTS]);
}

static uint64_t next_deadline(const struct supervisor *s)
{
	const uint64_t at[] = {payload_deadline(&s->payload, s->now), s->guard.at, s->check.at,
		nameservice_deadline(&s->names, s->now), lines_deadline(&s->lines),
		output_deadline(&s->output, s->now), clients_deadline(&s->clients)};
	uint64_t t = NEVER;

	if (s->payload.dead && !clients_behind(&s->clients))
		return 0;
	for (unsigned i = 0; i < sizeof(at) / sizeof(*at); i++)
		t = earlier(t, at[i]);
	return t;
}

static void sleep_until(struct supervisor *s, struct pollfd p[POLL_COUNT], uint64_t deadline)
{
	uint64_t rest = deadline > s->now ? deadline - s->now : 0;
	struct timespec t = {(time_t)(rest / SECOND_NS), (long)(rest % SECOND_NS)};

	if (ppoll(p, POLL_COUNT, deadline == NEVER ? NULL : &t, NULL) < 0)
		for (int i = 0; i < POLL_COUNT; i++)
			p[i].revents = 0;
	s->now = monotonic_ns();
}

static void turn(struct supervisor *s)
{
	struct pollfd p[POLL_COUNT];

	interest(s, p);
	sleep_until(s, p, next_deadline(s));
	guard_serve(&s->guard, &p[POLL_GUARD], s->now);
	check_serve(&s->check, &p[POLL_CHECK], s->now);
	nameservice_serve(&s->names, &p[POLL_NAMES], s->now);
	if (payload_serve(&s->payload, &p[POLL_PAYLOAD], s->now)) {
		check_end(&s->check);
		nameservice_end(&s->names);
		s->output.ending = true;
		clients_hurry(&s->clients, s->now);
	}
	if (p[POLL_LISTEN].revents)
		clients_accept(&s->clients);
	if (p[POLL_INPUT].revents)
		input_push(&s->input);
	clients_serve(&s->clients, &p[POLL_CLIENTS], s->now);
	output_serve(&s->output, &p[POLL_OUTPUT], s->now);
	lines_due(&s->lines, s->now);
}

void loop_serve(struct supervisor *s)
{
	clients_accept(&s->clients);
	if (s->ready >= 0)
		(void)!write(s->ready, "", 1);
	fd_forget(&s->ready);
	while (!s->payload.dead || output_open(&s->output) || clients_behind(&s->clients))
		turn(s);
	lines_finish(&s->lines, s->now);
	payload_record(&s->payload, s->exit);
	clients_accept(&s->clients);
	s->clients.out[1] = (char)s->payload.status;
	if (s->payload.status != STATUS_UNKNOWN)
		clients_send(&s->clients, ATTACH_EXIT, 1, s->now);
	while (clients_behind(&s->clients))
		turn(s);
}
