/* Waiting for a payload that is our own child. */
#pragma once

#include "console/piping.h"
#include "state/container.h"

#include <signal.h>

enum {
	FOREGROUND_TIMED_OUT = 124, /* as timeout(1) */
	FOREGROUND_HURRY_MS = 1000, /* what a reader gets once somebody wants the end */
};

/* Before the start: holds back the signals that are for the payload, so that none is lost; not those that
 * were ignored when we were started. */
void foreground_block_signals(sigset_t *ret_old);

/* Whether the kernel keeps sig, which ends other processes, from the payload: a PID 1 that does nothing about it. */
bool foreground_shrugs_off(const struct container *c, int sig);

/* Passes one signal on. One that would end any other process but that the kernel keeps from a PID 1
 * without a handler (pid_namespaces(7)) ends the container, if c has its group: then it is returned,
 * else 0. */
int foreground_pass_on(struct container *c, int sig);

/* Passes signals on, and what its streams carry (io, or NULL), until the payload ends, and reaps it. Of its
 * output, what nobody takes at once is left for foreground_finish(). *ret_status: its own, 128 + n if it was killed
 * by signal n, or ended in its place. timeout_ns 0: none; else FOREGROUND_TIMED_OUT when it was killed
 * for that. */
int foreground_wait(struct container *c, struct piping *io, uint64_t timeout_ns, int *ret_status,
	bool *ret_timed_out, struct err *err);

/* When nothing of the container is left to see to: waits for whoever reads the payload's output. Returns the
 * status of the command, from that of the payload: a signal ends the wait, as does the timeout, and if there
 * was one before, a second is enough. -1 if some of the output could not be written, and the payload does not
 * know. Closes io. */
int foreground_finish(struct piping *io, int status, struct err *err);
/* Instead of both, when there is no payload: its process may have said something on its way. Always -1. */
int foreground_give_up(struct piping *io);
