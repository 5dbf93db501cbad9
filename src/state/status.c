#include "state/status.h"

const char *container_status_name(enum container_status s)
{
	static const char *const names[] = {
		[CONTAINER_CREATING] = "creating",
		[CONTAINER_CREATED] = "created",
		[CONTAINER_RUNNING] = "running",
		[CONTAINER_PAUSED] = "paused",
		[CONTAINER_RESTARTING] = "restarting",
		[CONTAINER_EXITED] = "exited",
	};

	return names[s];
}
