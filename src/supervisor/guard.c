#include "supervisor/guard.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/pace.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STACK_BYTES = 16384 };

static const uint64_t without_ns = SECOND_NS; /* a guard, after the end of one */

/* errno is in the memory of both: as long as the first lives, nothing here may set it. */
static int guard_main(void *arg)
{
	struct guard *g = arg;
	struct pollfd first = {g->self, POLLIN, 0};

	while (ppoll(&first, 1, NULL, NULL) != 1)
		;
	g->go_on();
	return 0;
}

/* The guard before us runs on one of the two stacks, and needs it to its end. The new guard gets the other. */
static void guard_start(struct guard *g, uint64_t now)
{
	static char stack[2][STACK_BYTES] __attribute__((aligned(64)));
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	bool on_first = here - (uintptr_t)stack[0] < STACK_BYTES;
	char *top = stack[on_first] + STACK_BYTES;

	g->at = NEVER;
	if (g->self < 0)
		g->self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	if (g->self >= 0 && clone(guard_main, top, CLONE_VM | CLONE_FILES | CLONE_PIDFD | SIGCHLD,
				    g, &g->fd) > 0)
		return;
	g->fd = -1;
	g->at = now + without_ns;
}

static void guard_reap(struct guard *g, uint64_t now)
{
	siginfo_t end;

	(void)waitid(P_PIDFD, (id_t)g->fd, &end, WEXITED);
	fd_forget(&g->fd);
	g->at = now + without_ns;
}

void guard_serve(struct guard *g, const struct pollfd *p, uint64_t now)
{
	if (p->revents)
		guard_reap(g, now);
	if (now >= g->at)
		guard_start(g, now);
}

void guard_taken_over(struct guard *g, uint64_t now)
{
	fd_forget(&g->self);
	fd_forget(&g->fd);
	g->at = now;
}

void guard_end(struct guard *g)
{
	if (g->fd < 0)
		return;
	/* One that is not killed would be waited for for ever, or come to life behind us. */
	while (syscall(SYS_pidfd_send_signal, g->fd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		poll(NULL, 0, 10);
	guard_reap(g, 0);
}
