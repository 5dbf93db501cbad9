#include "image/tell.h"

#include "base/clock.h"
#include "base/eventlog.h"

void image_tell(int root_fd, const char *name, const char *id, const char *action)
{
	const struct event e = {
		.time_ns = now_ns(),
		.type = "image",
		.action = action,
		.id = id,
		.name = name,
	};

	eventlog_add(root_fd, &e, 1);
}
