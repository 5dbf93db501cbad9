/* All that a supervisor has to do with, and its turns. */
#pragma once

#include "console/nameservice.h"
#include "supervisor/check.h"
#include "supervisor/guard.h"
#include "supervisor/output.h"
#include "supervisor/payload.h"

struct supervisor {
	struct payload payload;
	struct guard guard;
	struct check check;
	struct nameservice names;
	struct terminal terminal;
	struct input input;
	struct clients clients;
	struct log log;
	struct lines lines;
	struct output output;
	int ready, exit;
	uint64_t now; /* CLOCK_MONOTONIC in nanoseconds, once a turn */
};

/* Until PID 1 has ended and all is told: to the log, the exit file and the clients. */
void loop_serve(struct supervisor *super);
