/*
 * A program of the host's that answers some system calls in place of the kernel: the filter gives a
 * descriptor to hear of them by, which goes to its socket with the state of the container
 * (runtime specification, "The Container Process State").
 *
 * Whoever loads the filter cannot be sure of a single call afterwards: the one that sends might be the
 * one that waits for the answer. So a thread made before, which the filter does not bind, sends.
 */
#pragma once

#include "base/err.h"
#include "process/seccomp.h"
#include "spec/spec.h"

struct seccomp_listener {
	int sock;            /* connected */
	const char *version; /* of the specification */
	char *metadata;      /* as JSON */
	pid_t pid;           /* of the process, on the host; 0: that of the state */
};

/* Parent: connects to p->listener on the host, before the clone. */
int seccomp_listener_open(const struct process_spec *p, const char *version,
	struct seccomp_listener *ret, struct err *err);
void seccomp_listener_close(struct seccomp_listener *l);

/* As seccomp_apply(), of a filter that notifies. state: of the container, as JSON, with its pid. Returns
 * once the listener has it. Allocates nothing. */
int seccomp_apply_listened(const struct seccomp_filter *filter, const struct seccomp_listener *l,
	const char *state, struct err *err);
