/* The child of the clone: builds its root, gives up what it must not keep, becomes the payload. */
#pragma once

#include "container/plan.h"
#include "spec/spec.h"

#include <signal.h>

/* Everything it needs, made before the clone: from then on the child allocates nothing. */
struct child {
	const struct spec *spec;
	struct plan *plan;
	int go_fd;         /* one byte: id maps are written, trees are mapped; end of file: give up */
	int report_fd;     /* as payload_await() reads it */
	const int *layers; /* detached trees, lowest first */
	int writable;      /* detached tree with upper/ and work/ */
	const int *sources; /* per mount of the spec: a detached tree, or -1 */
	int init_fd;       /* ctr-init, or -1 */
	int streams[3];    /* for the payload; -1: as inherited, or /dev/null for standard input */
	int console_sock;  /* takes the master of the terminal, or -1 */
};

/* Never returns: executes the payload, or reports and exits. */
_Noreturn void child_run(const struct child *c);
