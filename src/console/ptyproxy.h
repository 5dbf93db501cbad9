/* Copies between a person's terminal (or a pipe) and the terminal of our child in a container. */
#pragma once

#include "state/container.h"

/* Copies until the process behind c->pidfd, our child, ends; then reaps it, and waits for whoever reads its
 * output as foreground_finish() does. master: its terminal. If ours goes first, or that reader, the process gets
 * SIGHUP; one that does not end of it is left alone, and *ret_status is 128 + SIGHUP. */
int pty_proxy(struct container *c, int master, bool with_stdin, int *ret_status, struct err *err);
