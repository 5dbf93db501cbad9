#include "spec/health.h"

#include <string.h>

static void take(uint64_t *to, uint64_t of_image, uint64_t usual)
{
	if (!*to)
		*to = of_image ? of_image : usual;
}

void health_complete(struct health_spec *given, const struct health_spec *of_image)
{
	const struct health_spec none = {.test = NULL};
	const struct health_spec *image = of_image ? of_image : &none;

	if (!given->test_count) {
		given->test = image->test;
		given->test_count = image->test_count;
	}
	if (!given->test_count || strcmp(given->test[0], "NONE") == 0) {
		*given = none;
		return;
	}
	take(&given->interval_ns, image->interval_ns, HEALTH_INTERVAL_NS);
	take(&given->timeout_ns, image->timeout_ns, HEALTH_TIMEOUT_NS);
	take(&given->start_period_ns, image->start_period_ns, 0);
	take(&given->start_interval_ns, image->start_interval_ns, HEALTH_START_INTERVAL_NS);
	take(&given->retries, image->retries, HEALTH_RETRIES);
}

char **health_command(const struct health_spec *spec, char **argv)
{
	size_t n = 0;

	if (spec->test_count < 2)
		return NULL;
	if (strcmp(spec->test[0], "CMD-SHELL") == 0) {
		argv[n++] = (char *)"/bin/sh";
		argv[n++] = (char *)"-c";
		argv[n++] = spec->test[1];
	} else if (strcmp(spec->test[0], "CMD") == 0) {
		while (n + 1 < spec->test_count) {
			argv[n] = spec->test[n + 1];
			n++;
		}
	}
	argv[n] = NULL;
	return n ? argv : NULL;
}

static const char *const names[] = {
	[HEALTH_NONE] = "none",
	[HEALTH_STARTING] = "starting",
	[HEALTH_HEALTHY] = "healthy",
	[HEALTH_UNHEALTHY] = "unhealthy",
};

const char *health_status_name(enum health_status status)
{
	return names[status];
}

enum health_status health_status_parse(const char *name)
{
	enum health_status s = HEALTH_UNHEALTHY;

	while (s > HEALTH_NONE && strcmp(names[s], name) != 0)
		s--;
	return s;
}

bool health_is_starting(const struct health_spec *spec, struct health_state now, uint64_t age_ns)
{
	return now.status == HEALTH_STARTING && age_ns < spec->start_period_ns;
}

struct health_state health_step(const struct health_spec *spec, struct health_state was,
	uint64_t age_ns, bool well)
{
	struct health_state next = was;

	if (well)
		return (struct health_state){.status = HEALTH_HEALTHY};
	if (health_is_starting(spec, was, age_ns))
		return was;
	next.streak++;
	if (next.streak >= spec->retries)
		next.status = HEALTH_UNHEALTHY;
	return next;
}
