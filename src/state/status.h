/* What ps says of a container. */
#pragma once

enum container_status {
	CONTAINER_CREATING,
	CONTAINER_CREATED, /* has never run */
	CONTAINER_RUNNING,
	CONTAINER_PAUSED,
	CONTAINER_RESTARTING, /* has ended, and waits for its next start */
	CONTAINER_EXITED,
};
const char *container_status_name(enum container_status s);
