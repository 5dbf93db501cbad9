/* One container that somebody holds: its lock, its record and what its record says exists. */
#pragma once

#include "state/record.h"
#include "state/store.h"

struct connection;

struct container {
	const struct store *store;
	struct record record;
	int state_fd; /* state/NAME; its flock is the lock of the name, and dies with its last holder */
	int data_fd; /* root/containers/NAME, or -1; of a new one and while it is released */
	int hierarchy_fd, groups_fd,
		group_fd;              /* cgroup2 mount, our parent group, the group; or -1 */
	int pidfd;                     /* the payload, or -1 */
	struct connection *connection; /* connection.h: of who starts it, or NULL */
	unsigned address_try;          /* so many addresses that nobody asked for were taken */
	bool unheard; /* nobody hears a warning: what cannot be recorded is left to somebody else */
};

void container_init(struct container *c, const struct store *store);
void container_close(struct container *c);
