/*
 * A program that is run again and again as long as PID 1 lives, and asks how that is: one at a time, as a child of
 * nobody's concern but ours. Its status says when it is next: 1 soon, else after the longer time.
 */
#pragma once

#include <poll.h>
#include <stdint.h>

struct check {
	char **argv;          /* NULL: there is none */
	uint64_t every, soon; /* nanoseconds */
	uint64_t at;          /* when it is next, CLOCK_MONOTONIC in nanoseconds, or NEVER */
	int fd;               /* pidfd of the one that runs, or -1 */
	int lock;             /* not for it */
};

/* soon: 0 if the first one is not to be soon. */
void check_start(struct check *c, char **argv, uint64_t every, uint64_t soon, int lock,
	uint64_t now);
/* Begins one when it is time, and reaps it. */
void check_serve(struct check *c, const struct pollfd *p, uint64_t now);
/* What its parent was has been killed: somebody else reaps it. */
void check_taken_over(struct check *c, uint64_t now);
/* Ends the one that runs. */
void check_end(struct check *c);
