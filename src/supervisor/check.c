#include "supervisor/check.h"

#include "base/fd.h"
#include "base/pace.h"
#include "supervisor/self.h"

#include <errno.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOON = 1 /* its status */, END_MS = 1000 };

void check_start(struct check *c, char **argv, uint64_t every, uint64_t soon, int lock,
	uint64_t now)
{
	*c = (struct check){.argv = argv,
		.every = every,
		.soon = soon ? soon : every,
		.fd = -1,
		.lock = lock};
	c->at = argv ? now + c->soon : NEVER;
}

static _Noreturn void run(const struct check *c)
{
	close(c->lock);
	self_restore();
	execv(c->argv[0], c->argv);
	_exit(0);
}

/* With a memory of its own: the guard and we have one together, and each can be killed at any time. */
static void begin(struct check *c, uint64_t now)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&c->fd,
		.exit_signal = SIGCHLD,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid == 0)
		run(c);
	if (pid < 0)
		c->fd = -1;
	c->at = pid < 0 ? now + c->every : NEVER;
}

static void reap(struct check *c, uint64_t now)
{
	siginfo_t end = {0};
	int r = waitid(P_PIDFD, (id_t)c->fd, &end, WEXITED);
	int soon = r == 0 && end.si_code == CLD_EXITED && end.si_status == SOON;

	fd_forget(&c->fd);
	c->at = now + (soon ? c->soon : c->every);
}

void check_serve(struct check *c, const struct pollfd *p, uint64_t now)
{
	if (p->revents)
		reap(c, now);
	if (now >= c->at)
		begin(c, now);
}

void check_taken_over(struct check *c, uint64_t now)
{
	if (c->argv)
		c->at = now + c->every;
	fd_forget(&c->fd);
}

void check_end(struct check *c)
{
	struct pollfd p = {c->fd, POLLIN, 0};

	if (c->fd >= 0)
		(void)syscall(SYS_pidfd_send_signal, c->fd, SIGKILL, NULL, 0);
	/* One that hangs in the kernel does nothing more either. */
	if (c->fd >= 0 && poll(&p, 1, END_MS) > 0)
		reap(c, 0);
	fd_forget(&c->fd);
	c->at = NEVER;
}
