/* The last steps of every process that enters a container, by run and by exec. */
#pragma once

#include "base/fdlist.h"
#include "base/streams.h"
#include "launch/plan.h"
#include "rootfs/layout.h"
#include "spec/spec.h"

#include <sys/ioctl.h>
#include <sys/types.h>

struct payload {
	const struct spec *spec;
	struct plan *plan;
	int rootfd;
	int init_fd;       /* ctr-init, or -1 */
	int label_fd;      /* from lsm_open(), or -1 */
	int report_fd;     /* as report_await() reads it */
	int start_fd;      /* where to wait for the start (startsocket.h), or -1 */
	int network_sock;  /* where to wait for the network (net/handover.h), or -1 */
	unsigned keep_fds; /* so many, from 3 on, reach the payload */
	const char *state; /* for the hooks of the start, or NULL */
	const struct seccomp_listener *listener; /* where the filter notifies, or NULL */
};

/* What the payload has for standard streams. */
struct payload_streams {
	int fds[3]; /* as streams_apply() takes them */
	int console_sock; /* or -1: for the master of a new terminal of the container, which it has instead */
	struct winsize size; /* of that */
};

/* Called by the parent before the clone: adds them to the list of what the child keeps. With a terminal the child
 * does not get our own streams, whatever fds says. */
struct payload_streams payload_plan_streams(const struct spec *spec, const int fds[3],
	int console_sock, struct fd_list *kept);

/* Called before payload_execute(), in a child that has only what was kept: makes a session of its own, with the
 * terminal or /dev/null. */
int payload_set_streams(const struct spec *spec, const struct layout *l,
	const struct payload_streams *streams, struct err *err);

/* Called by the parent when it knows the ids: gives pipes to the container's root, which can give them on. The
 * container's root has no rights over a pipe whose owner has no id in the container. */
int payload_give_streams(const struct spec *spec, const struct plan *plan, const int streams[3],
	struct err *err);

/*
 * In the container's root, as root of its user namespace: finds the user and the command, checks
 * that the command can run on this kernel, waits for the start, takes the limits, the identity, the
 * capabilities and the filter, and executes. Returns only on failure; p->report_fd then is who wants
 * to know.
 */
int payload_execute(struct payload *p, struct err *err);

/* Called before the exec, for a child, or with pid 0 for ourselves before we enter a container: writes to the host's
 * procfs, as inside of the container we have no right to that file. */
int payload_set_oom_score(pid_t pid, const struct spec *spec, struct err *err);

/* Scheduler, I/O priority and how high limits may be, which take rights on the host: of the child, by its parent; or the caller's
 * own (0), before it joins the container. What a container of ours does not ask for is as usual; an engine's has the
 * caller's, as with runc and crun. */
int payload_set_priorities(pid_t pid, const struct spec *spec, struct err *err);

/* Leaves the caller's session keyring for a new one. */
int payload_leave_keyring(struct err *err);
