#include "state/liveroot.h"

#include "base/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

int container_root_open(const struct container *c, struct err *err)
{
	autofd int fd = -1;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/root", (int)c->record.pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* The number is that process's as long as it is there. */
	if (fd < 0 || syscall(SYS_pidfd_send_signal, c->pidfd, 0, NULL, 0) < 0)
		return err_sys(err, "open the root of the container's first process");
	return take_fd(&fd);
}
