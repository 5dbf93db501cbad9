/* The container's PID 1, as its supervisor sees it: when it ends, how, and the end of its time. */
#pragma once

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { STATUS_UNKNOWN = -1 /* of a PID 1 that was nobody's child here */ };

struct payload {
	pid_t pid;
	int pidfd;
	bool adopted; /* it is not our child */
	bool dead, timed_out;
	int status;       /* 0..255 or STATUS_UNKNOWN, once it is dead */
	uint64_t kill_at; /* CLOCK_MONOTONIC in nanoseconds, or NEVER */
	uint64_t reap_at; /* not before: another process traces it */
};

void payload_poll(const struct payload *p, struct pollfd *ret, uint64_t now);
uint64_t payload_deadline(const struct payload *p, uint64_t now);
/* Kills it when its time is over. True once: it has ended just now. */
bool payload_serve(struct payload *p, const struct pollfd *poll, uint64_t now);
/* Writes status and time of day to the exit file, as ctr-supervisor.c has it. */
void payload_record(const struct payload *p, int exit_fd);
