#include "container/signal.h"

#include "base/await.h"
#include "base/clock.h"
#include "cgroup/group.h"
#include "spec/signame.h"
#include "state/events.h"
#include "state/kill.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { THAW_SECONDS = 5, FREEZE_SECONDS = 10, KILL_SECONDS = 30 };

static void tell_signal(const struct container *c, int sig)
{
	char name[SIGNAL_NAME_SIZE];

	if (sig)
		container_tell(c, "kill", "signal", signal_format(sig, name));
}

int container_signal(struct container *c, int sig, struct err *err)
{
	if (syscall(SYS_pidfd_send_signal, c->pidfd, sig, NULL, 0) < 0)
		return err_sys(err, "cannot send signal %d to %s", sig, c->record.name);
	tell_signal(c, sig);
	return 0;
}

int container_stop(struct container *c, int sig, uint64_t timeout_ns, struct err *err)
{
	int frozen = cgroup_frozen(c->group_fd), ended = 0;

	if (frozen < 0)
		return err_sys(err, "see whether %s is paused", c->record.name);
	/* A frozen process hears nothing. */
	if (frozen && cgroup_freeze(c->group_fd, false, deadline_in(THAW_SECONDS), err) < 0 &&
		err->sys != ETIMEDOUT)
		return -1;
	if (timeout_ns) {
		if (container_signal(c, sig, err) < 0 && err->sys != ESRCH)
			return -1;
		ended = await_readable(c->pidfd, deadline_after(timeout_ns));
	}
	if (ended < 0)
		return err_sys(err, "wait for the end of %s", c->record.name);
	if (ended)
		return 0;
	/* First, as whoever waits for the end tells of that at once. */
	tell_signal(c, SIGKILL);
	return container_kill(c, KILL_SECONDS, err);
}

int container_freeze(struct container *c, bool on, struct err *err)
{
	if (c->group_fd < 0)
		return err_set(err, "cannot %s %s: it has no cgroup", on ? "pause" : "resume",
			c->record.name);
	if (cgroup_freeze(c->group_fd, on, deadline_in(FREEZE_SECONDS), err) < 0)
		return -1;
	container_tell(c, on ? "pause" : "unpause", NULL, NULL);
	return 0;
}
