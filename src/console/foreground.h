/* Waiting for a payload that is our own child. */
#pragma once

#include "console/nameservice.h"
#include "console/piping.h"
#include "state/container.h"

#include <signal.h>

enum {
	FOREGROUND_TIMED_OUT = 124, /* as timeout(1) */
	FOREGROUND_HURRY_MS = 1000, /* what a reader gets once somebody wants the end */
};

/* What is for the payload: whatever would end us with it running on, such as the alarm(2) of who executes us. Not
 * those of faults, of job control, and of children. */
#define FOREGROUND_SIGNALS                                                                         \
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU,  \
		SIGIO, SIGPWR

/* Before the start: holds back the signals that are for the payload, so that none is lost; not those that
 * were ignored when we were started. */
void foreground_block_signals(sigset_t *ret_old);

/* Whether the kernel keeps sig, which ends other processes, from the payload: a PID 1 that does nothing about it. */
bool foreground_shrugs_off(const struct container *c, int sig);

/* Passes one signal on. The kernel keeps a signal without a handler from a PID 1 (pid_namespaces(7)): if it would
 * end any other process, it ends the container, provided that c has its group. Then the signal is returned,
 * else 0. */
int foreground_pass_on(struct container *c, int sig);

/* Passes on signals, and the streams of io (or NULL), until the payload ends, and reaps it. names answers what it asks
 * (or NULL), and ends with it. Output that nobody
 * takes at once is left for foreground_finish(). *ret_status is the payload's own status; 128 + n if signal n killed
 * it, or ended the container in its place; FOREGROUND_TIMED_OUT if it was killed after timeout_ns (0: no limit). */
int foreground_wait(struct container *c, struct piping *io, struct nameservice *names,
	uint64_t timeout_ns, int *ret_status, bool *ret_timed_out, struct err *err);

/* Called when the container is released: waits until the readers have taken the payload's output. A signal or the
 * timeout ends the wait; if one of them came before, it lasts a second at most. Returns the status of the command,
 * made from that of the payload. -1 if some of the output could not be written, and the payload does not know it.
 * Closes io. */
int foreground_finish(struct piping *io, int status, struct err *err);
/* Called instead of both if the start failed: passes on what the process has written meanwhile. Always -1. */
int foreground_give_up(struct piping *io);
