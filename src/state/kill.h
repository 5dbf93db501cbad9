/* The end of a container by force. */
#pragma once

#include "state/container.h"

/* Kills all of it, and waits so many seconds for the end of its first process. c has its pidfd, and its group if there
 * is one. */
int container_kill(struct container *c, unsigned seconds, struct err *err);
