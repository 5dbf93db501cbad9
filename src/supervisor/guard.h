/*
 * A second process with the memory and the descriptors of this one, that sleeps until this one is killed; then it
 * goes on where that was.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct guard {
	int self, fd;        /* pidfds of both; fd -1: there is none */
	uint64_t at;         /* when to make one, CLOCK_MONOTONIC in nanoseconds, or NEVER */
	void (*go_on)(void); /* what the second does; it does not return */
};

/* Makes one when it is time, and another a second after the end of one. */
void guard_serve(struct guard *g, const struct pollfd *p, uint64_t now);
/* In the second, first of all. */
void guard_taken_over(struct guard *g, uint64_t now);
void guard_end(struct guard *g);
