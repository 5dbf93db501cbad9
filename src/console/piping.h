/*
 * What a payload has for standard streams where it has no terminal: pipes of ours, which whoever waits for
 * it copies from and to its own. An open file of the host that went inside would stay there as long as
 * any process kept it: a terminal to be read and set, a log to be read from its beginning.
 */
#pragma once

#include "base/err.h"
#include "base/pump.h"

enum { PIPING_POLLS = 6 };

struct piping {
	int payload[3]; /* for the start; as streams_apply() takes them */
	struct pump pumps[3];
	uint64_t until_ns; /* CLOCK_MONOTONIC, when whoever waits gives up; 0: never */
	bool hurried;      /* somebody wanted the end */
	bool stuck;        /* given up: a write to our own streams may block for ever */
};

/* Nothing but the container's /dev/null. */
void piping_none(struct piping *p);
/* Standard input stays /dev/null without with_stdin. Where our standard output and error are the same
 * file, those of the payload are the same pipe, so that what it writes stays in order. What is closed here is
 * /dev/null there. */
int piping_open(struct piping *p, bool with_stdin, struct err *err);
/* Once the payload has its ends, or never will. */
void piping_started(struct piping *p);

void piping_poll(const struct piping *p, struct pollfd ret[PIPING_POLLS]);
void piping_serve(struct piping *p, const struct pollfd polled[PIPING_POLLS]);

/* Called when the payload has ended. What is in the pipes now is the rest of its output, even if other processes
 * go on writing to them; as much of it as possible is passed on without waiting. */
void piping_end(struct piping *p);
/* Whether some of it is still to be passed on. */
bool piping_holds(struct piping *p);
/* -1 if not all could be written or read. */
int piping_result(const struct piping *p, struct err *err);
void piping_close(struct piping *p);
