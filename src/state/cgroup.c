#include "state/cgroup.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "cgroup/group.h"
#include "cgroup/hierarchy.h"
#include "cgroup/path.h"
#include "cgroup/tree.h"
#include "ns/idmap.h"
#include "state/cgrouppath.h"
#include "state/mark.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void container_cgroup_name(const struct record *r, char ret[16])
{
	snprintf(ret, 16, "%03x", r->range);
}

static int open_hierarchy(struct container *c, struct err *err)
{
	char path[256];

	if (c->hierarchy_fd < 0)
		c->hierarchy_fd = cgroup_hierarchy_open(path, sizeof(path), err);
	return c->hierarchy_fd < 0 ? -1 : 0;
}

static int open_groups(struct container *c, struct err *err)
{
	if (open_hierarchy(c, err) < 0)
		return -1;
	if (c->groups_fd < 0)
		c->groups_fd = cgroup_parent_open(c->hierarchy_fd, err);
	return c->groups_fd < 0 ? -1 : 0;
}

/* Made, but not marked: ours if it has a name that nobody else would give it. */
static bool is_named_for(const struct record *r)
{
	const char *end = strrchr(r->cgroup, '/');

	return strstr(r->cgroup, r->id) || (end && strcmp(end + 1, r->name) == 0);
}

/* The cgroup of a container that is not at the usual path. */
static int open_place(struct container *c, struct err *err)
{
	autofd int fd = -1;
	int owner;

	if (!c->record.cgroup[0])
		return 0;
	if (open_hierarchy(c, err) < 0)
		return -1;
	fd = cgroup_path_open(c->hierarchy_fd, c->record.cgroup, err);
	if (fd < 0)
		return err->sys == ENOENT ? 0 : -1;
	owner = container_owner_of(c, fd, err);
	if (owner == OWNER_OURS)
		c->group_fd = take_fd(&fd);
	else if (owner == OWNER_NONE && is_named_for(&c->record) && cgroup_path_lock(fd))
		return container_remove_cgroup_at_path(c, err);
	return owner < 0 ? -1 : 0;
}

int container_open_cgroup(struct container *c, struct err *err)
{
	autofd int fd = -1;
	char name[16];
	int owner;

	if (c->group_fd >= 0)
		return 0;
	if (!record_has_range(&c->record) || c->record.cgroup[0])
		return open_place(c, err);
	if (open_groups(c, err) < 0)
		return -1;
	container_cgroup_name(&c->record, name);
	fd = cgroup_open(c->groups_fd, name, err);
	if (fd < 0)
		return err->sys == ENOENT ? 0 : -1;
	owner = container_owner_of(c, fd, err);
	if (owner < 0)
		return -1;
	if (owner == OWNER_OURS)
		c->group_fd = take_fd(&fd);
	/* Made, but not yet marked, by whoever died; if it is of somebody who is alive and about to mark
	 * it, their start finds it gone and takes another range. */
	if (owner == OWNER_NONE && unlinkat(c->groups_fd, name, AT_REMOVEDIR) < 0 &&
		errno != ENOENT)
		return err_sys(err, "remove cgroup %s", name);
	return 0;
}

int container_find_range(struct container *c, struct err *err)
{
	autodir DIR *groups = NULL;
	struct dirent *e;

	c->record.range = IDMAP_RANGES;
	if (open_groups(c, err) < 0)
		return -1;
	groups = dir_open_at(c->groups_fd, ".");
	if (!groups)
		return err_sys(err, "read the cgroups of all containers");
	while ((errno = 0, e = readdir(groups))) {
		autofd int fd = -1;
		unsigned range;
		int owner;

		if (sscanf(e->d_name, "%3x", &range) != 1 || range >= IDMAP_RANGES)
			continue;
		fd = openat(c->groups_fd, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
			continue;
		if (fd < 0)
			return err_sys(err, "open cgroup %s", e->d_name);
		owner = container_owner_of(c, fd, err);
		if (owner < 0)
			return -1;
		if (owner == OWNER_OURS) {
			c->record.range = range;
			container_cgroup_path_of(fd, c->record.cgroup);
		}
	}
	return errno ? err_sys(err, "read the cgroups of all containers") : 0;
}

static int kill_all(struct container *c, struct err *err)
{
	return cgroup_kill(c->group_fd, err) < 0
		       ? -1
		       : cgroup_wait_empty(c->group_fd, deadline_in(CGROUP_REMOVE_SECONDS), err);
}

static int empty_group(struct container *c, struct err *err)
{
	if (kill_all(c, err) < 0)
		return -1;
	close(c->group_fd);
	c->group_fd = -1;
	return 0;
}

/* A scope that was being made may be there without the container's group in it. */
static int remove_place(struct container *c, bool was_there, struct err *err)
{
	if (was_there && container_remove_cgroup_at_path(c, err) < 0)
		return -1;
	if (!was_there && is_named_for(&c->record))
		container_cgroup_settle(c);
	c->record.cgroup[0] = '\0';
	return 0;
}

/* As it is as a rule once the first process has gone: then nobody has to be killed and waited for. */
static bool remove_if_empty(struct container *c, const char *name)
{
	if (c->group_fd < 0 || c->record.cgroup[0] ||
		unlinkat(c->groups_fd, name, AT_REMOVEDIR) < 0)
		return false;
	close(c->group_fd);
	c->group_fd = -1;
	return true;
}

int container_empty_cgroup(struct container *c, struct err *err)
{
	if (!c->record.resources)
		return 0;
	if (container_open_cgroup(c, err) < 0)
		return -1;
	if (c->group_fd < 0)
		return 0;
	return kill_all(c, err);
}

int container_remove_cgroup(struct container *c, struct err *err)
{
	char name[16];
	bool there;

	if (container_open_cgroup(c, err) < 0)
		return -1;
	container_cgroup_name(&c->record, name);
	if (remove_if_empty(c, name))
		return 0;
	there = c->group_fd >= 0;
	if (there && empty_group(c, err) < 0)
		return -1;
	if (c->record.cgroup[0]) {
		if (remove_place(c, there, err) < 0)
			return -1;
		/* The empty cgroup of the id range is left, where there is one. */
		return container_remove_cgroup(c, err);
	}
	return there ? cgroup_remove(c->groups_fd, name, err) : 0;
}
