#include "state/cgrouppath.h"

#include "base/fd.h"
#include "base/file.h"
#include "cgroup/group.h"
#include "cgroup/hierarchy.h"
#include "cgroup/path.h"
#include "ns/clone.h"
#include "ns/rights.h"
#include "state/mark.h"
#include "state/recordfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 2000, SOON_MS = 100, NAP_MS = 2 };

static int name_scope(const struct spec *spec, struct scope_name *ret, struct err *err)
{
	char text[sizeof(":ctr:") + RECORD_NAME_MAX];

	snprintf(text, sizeof(text), ":ctr:%s", spec->name);
	return scope_name_parse("cgroup path", spec->cgroup ? spec->cgroup : text,
		!rights_over_init(), ret, err);
}

int container_cgroup_path_plan(const struct spec *spec, char *ret, size_t size, struct err *err)
{
	char path[CGROUP_PATH_SIZE];
	struct scope_name name;

	if (spec->systemd_cgroup) {
		if (name_scope(spec, &name, err) < 0 || scope_group_path(&name, path, err) < 0)
			return -1;
		snprintf(ret, size, "%s", path + 1);
		return 0;
	}
	if (!spec->cgroup) {
		ret[0] = '\0';
		return 0;
	}
	if (cgroup_path_parse(spec->cgroup, ret, size, err) < 0)
		return -1;
	if (strncmp(ret, "ctr/", 4) == 0)
		return err_value(err, "cgroup path", spec->cgroup,
			"is where ctr has one group for each id range");
	return 0;
}

int container_cgroup_path_of(int range_fd, char ret[CGROUP_PATH_SIZE])
{
	char path[CGROUP_PATH_SIZE];
	ssize_t n = fgetxattr(range_fd, CONTAINER_CGROUP_XATTR, path, sizeof(path) - 1);
	struct err ignored;

	if (n <= 0)
		return -1;
	path[n] = '\0';
	return cgroup_path_parse(path, ret, CGROUP_PATH_SIZE, &ignored);
}

static int tell_range(struct container *c, struct err *err)
{
	const char *path = c->record.cgroup;

	if (c->group_fd < 0)
		return 0;
	if (fsetxattr(c->group_fd, CONTAINER_CGROUP_XATTR, path, strlen(path), 0) < 0)
		return err_sys(err, "mark the cgroup of %s", c->record.name);
	return 0;
}

/* systemd in a container, or a user's, has its root elsewhere in our tree than we think. */
static int record_path(struct container *c, const char *scope, struct err *err)
{
	char path[CGROUP_PATH_SIZE];

	if (snprintf(path, sizeof(path), "%s/" SCOPE_GROUP, scope) >= (int)sizeof(path))
		return err_set(err, "%s: its path is too long", scope);
	if (strcmp(path + 1, c->record.cgroup) == 0)
		return 0;
	strcpy(c->record.cgroup, path + 1);
	return tell_range(c, err) < 0 ? -1 : record_write(c, err);
}

static int make_in_scope(struct container *c, const struct spec *spec, struct scope *scope,
	struct err *err)
{
	struct arena a = {NULL};
	struct word_list properties;
	char path[CGROUP_PATH_SIZE];
	struct scope_name name;
	int r;

	if (name_scope(spec, &name, err) < 0)
		return -1;
	scope_properties(&spec->limits, arena_printf(&a, "Container %s", spec->name),
		spec->stop_timeout_ns, &a, &properties);
	for (size_t i = 0; i < spec->unit_property_count; i++)
		scope_property_add(&properties, &a, &spec->unit_properties[i]);
	r = scope_start(&name, c->hierarchy_fd, &properties, scope, path, err);
	arena_free(&a);
	if (r < 0 || record_path(c, path, err) < 0)
		return -1;
	return cgroup_create(scope->dir_fd, SCOPE_GROUP, err);
}

int container_make_cgroup_at_path(struct container *c, const struct spec *spec,
	struct scope *ret_scope, struct err *err)
{
	char mount[4096];
	autofd int fd = -1;

	if (!c->record.cgroup[0])
		return 0;
	if (c->hierarchy_fd < 0)
		c->hierarchy_fd = cgroup_hierarchy_open(mount, sizeof(mount), err);
	if (c->hierarchy_fd < 0 || tell_range(c, err) < 0)
		return -1;
	fd = spec->systemd_cgroup ? make_in_scope(c, spec, ret_scope, err)
				  : cgroup_path_make(c->hierarchy_fd, c->record.cgroup, err);
	if (fd < 0)
		return -1;
	if (c->group_fd >= 0)
		close(c->group_fd);
	c->group_fd = take_fd(&fd);
	return container_mark_cgroup(c, err);
}

bool container_cgroup_scope(const struct record *r, char ret[CGROUP_PATH_SIZE])
{
	static const char end[] = ".scope/" SCOPE_GROUP;
	size_t len = strlen(r->cgroup);

	if (len < sizeof(end) || strcmp(r->cgroup + len - sizeof(end) + 1, end) != 0)
		return false;
	strcpy(ret, r->cgroup);
	*strrchr(ret, '/') = '\0';
	return true;
}

static bool gone_within(int hierarchy_fd, const char *path, unsigned ms)
{
	const struct timespec nap = {.tv_nsec = NAP_MS * 1000000};

	for (; faccessat(hierarchy_fd, path, F_OK, 0) == 0; ms -= NAP_MS) {
		if (ms < NAP_MS)
			return false;
		nanosleep(&nap, NULL);
	}
	return true;
}

/* A scope that got its first process when that was dead already never told systemd that it is empty.
 * A process that passes through it does. */
static void pass_through(int hierarchy_fd, const char *scope)
{
	struct err ignored;
	autofd int fd = cgroup_path_open(hierarchy_fd, scope, &ignored), pidfd = -1;
	pid_t pid;

	if (fd < 0 || cgroup_populated(fd) != 0)
		return;
	pid = ns_clone(0, fd, &pidfd, &ignored);
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
}

void container_cgroup_settle(struct container *c)
{
	char scope[CGROUP_PATH_SIZE];

	if (!container_cgroup_scope(&c->record, scope) ||
		gone_within(c->hierarchy_fd, scope, SOON_MS))
		return;
	pass_through(c->hierarchy_fd, scope);
	gone_within(c->hierarchy_fd, scope, PATIENCE_MS);
}

int container_remove_cgroup_at_path(struct container *c, struct err *err)
{
	if (cgroup_path_remove(c->hierarchy_fd, c->record.cgroup, err) < 0)
		return -1;
	container_cgroup_settle(c);
	return 0;
}
