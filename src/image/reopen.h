/* A file whose kind is known, opened: what a name means may have changed between two looks, a descriptor does
 * not. */
#pragma once

#include "base/err.h"

/* Opens what the O_PATH descriptor fd stands for; proc_fd: this process's /proc/self/fd. -1 with errno. */
int reopen(int proc_fd, int fd, int flags);
