/* Descriptors through a socket (SCM_RIGHTS). */
#pragma once

#include "base/err.h"

#include <stddef.h>

/* Sends n descriptors, in one message for every 250, each message at least one byte. */
int fds_send(int sock, const int *fds, size_t n, struct err *err);

/* Takes exactly n descriptors, close-on-exec. End of file before the first: err->sys is EPIPE.
 * Allocates nothing. What was taken before a failure is closed. */
int fds_receive(int sock, int *ret_fds, size_t n, struct err *err);
