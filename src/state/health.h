/*
 * How a container is, as those say who ask it: health.json in its state directory. The first line is short, for ps;
 * then comes one for each of the last answers. It is of one start: what an earlier one has left does not count.
 */
#pragma once

#include "base/arena.h"
#include "spec/health.h"
#include "state/container.h"

enum {
	HEALTH_ANSWERS = 5,
	HEALTH_OUTPUT_MAX = 4096, /* bytes of an answer */
	HEALTH_NO_STATUS = -1,    /* of an answer: it could not be had, or took too long */
};

struct health_answer {
	int64_t start_ns, end_ns; /* since 1970 */
	int status;
	const char *output;
};

struct health {
	struct health_state state;
	struct health_answer answers[HEALTH_ANSWERS]; /* oldest first */
	size_t count;
};

/* Before the first answer it is starting. */
int health_read(int state_fd, const struct record *r, struct arena *a, struct health *ret,
	struct err *err);
/* The status alone; HEALTH_NONE if nobody asks. state_fd: of the container. */
enum health_status health_peek(int state_fd, const struct record *r);

/* One more answer, the oldest of too many goes. Bytes that are no UTF-8 are '?'. */
void health_add(struct health *h, const struct health_answer *answer);
int health_write(const struct container *c, const struct health *h, struct err *err);
