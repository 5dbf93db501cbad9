/* What the child of a clone tells its parent before it is the payload. */
#pragma once

#include "base/err.h"

#include <sys/types.h>

/* Blocks until the payload has been executed, or waits for its start (0), or until the child has said
 * why not, or has died; then, where it is ours (pid > 0), it is reaped (-1). The report is one byte
 * right before the exec, which ends it by closing the pipe, and a struct err if something failed
 * before or in it. */
int report_await(int report_fd, pid_t pid, struct err *err);
