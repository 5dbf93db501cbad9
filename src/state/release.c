#include "state/release.h"

#include "base/clock.h"
#include "base/eventlog.h"
#include "base/fd.h"
#include "base/file.h"
#include "cgroup/stats.h"
#include "cgroup/tree.h"
#include "state/alive.h"
#include "state/cgroup.h"
#include "state/events.h"
#include "state/kill.h"
#include "state/life.h"
#include "state/mark.h"
#include "state/metadata.h"
#include "state/pool.h"
#include "state/renaming.h"
#include "state/resource.h"
#include "state/volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* How it ended, from whoever saw it: the caller, or the exit file. */
static int find_end(struct container *c, int status, struct metadata *s, struct err *err)
{
	int64_t finished = now_ns();
	int seen = -1, r = exit_file_read(c->state_fd, &seen, &finished);

	if (r < 0)
		return err_sys(err, "read the exit status of %s", c->record.name);
	s->exited = true;
	s->unstarted = false;
	s->error = NULL;
	s->restarts = c->record.restarts;
	s->exit_status = r > 0 && status < 0 ? seen : status;
	s->started_ns = c->record.started_ns;
	s->finished_ns = finished;
	s->oom_killed = c->group_fd >= 0 && cgroup_oom_killed(c->group_fd);
	return 0;
}

/* What ps and inspect show of it from now on. */
static int record_end(struct container *c, int status, struct err *err)
{
	struct metadata s;
	int r = 0;

	/* What makes no sense is no reason to keep what the container held. */
	if (container_metadata(c->store, c->record.name, &s, err) < 0)
		return err->sys == ENOENT || !err->sys ? 0 : -1;
	if (strcmp(s.id, c->record.id) != 0) {
		metadata_free(&s);
		return 0;
	}
	/* What it says already may be of an earlier start. */
	if (!s.exited || s.started_ns != c->record.started_ns)
		r = find_end(c, status, &s, err);
	if (r == 0)
		r = container_end_metadata(c->data_fd, &s, err);
	metadata_free(&s);
	return r;
}

int container_remove_own_data(struct container *c, struct err *err)
{
	const char *name = c->record.name;
	autofd int fd = store_data_open(c->store, name);
	int owner;

	if (fd < 0)
		return errno == ENOENT
			       ? 0
			       : err_sys(err, "open %s/containers/%s", c->store->root, name);
	owner = container_owner_of(c, fd, err);
	if (owner < 0)
		return -1;
	if (owner == OWNER_OURS && c->record.own_volumes &&
		volumes_remove_own(c->store, name, err) < 0)
		return -1;
	if (owner == OWNER_OURS)
		return pool_leave(c->store, name) ? 0 : container_remove_data(c->store, name, err);
	/* Taken from the spare, but not yet marked, by whoever died. */
	if (owner == OWNER_NONE) {
		unlinkat(fd, "upper", AT_REMOVEDIR);
		unlinkat(fd, "work", AT_REMOVEDIR);
	}
	if (owner == OWNER_NONE && unlinkat(c->store->containers_fd, name, AT_REMOVEDIR) < 0 &&
		errno != ENOTEMPTY && errno != ENOENT)
		return err_sys(err, "remove %s/containers/%s", c->store->root, name);
	return 0;
}

int container_remove_data(const struct store *store, const char *name, struct err *err)
{
	autofd int fd = store_data_open(store, name);
	char old[LEFTOVER_SIZE];
	int r;

	/* As long as we live, gc leaves it to us. */
	if (fd >= 0)
		flock(fd, LOCK_EX | LOCK_NB);
	/* Where there is no room for another name it is removed where it is. */
	r = leftover_take_out(store->containers_fd, name, old);
	return tree_remove(store->containers_fd, r < 0 ? name : old, err) < 0
		       ? err_wrap(err, "remove %s/containers/%s", store->root, name)
		       : 0;
}

int container_remove_told(const struct store *store, const char *name, struct err *err)
{
	autofd int fd = openat(store->containers_fd, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char id[CONTAINER_OWNER_XATTR_MAX];
	bool known = fd >= 0 && container_marked_id(fd, id) == 0;

	if (container_remove_data(store, name, err) < 0)
		return -1;
	if (known)
		container_tell_named(store, id, name, "destroy", NULL, NULL);
	return 0;
}

int container_remove_orphan(const struct store *store, const char *name, struct err *err)
{
	int r = container_is_orphan(store, name, err);

	return r > 0 && container_remove_told(store, name, err) < 0 ? -1 : r;
}

int container_remove_state(const struct store *store, const char *name, const char *id,
	struct err *err)
{
	char old[LEFTOVER_SIZE];

	snprintf(old, sizeof(old), LEFTOVER_OLD "%.16s", id);
	if (renameat(store->state_fd, name, store->state_fd, old) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "remove %s/%s", store->state, name);
	return tree_remove(store->state_fd, old, err);
}

/* What has no group, or is not in it yet when half restored, is killed by its first process: with that go
 * all of its pid namespace. */
static int end_outside_group(struct container *c, struct err *err)
{
	const struct record *r = &c->record;
	int lives;

	if (record_has_range(r) || (r->cgroup[0] && r->stage != STAGE_CREATING))
		return 0;
	lives = container_first_process_lives(c, err);
	return lives <= 0 ? lives : container_kill(c, CGROUP_REMOVE_SECONDS, err);
}

/* 1, 0 if it has none, or -1. */
static int open_data(struct container *c, struct err *err)
{
	if (c->data_fd < 0)
		c->data_fd = store_data_open(c->store, c->record.name);
	if (c->data_fd >= 0)
		return 1;
	return errno == ENOENT || c->store->containers_fd < 0
		       ? 0
		       : err_sys(err, "open the directory of %s", c->record.name);
}

static bool is_full(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EROFS;
}

/* A full disk must not keep what is dead from being let go of, but what is lost must be told. */
static int keep_end(struct container *c, int status, struct err *err)
{
	int r = open_data(c, err);

	if (r <= 0)
		return r;
	if (container_open_cgroup(c, err) < 0)
		return -1;
	if (record_end(c, status, err) == 0)
		return 0;
	if (c->unheard || !is_full(err->sys))
		return -1;
	warn("the status of %s is lost: %s", c->record.name, err->text);
	return 0;
}

/* What a start was writing over the documents of one that was there before. */
static int drop_unfinished(struct container *c, struct err *err)
{
	int r = c->record.kept && c->record.stage == STAGE_CREATING ? open_data(c, err) : 0;

	if (r <= 0)
		return r;
	return file_drop(c->data_fd, "config.json", err) < 0 ||
			       file_drop(c->data_fd, "container.json", err) < 0
		       ? -1
		       : 0;
}

/* Notes the end, while the group is still there to ask. */
static int note_end(struct container *c, int status, struct ending *e, struct err *err)
{
	int64_t when;

	if (!c->store->root || c->record.stage != STAGE_RUNNING)
		return 0;
	if (container_open_cgroup(c, err) < 0)
		return -1;
	if (status < 0)
		exit_file_read(c->state_fd, &status, &when);
	ending_note(e, &c->record, status, c->group_fd >= 0 && cgroup_oom_killed(c->group_fd));
	return 0;
}

static int end(struct container *c, int status, struct ending *e, struct err *err)
{
	const struct record *r = &c->record;

	if (r->stage == STAGE_RUNNING && renaming_refresh(c, err) < 0)
		return -1;
	if (drop_unfinished(c, err) < 0 || (life_end_of(r).tell && keep_end(c, status, err) < 0))
		return -1;
	if (note_end(c, status, e, err) < 0 || end_outside_group(c, err) < 0 ||
		container_empty_cgroup(c, err) < 0 || resources_remove(c, err) < 0 ||
		container_remove_cgroup(c, err) < 0)
		return err_wrap(err, "release %s", r->name);
	return 0;
}

int container_end(struct container *c, int status, struct err *err)
{
	struct ending e = {.count = 0};

	if (end(c, status, &e, err) < 0)
		return -1;
	eventlog_add(c->store->root_fd, e.events, e.count);
	return 0;
}

int container_release(struct container *c, int status, struct err *err)
{
	const struct record *r = &c->record;
	bool remove_data = c->store->root && life_end_of(r).remove_data;
	struct ending e = {.count = 0};
	int done;

	if (end(c, status, &e, err) < 0)
		return -1;
	done = remove_data ? container_remove_own_data(c, err) : 0;
	/* Of a container that never ran no event has told anything. */
	if (done == 0 && remove_data && e.count)
		ending_note_removal(&e, r);
	if (done == 0)
		done = container_remove_state(c->store, r->name, r->id, err);
	eventlog_add(c->store->root_fd, e.events, e.count);
	return done;
}

void container_undo(struct container *c)
{
	struct err err = {0};

	c->record.stage = STAGE_CREATING;
	if (container_release(c, -1, &err) < 0)
		warn("%s", err.text);
}
