#include "container/status.h"

#include "cgroup/group.h"
#include "launch/startsocket.h"
#include "state/alive.h"
#include "state/cgroup.h"

int container_is_up(struct container *c, struct err *err)
{
	int alive = container_is_alive(c, err);

	return alive > 0 && container_open_cgroup(c, err) < 0 ? -1 : alive;
}

static enum container_status status_of_living(const struct container *c)
{
	if (c->group_fd >= 0 && cgroup_frozen(c->group_fd) > 0)
		return CONTAINER_PAUSED;
	return start_socket_is_there(c->state_fd) ? CONTAINER_CREATED : CONTAINER_RUNNING;
}

int container_status(struct container *c, enum container_status *ret, struct err *err)
{
	int up = container_is_up(c, err);

	if (up < 0)
		return -1;
	if (up)
		*ret = status_of_living(c);
	else if (c->record.stage == STAGE_CREATING)
		*ret = CONTAINER_CREATING;
	else
		*ret = c->record.stage == STAGE_RESTARTING ? CONTAINER_RESTARTING
							   : CONTAINER_EXITED;
	return 0;
}
