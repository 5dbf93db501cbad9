#include "state/elsewhere.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "cgroup/group.h"
#include "cgroup/hierarchy.h"
#include "cgroup/path.h"
#include "cgroup/tree.h"
#include "state/cgrouppath.h"
#include "state/mark.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

struct elsewhere_group {
	char name[16];
	char id[CONTAINER_OWNER_XATTR_MAX];
};

void elsewhere_init(struct elsewhere *e, const struct store *store)
{
	*e = (struct elsewhere){.store = store, .groups_fd = -1, .top_fd = -1, .found_fd = -1};
}

void elsewhere_close(struct elsewhere *e)
{
	if (e->groups_fd >= 0)
		close(e->groups_fd);
	if (e->top_fd >= 0)
		close(e->top_fd);
	if (e->found_fd >= 0)
		close(e->found_fd);
	free(e->groups);
	elsewhere_init(e, e->store);
}

static int open_group(const struct elsewhere *e, const char *name)
{
	return openat(e->groups_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int add(struct elsewhere *e, const char *name, struct err *err)
{
	struct elsewhere_group g = {0};
	autofd int fd = strlen(name) < sizeof(g.name) ? open_group(e, name) : -1;

	if (fd < 0 || container_marked_id(fd, g.id) < 0)
		return 0;
	strcpy(g.name, name);
	if (e->count == e->room) {
		size_t room = e->room ? 2 * e->room : 64;
		struct elsewhere_group *groups = reallocarray(e->groups, room, sizeof(*groups));

		if (!groups)
			return err_sys(err, "list the cgroups of all containers");
		e->groups = groups;
		e->room = room;
	}
	e->groups[e->count++] = g;
	return 0;
}

static int list(struct elsewhere *e, struct err *err)
{
	autodir DIR *groups = NULL;
	struct dirent *entry;
	struct err unknown;
	char path[256];

	if (e->listed)
		return 0;
	e->listed = true;
	e->top_fd = cgroup_hierarchy_open(path, sizeof(path), &unknown);
	e->groups_fd = e->top_fd < 0 ? -1 : cgroup_parent_open(e->top_fd, &unknown);
	/* Where there is no tree, nothing is in it; locks still tell. */
	if (e->groups_fd < 0)
		return 0;
	groups = dir_open_at(e->groups_fd, ".");
	if (!groups)
		return err_sys(err, "read the cgroups of all containers");
	while ((errno = 0, entry = readdir(groups)))
		if (entry->d_name[0] != '.' && entry->d_type == DT_DIR &&
			add(e, entry->d_name, err) < 0)
			return -1;
	return errno ? err_sys(err, "read the cgroups of all containers") : 0;
}

/* Whether this is the record of that container. If it cannot be read, it may be. */
static bool is_record_of(int state_fd, const char *name, const char *id)
{
	char path[NAME_MAX + 16];
	autofree char *text = NULL;
	struct record r;
	struct err err;
	size_t len;

	snprintf(path, sizeof(path), "%s/record.json", name);
	if (file_read(state_fd, path, RECORD_MAX, &text, &len, &err) < 0)
		return err.sys != ENOENT && err.sys != ENOTDIR;
	return container_record_parse(text, len, &r, &err) < 0 || strcmp(r.id, id) == 0;
}

bool elsewhere_has_record(int group_fd)
{
	char state[4096], id[CONTAINER_OWNER_XATTR_MAX];
	autodir DIR *d = NULL;
	autofd int fd = -1;
	struct dirent *entry;

	if (container_cgroup_state(group_fd, state, sizeof(state)) < 0 ||
		container_marked_id(group_fd, id) < 0)
		return true;
	fd = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno != ENOENT;
	d = dir_open_at(fd, ".");
	if (!d)
		return true;
	while ((errno = 0, entry = readdir(d)))
		/* Also one that is still being made, whose name begins with a dot. */
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			is_record_of(fd, entry->d_name, id))
			return true;
	return errno != 0;
}

/* Where its processes are: in the group, or where the group says. */
static int open_own(const struct elsewhere *e, int group_fd, struct err *err)
{
	char path[CGROUP_PATH_SIZE];
	int fd;

	if (container_cgroup_path_of(group_fd, path) == 0)
		return cgroup_path_open(e->top_fd, path, err);
	fd = fcntl(group_fd, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? err_sys(err, "open a cgroup") : fd;
}

static int tell(struct elsewhere *e, const char *name, const char *group, int group_fd,
	struct err *err)
{
	char state[4096];

	e->lost = !elsewhere_has_record(group_fd);
	err_set(err,
		e->lost ? "%s runs, but its record is lost" : "%s runs, but not by this CTR_STATE",
		name);
	/* Not one that is missing: the container is there. */
	err->sys = EBUSY;
	if (e->lost)
		err_hint(err, "it is in the cgroup ctr/%s; ctr rm -f %s kills it", group, name);
	else if (container_cgroup_state(group_fd, state, sizeof(state)) == 0)
		err_hint(err, "it was started with CTR_STATE=%s and is in the cgroup ctr/%s", state,
			group);
	return 1;
}

/* Whether that container still runs: since the list was made another one may have taken its id range. If it
 * cannot be told, it counts as running. */
static bool runs_in(struct elsewhere *e, int group_fd, const char *id)
{
	char now[CONTAINER_OWNER_XATTR_MAX];
	struct err unknown = {0};
	autofd int own = -1;

	if (container_marked_id(group_fd, now) < 0 || strcmp(now, id) != 0)
		return false;
	own = open_own(e, group_fd, &unknown);
	if (own < 0 ? unknown.sys == ENOENT : cgroup_populated(own) == 0)
		return false;
	if (e->found_fd >= 0)
		close(e->found_fd);
	e->found_fd = take_fd(&own);
	return true;
}

static int find(struct elsewhere *e, const char *name, const char *id, struct err *err)
{
	for (size_t i = 0; i < e->count; i++) {
		const struct elsewhere_group *g = &e->groups[i];
		autofd int fd = strcmp(g->id, id) == 0 ? open_group(e, g->name) : -1;

		if (fd >= 0 && runs_in(e, fd, id))
			return tell(e, name, g->name, fd, err);
	}
	return 0;
}

/* Somebody may have started it since the caller looked for its record. */
static bool is_recorded(const struct store *store, const char *name, const char *id)
{
	char path[SPEC_NAME_MAX + 32], text[1024];
	struct record r;
	struct err unknown;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/record.json", name);
	n = file_peek(store->state_fd, path, text, sizeof(text));
	return n > 0 && container_record_parse(text, (size_t)n, &r, &unknown) == 0 &&
	       strcmp(r.id, id) == 0;
}

int elsewhere_runs(struct elsewhere *e, const char *name, struct err *err)
{
	autofd int fd = store_data_open(e->store, name);
	char id[CONTAINER_OWNER_XATTR_MAX] = "";
	int r;

	if (fd < 0 || fgetxattr(fd, CONTAINER_OWNER_XATTR, id, sizeof(id) - 1) <= 0)
		return 0;
	if (list(e, err) < 0)
		return -1;
	r = find(e, name, id, err);
	strcpy(e->id, id);
	return r > 0 && is_recorded(e->store, name, id) ? 0 : r;
}

/* Whether somebody who makes the container, or keeps its log, holds its directory. They let go a moment after
 * its record is gone. */
static bool is_held(const struct store *store, const char *name)
{
	enum { TRIES = 100 };
	autofd int fd = store_data_open(store, name);

	for (int i = 0; fd >= 0 && i < TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
			return false;
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	}
	return fd >= 0;
}

int elsewhere_refuse(const struct store *store, const char *name, struct err *err)
{
	struct elsewhere e;
	int r;

	elsewhere_init(&e, store);
	r = elsewhere_runs(&e, name, err);
	if (r == 0 && is_held(store, name)) {
		/* What was being started may have a group by now. */
		elsewhere_close(&e);
		r = elsewhere_runs(&e, name, err);
		if (r == 0) {
			err_set(err, "%s runs or is being started, but not by this CTR_STATE",
				name);
			err->sys = EBUSY;
			r = 1;
		}
	}
	elsewhere_close(&e);
	return r ? -1 : 0;
}

int elsewhere_end_lost(const struct store *store, const char *name, struct err *err)
{
	struct elsewhere e;
	int r;

	elsewhere_init(&e, store);
	r = elsewhere_runs(&e, name, err);
	if (r > 0 && e.lost && e.found_fd >= 0)
		r = cgroup_kill(e.found_fd, err) < 0
			    ? -1
			    : cgroup_wait_empty(e.found_fd, deadline_in(CGROUP_REMOVE_SECONDS),
				      err);
	elsewhere_close(&e);
	return r ? -1 : elsewhere_refuse(store, name, err);
}
