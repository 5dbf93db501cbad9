/* The network of one container, by its plan: made, and taken away. What each does is done by ctr-net. */
#pragma once

#include "base/err.h"
#include "net/service.h"

/* Claims the plan's addresses and ports, then waits for the network namespace of the container from child_sock, and sets up
 * both sides. ret_resolver: UDP and TCP sockets bound to the resolver's address inside, or -1. err->sys is EEXIST with
 * the rest of *ret filled in if something is claimed by another. */
int attach_up(int state_fd, int child_sock, int ret_resolver[2], struct network_answer *ret,
	struct err *err);
/* Lets go of the container's network namespace, which takes the kernel milliseconds sometimes: once everybody has been told. */
void attach_leave(void);
/* What is gone is success; so is a plan of another boot, or of a host's namespace that is no more. */
int attach_down(int state_fd, struct network_counts *ret, struct err *err);
/* Takes away what is in the way of the plan, and of that owner. */
int attach_evict(int state_fd, const char *owner, struct err *err);
/* Puts back what somebody has taken away of what the host has for it. 0, also if it is of another host's namespace. */
int attach_restore(int state_fd, struct err *err);
