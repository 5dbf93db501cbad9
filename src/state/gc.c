#include "state/gc.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/names.h"
#include "cgroup/group.h"
#include "cgroup/hierarchy.h"
#include "cgroup/path.h"
#include "cgroup/tree.h"
#include "state/alive.h"
#include "state/cgrouppath.h"
#include "state/configlock.h"
#include "state/elsewhere.h"
#include "state/metadata.h"
#include "state/namelock.h"
#include "state/names.h"
#include "state/pool.h"
#include "state/release.h"
#include "state/renaming.h"
#include "state/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A directory that was being made (.new.*) or removed (.old.*), unless its maker still holds it. */
static int sweep_leftover(int dirfd, const char *dir, const char *name, struct gc_report *report,
	struct err *err)
{
	autofd int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, "open %s/%s", dir, name);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? 0 : err_sys(err, "lock %s/%s", dir, name);
	report->removed++;
	return tree_remove(dirfd, name, err);
}

int store_release_dead(const struct store *store, const char *name, enum namelock_wait wait,
	struct err *err)
{
	struct container c;
	int r, done;

	if (namelock_open(store, name, wait, &c, err) < 0)
		return err->sys == ENOENT ? 0 : -1;
	r = container_is_alive(&c, err);
	done = r == 0 ? container_release(&c, -1, err) : r < 0 ? -1 : 0;
	container_close(&c);
	if (done < 0 && err->sys == EWOULDBLOCK)
		err->sys = EIO;
	return done < 0 ? -1 : r == 0;
}

static int sweep_state(const struct store *store, const char *name, struct gc_report *report,
	struct err *err)
{
	int r = store_release_dead(store, name, NAMELOCK_NOWAIT, err);

	report->released += r > 0;
	return r < 0 && err->sys != EWOULDBLOCK ? -1 : 0;
}

static int each_in(int dirfd, const char *what,
	int (*f)(const char *name, void *arg, struct err *err), void *arg, struct err *err)
{
	autodir DIR *d = dirfd < 0 ? NULL : dir_open_at(dirfd, ".");
	struct dirent *e;
	int r;

	if (dirfd < 0)
		return 0;
	if (!d)
		return err_sys(err, "read %s", what);
	while ((errno = 0, e = readdir(d))) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		r = f(e->d_name, arg, err);
		if (r != 0)
			return r;
	}
	return errno ? err_sys(err, "read %s", what) : 0;
}

static bool is_one(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static int sweep_if_leftover(const char *name, void *arg, struct err *err)
{
	const struct store *store = arg;
	struct gc_report ignored = {0};

	if (!is_one(name, LEFTOVER_NEW) && !is_one(name, LEFTOVER_OLD))
		return 0;
	return sweep_leftover(store->state_fd, store->state, name, &ignored, err);
}

int store_gc_leftovers(const struct store *store, struct err *err)
{
	return each_in(store->state_fd, store->state, sweep_if_leftover, (void *)(uintptr_t)store,
		err);
}

struct sweep {
	const struct store *store;
	struct gc_report *report;
	struct err first; /* what could not be swept must not keep the rest */
	bool failed;
};

static int sweep_one(const char *name, void *arg, struct err *err)
{
	struct sweep *s = arg;
	int r = 0;

	if (name[0] != '.')
		r = sweep_state(s->store, name, s->report, err);
	else if (strcmp(name, NAMES_DIR) == 0)
		r = names_sweep(s->store, err);
	else if (strcmp(name, RENAMING_FILE) != 0)
		r = sweep_leftover(s->store->state_fd, s->store->state, name, s->report, err);
	if (r < 0 && !s->failed) {
		s->failed = true;
		s->first = *err;
	}
	return 0;
}

static int sweep_orphan(const struct store *store, const char *name, struct gc_report *report,
	struct err *err)
{
	struct container held;
	struct err ignored;
	struct stat st;
	int r;

	if (fstatat(store->state_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (errno != ENOENT)
		return err_sys(err, "look for %s/%s", store->state, name);
	r = container_is_orphan(store, name, err);
	if (r <= 0)
		return r;
	if (elsewhere_refuse(store, name, err) < 0) {
		if (err->sys != EBUSY)
			return -1;
		warn("%s", err->text);
		return 0;
	}
	if (namelock_hold(store, name, &held, err) < 0)
		return err->sys == NAMELOCK_TAKEN ? 0 : -1;
	/* Now that nobody else can make or remove it. */
	if (fstatat(store->containers_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		r = container_remove_orphan(store, name, err);
	else
		r = errno == ENOENT ? 0
				    : err_sys(err, "look for %s/containers/%s", store->root, name);
	report->removed += r > 0;
	return namelock_drop(&held, r < 0 ? &ignored : err) < 0 || r < 0 ? -1 : 0;
}

/* What a killed update was writing beside it. While it is being started, or updated, that is somebody's. */
static int drop_unfinished(const struct store *store, const char *name, struct err *err)
{
	struct config_lock lock;
	int r;

	if (config_lock(store, name, CONFIG_IDLE, &lock, err) < 0)
		return err->sys == ENOENT || err->sys == EWOULDBLOCK ? 0 : -1;
	r = file_drop(lock.data_fd, "config.json", err);
	config_unlock(&lock);
	return r;
}

static int sweep_data(const char *name, void *arg, struct err *err)
{
	struct sweep *s = arg;

	int r = 0;

	if (is_one(name, LEFTOVER_OLD))
		r = sweep_leftover(s->store->containers_fd, s->store->root, name, s->report, err);
	else if (sweep_orphan(s->store, name, s->report, err) < 0 ||
		 drop_unfinished(s->store, name, err) < 0)
		r = -1;
	if (r < 0 && !s->failed) {
		s->failed = true;
		s->first = *err;
	}
	return 0;
}

/* A start in a mount namespace where its store exists has its group empty for a moment only. */
enum { GROUP_AGE_SECONDS = 60 };

/* Of a container whose cgroup is at another path, only an empty cgroup is here. It reserves the id range. */
static bool lives_elsewhere(int top_fd, int range_fd)
{
	char path[CGROUP_PATH_SIZE];
	struct err unknown = {0};
	autofd int fd = -1;

	if (container_cgroup_path_of(range_fd, path) < 0)
		return false;
	fd = cgroup_path_open(top_fd, path, &unknown);
	if (fd < 0)
		return unknown.sys != ENOENT;
	return cgroup_populated(fd) != 0 || cgroup_path_remove(top_fd, path, &unknown) < 0;
}

/* A group of a container without a record, in which nothing lives. Nobody else would remove it. */
static bool is_stray(int group_fd)
{
	struct stat st;

	return fstat(group_fd, &st) == 0 && time(NULL) - st.st_mtime > GROUP_AGE_SECONDS &&
	       cgroup_populated(group_fd) == 0 && !elsewhere_has_record(group_fd);
}

struct groups {
	int top_fd, fd;
	struct gc_report *report;
};

static int sweep_group(const char *name, void *arg, struct err *err)
{
	struct groups *g = arg;
	autofd int fd = openat(g->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && is_stray(fd) && !lives_elsewhere(g->top_fd, fd) &&
		cgroup_remove(g->fd, name, err) == 0)
		g->report->removed++;
	return 0;
}

/* Where there is no tree there is nothing to remove from it. */
static void sweep_groups(struct gc_report *report)
{
	char path[256];
	struct err unknown;
	autofd int top = cgroup_hierarchy_open(path, sizeof(path), &unknown);
	autofd int parent = top < 0 ? -1 : cgroup_parent_open(top, &unknown);
	struct groups g = {top, parent, report};

	if (parent >= 0)
		each_in(parent, "the cgroups of all containers", sweep_group, &g, &unknown);
}

int store_gc(const struct store *store, struct gc_report *ret, struct err *err)
{
	struct gc_report report = {0};
	struct sweep s = {.store = store, .report = &report};

	if (renaming_settle(store, err) < 0 ||
		each_in(store->state_fd, store->state, sweep_one, &s, err) < 0 ||
		each_in(store->containers_fd, store->root, sweep_data, &s, err) < 0)
		return -1;
	/* Once the containers that are gone say no longer that they use any. */
	if (volumes_gc(store, &report.removed, err) < 0 && !s.failed) {
		s.failed = true;
		s.first = *err;
	}
	pool_empty(store);
	sweep_groups(&report);
	if (s.failed) {
		*err = s.first;
		return -1;
	}
	*ret = report;
	return 0;
}

int store_gc_held(const struct store *store, const char *name, int lock_fd, struct err *err)
{
	struct container c;
	int r;

	if (namelock_open(store, name, NAMELOCK_NONE, &c, err) < 0) {
		close(lock_fd);
		return err->sys == ENOENT ? 0 : -1;
	}
	/* The name may be of another container by now; the lock is of this one. */
	if (file_still_named(lock_fd, c.state_fd, "") == 0)
		r = container_is_alive(&c, err);
	else
		r = errno == ENOENT ? 1 : err_sys(err, "%s", name);
	if (r == 0) {
		c.unheard = true;
		r = container_release(&c, -1, err);
	}
	container_close(&c);
	close(lock_fd);
	return r < 0 ? -1 : 0;
}

struct visit {
	int (*f)(const char *name, void *arg, struct err *err);
	void *arg;
};

static int visit_one(const char *name, void *arg, struct err *err)
{
	struct visit *v = arg;

	return name[0] == '.' ? 0 : v->f(name, v->arg, err);
}

int store_each(const struct store *store, int (*f)(const char *name, void *arg, struct err *err),
	void *arg, struct err *err)
{
	struct visit v = {f, arg};

	if (!store->root)
		return each_in(store->state_fd, store->state, visit_one, &v, err);
	if (store->containers_fd < 0)
		return 0;
	if (renaming_settle(store, err) < 0)
		return -1;
	return names_each(store->containers_fd, store->root, visit_one, &v, err);
}
