#include "state/kill.h"

#include "base/await.h"
#include "base/clock.h"
#include "cgroup/group.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

int container_kill(struct container *c, unsigned seconds, struct err *err)
{
	int ended;

	if (c->group_fd >= 0 && cgroup_kill(c->group_fd, err) < 0)
		return -1;
	/* What has no group, or is not in it yet when half restored, goes with the pid namespace of its first process. */
	syscall(SYS_pidfd_send_signal, c->pidfd, SIGKILL, NULL, 0);
	ended = await_readable(c->pidfd, deadline_in(seconds));
	if (ended < 0)
		return err_sys(err, "wait for the end of %s", c->record.name);
	if (ended)
		return 0;
	return err_set(err,
		"%s does not end: its first process survives SIGKILL "
		"(is it waiting for a disk or a network file system?)",
		c->record.name);
}
