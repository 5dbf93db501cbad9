/* Whether a container that has ended is started again. Pure. */
#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum restart_kind {
	RESTART_NO,
	RESTART_ON_FAILURE,
	RESTART_ALWAYS,
	RESTART_UNLESS_STOPPED,
};

struct restart_policy {
	enum restart_kind kind;
	uint32_t max; /* of RESTART_ON_FAILURE: so many times, 0: as often as it takes */
};

/* "no", "on-failure[:N]", "always" or "unless-stopped". what names the option. */
int restart_parse(const char *what, const char *text, struct restart_policy *ret, struct err *err);

/* What is known of a container at its end. */
struct restart_facts {
	int status;      /* -1: nobody saw it */
	bool stopped;    /* somebody has stopped it */
	uint32_t count;  /* how often it was started again since somebody started it */
	uint32_t streak; /* of these, without a time of RESTART_CALM_NS in which it ran */
	uint64_t ran_ns;
};

#define RESTART_CALM_NS  UINT64_C(10000000000)
#define RESTART_FIRST_NS UINT64_C(100000000)
#define RESTART_LAST_NS  UINT64_C(60000000000)

/* Whether it starts again, and after what wait; ret_streak is for the next end. */
bool restart_due(const struct restart_policy *p, const struct restart_facts *f,
	uint64_t *ret_wait_ns, uint32_t *ret_streak);

/* Whether it starts with the machine. facts->status as of its last end, -1 if the machine ended it. */
bool restart_at_boot(const struct restart_policy *p, const struct restart_facts *f);
