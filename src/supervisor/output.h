/* What the container writes: read while nobody is behind and there is CPU time for it, then logged and sent on. */
#pragma once

#include "base/pace.h"
#include "supervisor/clients.h"
#include "supervisor/lines.h"

struct output {
	struct stream {
		int fd;              /* non-blocking; -1: at its end */
		uint64_t rest_until; /* not polled before; 0: no rest */
	} of[2];                     /* enum logfile_stream; a terminal is the first */
	struct terminal *terminal;
	struct lines *lines;
	struct clients *clients;
	struct work work;
	int null;    /* where goes what nobody looks at, or -1 */
	bool ending; /* PID 1 has ended: there is no more than what can be read at once */
	unsigned drained, turn;
};

bool output_open(const struct output *o);
void output_poll(const struct output *o, struct pollfd p[2], uint64_t now);
/* When to poll again what is not polled now, or NEVER. */
uint64_t output_deadline(const struct output *o, uint64_t now);
void output_serve(struct output *o, const struct pollfd p[2], uint64_t now);
