/* The child of the clone: builds its root, gives up what it must not keep, becomes the payload. */
#pragma once

#include "launch/bundle.h"
#include "launch/detached.h"
#include "launch/payload.h"
#include "launch/plan.h"
#include "spec/spec.h"

#include <signal.h>

/* Everything it needs, made before the clone: from then on the child allocates nothing. */
struct child {
	const struct spec *spec;
	const struct container *container;
	struct plan *plan;
	struct detached *detached; /* with room for what comes through go_sock */
	int go_sock;   /* the mounts, once the id maps are written; end of file: give up */
	int report_fd; /* as report_await() reads it */
	const struct seccomp_listener *listener; /* or NULL */
	int *ns_fds;                    /* of the namespaces to join, as the spec lists them */
	const struct fd_list *kept;     /* all that it needs */
	struct payload_streams streams; /* of payload.h, as are these */
	int start_fd;
	int network_sock; /* of net/handover.h, or -1: who has it makes the network */
	unsigned keep_fds;
	struct bundle_states states; /* empty, unless an engine makes it */
};

/* Never returns: executes the payload, or reports and exits. */
_Noreturn void child_run(const struct child *c);
