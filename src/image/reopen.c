#include "image/reopen.h"

#include <fcntl.h>
#include <stdio.h>

int reopen(int proc_fd, int fd, int flags)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", fd);
	return openat(proc_fd, name, flags | O_CLOEXEC);
}
