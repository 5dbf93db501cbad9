/* The last steps of every process that enters a container, by run and by exec. */
#pragma once

#include "container/plan.h"
#include "spec/spec.h"

#include <sys/types.h>

/*
 * In the container's root, as root of its user namespace: finds the user and the command, checks
 * that the command can run on this kernel, takes the limits, the identity, the capabilities and the
 * filter, and executes. Returns only on failure. label_fd: from lsm_open(), or -1. report_fd: a pipe
 * that the parent reads.
 */
int payload_execute(const struct spec *spec, struct plan *plan, int rootfd, int init_fd,
	int label_fd, int report_fd, struct err *err);

/* Parent: before the exec, through the host's procfs; inside, that file belongs to nobody we could be. */
int payload_set_oom_score(pid_t pid, const struct process_spec *p, struct err *err);

/* Parent: blocks until the payload has been executed (0), or until the child has said why not, or has
 * died; then it is reaped (-1). The report is one byte right before the exec, which ends it by closing
 * the pipe, and a struct err if something failed before or in it. */
int payload_await(int report_fd, pid_t pid, struct err *err);
