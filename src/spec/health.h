/* Whether a container does what it is there for: what asks it, when, and what the answers say. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Times in nanoseconds; 0 stands for what is usual. */
struct health_spec {
	/* In docker's words: CMD and a command, CMD-SHELL and a line for /bin/sh, or NONE; empty: nobody asks. */
	char **test;
	size_t test_count;
	uint64_t interval_ns, timeout_ns;
	uint64_t start_period_ns;   /* after the start, in which a failure does not count */
	uint64_t start_interval_ns; /* instead of interval_ns, in that time */
	uint64_t retries;
};

#define HEALTH_INTERVAL_NS       UINT64_C(30000000000)
#define HEALTH_TIMEOUT_NS        UINT64_C(30000000000)
#define HEALTH_START_INTERVAL_NS UINT64_C(5000000000)
#define HEALTH_LEAST_NS          UINT64_C(1000000)
enum { HEALTH_RETRIES = 3 };

/* What was given, over what an image says, over what is usual. What is NONE has no test afterwards. */
void health_complete(struct health_spec *given, const struct health_spec *of_image);
/* What is to be executed, NULL-terminated, in argv of at least test_count + 3; NULL: it makes no sense. */
char **health_command(const struct health_spec *spec, char **argv);

enum health_status {
	HEALTH_NONE, /* nobody asks */
	HEALTH_STARTING,
	HEALTH_HEALTHY,
	HEALTH_UNHEALTHY,
};
/* "none", "starting", "healthy", "unhealthy". */
const char *health_status_name(enum health_status status);
/* HEALTH_NONE if it is none of them. */
enum health_status health_status_parse(const char *name);

struct health_state {
	enum health_status status;
	uint64_t streak; /* of failures that count */
};

/* What an answer makes of it; age_ns: of the container when it was asked. */
struct health_state health_step(const struct health_spec *spec, struct health_state was,
	uint64_t age_ns, bool well);
/* Whether the next question is due after start_interval_ns, and not interval_ns. */
bool health_is_starting(const struct health_spec *spec, struct health_state now, uint64_t age_ns);
