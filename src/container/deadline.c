#include "container/deadline.h"

#include "base/await.h"
#include "base/clock.h"
#include "base/fd.h"
#include "console/foreground.h"
#include "launch/supervise.h"
#include "state/namelock.h"
#include "state/release.h"
#include "state/renaming.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct guard {
	const struct container *c;
	int state;  /* its state directory, without the lock */
	int caller; /* pidfd */
	uint64_t until_ns;
};

/* Closes the caller's files and the lock, which has to be free once the caller is gone. */
static void let_go(const struct guard *g)
{
	const struct store *store = g->c->store;
	const int keep[] = {store->root_fd, store->containers_fd, store->state_fd, g->c->pidfd,
		g->state, g->caller};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) < 0)
			_exit(ERR_STATUS_OURS);
	if (chdir("/") < 0 ||
		fd_close_others(STDERR_FILENO + 1, keep, sizeof(keep) / sizeof(*keep)) < 0)
		_exit(ERR_STATUS_OURS);
}

/* Whether the payload has outlived its time. */
static bool outlives(int payload, uint64_t until_ns)
{
	return await_readable(payload, until_ns) == 0;
}

/* It may have been renamed by now. */
static void release(const struct guard *g, int status)
{
	const struct container *was = g->c;
	char name[RECORD_NAME_MAX + 1];
	struct container c;
	struct err ignored;

	if (renaming_settle(was->store, &ignored) < 0 || renaming_name_of(g->state, name) < 0 ||
		namelock_open(was->store, name, NAMELOCK_WAIT, &c, &ignored) < 0)
		return;
	if (strcmp(c.record.id, was->record.id) == 0)
		container_release(&c, status, &ignored);
	container_close(&c);
}

static _Noreturn void guard_run(const struct guard *g)
{
	struct pollfd p[] = {{g->c->pidfd, POLLIN, 0}, {g->caller, POLLIN, 0}};
	bool late = false;

	let_go(g);
	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	if (!p[0].revents)
		late = outlives(g->c->pidfd, g->until_ns);
	if (poll(p + 1, 1, 0) == 1)
		release(g, late ? FOREGROUND_TIMED_OUT : -1);
	_exit(0);
}

int deadline_guard(const struct container *c, uint64_t timeout_ns, struct err *err)
{
	autofd int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	autofd int state = openat(c->state_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct guard g = {c, state, self, monotonic_ns() + timeout_ns};
	pid_t pid = self < 0 || state < 0 ? -1 : supervisor_fork();

	if (pid == 0)
		guard_run(&g);
	return pid < 0 ? err_sys(err, "nobody guards the time limit, should this be killed") : 0;
}
