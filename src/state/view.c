#include "state/view.h"

#include "base/fd.h"
#include "base/file.h"
#include "cgroup/group.h"
#include "cgroup/hierarchy.h"
#include "state/alive.h"
#include "state/cgroup.h"
#include "state/health.h"
#include "state/life.h"
#include "state/metadata.h"
#include "state/namelock.h"
#include "state/release.h"
#include "state/renaming.h"
#include "state/status.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void viewer_init(struct viewer *v, const struct store *store)
{
	*v = (struct viewer){.store = store, .hierarchy_fd = -1, .groups_fd = -1};
	elsewhere_init(&v->elsewhere, store);
}

void viewer_close(struct viewer *v)
{
	if (v->groups_fd >= 0)
		close(v->groups_fd);
	if (v->hierarchy_fd >= 0)
		close(v->hierarchy_fd);
	elsewhere_close(&v->elsewhere);
	viewer_init(v, v->store);
}

static bool open_groups(struct viewer *v)
{
	char path[256];
	struct err unknown;

	if (v->hierarchy_fd < 0)
		v->hierarchy_fd = cgroup_hierarchy_open(path, sizeof(path), &unknown);
	if (v->hierarchy_fd >= 0 && v->groups_fd < 0)
		v->groups_fd = cgroup_parent_open(v->hierarchy_fd, &unknown);
	return v->groups_fd >= 0;
}

/* A container that lives has its id range to itself, so its group is found by it. */
static void view_alive(struct viewer *v, int state_fd, struct view *view)
{
	char group[16];

	container_cgroup_name(&v->record, group);
	view->pid = v->record.pid;
	view->connected = v->record.resources & 1U << RESOURCE_NET;
	view->forsaken = state_fd >= 0 && container_is_forsaken(&v->record, state_fd);
	if (!view->forsaken && state_fd >= 0)
		view->health = health_peek(state_fd, &v->record);
	view->status = open_groups(v) && cgroup_child_frozen(v->groups_fd, group) > 0
			       ? CONTAINER_PAUSED
			       : CONTAINER_RUNNING;
}

/* Somebody has the name, for as long as he renames or removes what has it. */
static bool is_only_held(const struct store *store, const char *name)
{
	return store->state_fd >= 0 &&
	       faccessat(store->state_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* In the hands of somebody who is making it, or who is about to write down how it ended. */
static void view_held(struct viewer *v, struct container *c, struct view *view)
{
	struct metadata *s = &view->metadata;

	if (c->record.stage == STAGE_CREATING) {
		view->status = CONTAINER_CREATING;
		v->record = c->record;
	} else if (c->record.stage == STAGE_RESTARTING) {
		view->status = CONTAINER_RESTARTING;
		v->record = c->record;
	} else if (!s->exited &&
		   exit_file_read(c->state_fd, &s->exit_status, &s->finished_ns) > 0) {
		s->exited = true;
	}
}

/* No process of it lives. Released unless somebody holds it. */
static void release_dead(struct viewer *v, const char *name, struct view *view)
{
	struct container c;
	struct err err;
	int alive;

	if (namelock_open(v->store, name, NAMELOCK_NOWAIT, &c, &err) < 0) {
		if (err.sys == EWOULDBLOCK &&
			namelock_open(v->store, name, NAMELOCK_NONE, &c, &err) == 0) {
			view_held(v, &c, view);
			container_close(&c);
		}
		return;
	}
	alive = container_is_alive(&c, &err);
	if (alive > 0) {
		v->record = c.record;
		view_alive(v, -1, view);
	} else if (alive < 0 || container_release(&c, -1, &err) < 0)
		warn("%s", err.text);
	container_close(&c);
}

/* One that lives is known by its record and its process alone, which is all that a list of many costs. */
static bool peek_alive(struct viewer *v, const char *name, struct view *view)
{
	char path[SPEC_NAME_MAX + 32], text[1024];
	struct record *r = &v->record;
	struct err unknown;
	autofd int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/record.json", name);
	n = file_peek(v->store->state_fd, path, text, sizeof(text));
	if (n <= 0 || container_record_parse(text, (size_t)n, r, &unknown) < 0 ||
		!container_seems_alive(r))
		return false;
	snprintf(r->name, sizeof(r->name), "%s", name);
	if (r->supervised)
		fd = openat(v->store->state_fd, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	view_alive(v, fd, view);
	return true;
}

static void look_at_state(struct viewer *v, const char *name, struct view *view)
{
	struct container c;
	struct err err;
	int alive;

	if (peek_alive(v, name, view))
		return;
	view->status = CONTAINER_EXITED;
	if (namelock_open(v->store, name, NAMELOCK_NONE, &c, &err) < 0) {
		if (err.sys != ENOENT)
			warn("%s", err.text);
		v->unsure = err.sys == ENOENT && is_only_held(v->store, name);
		return;
	}
	alive = container_is_alive(&c, &err);
	if (alive > 0) {
		v->record = c.record;
		view_alive(v, c.state_fd, view);
	}
	container_close(&c);
	if (alive < 0)
		warn("%s", err.text);
	else if (alive == 0)
		release_dead(v, name, view);
}

/* Ended, or so it seems from here. */
static void look_elsewhere(struct viewer *v, const char *name, struct view *view)
{
	struct err err;
	int r = elsewhere_runs(&v->elsewhere, name, &err);

	if (r < 0)
		warn("%s", err.text);
	if (r <= 0)
		return;
	view->elsewhere = true;
	view->status = CONTAINER_RUNNING;
	v->record = (struct record){0};
	snprintf(v->record.id, sizeof(v->record.id), "%s", v->elsewhere.id);
}

/* One that is being made may not have told about itself yet. */
static int read_metadata(struct viewer *v, const char *name, struct view *view, struct err *err)
{
	struct metadata end = view->metadata, *s = &view->metadata;

	if (container_metadata(v->store, name, s, err) < 0) {
		if (err->sys != ENOENT)
			return -1;
		v->unsure = v->unsure || view->status == CONTAINER_RUNNING ||
			    view->status == CONTAINER_PAUSED;
		if (view->status == CONTAINER_EXITED &&
			container_is_orphan(v->store, name, err) != 0)
			return 0;
		*s = (struct metadata){0};
		s->name = arena_strdup(&s->arena, name);
		s->id = arena_strdup(&s->arena,
			view->status == CONTAINER_EXITED ? "" : v->record.id);
		s->command = arena_alloc(&s->arena, sizeof(*s->command));
	}
	if (view->status != CONTAINER_EXITED) {
		s->started_ns = v->record.started_ns;
		s->restarts = v->record.restarts;
	}
	if (view->status == CONTAINER_EXITED && !view->elsewhere)
		view->status = life_at_rest(s);
	/* A --rm is gone when it has ended, if not yet from the disk. */
	if (view->status == CONTAINER_EXITED && life_is_over(s)) {
		metadata_free(s);
		return 0;
	}
	if (view->status == CONTAINER_EXITED && !s->exited) {
		s->exited = true;
		s->exit_status = end.exited ? end.exit_status : -1;
		s->finished_ns = end.finished_ns;
	}
	return 1;
}

static int look(struct viewer *v, const char *name, enum view_which which, struct view *ret,
	struct err *err)
{
	struct view view = {0};
	int r;

	v->unsure = false;
	/* In this order: whoever releases a container writes its metadata first. */
	look_at_state(v, name, &view);
	if (which == VIEW_ANY && view.status == CONTAINER_EXITED)
		look_elsewhere(v, name, &view);
	if (which == VIEW_ALIVE && view.status != CONTAINER_RUNNING &&
		view.status != CONTAINER_PAUSED)
		return 0;
	r = read_metadata(v, name, &view, err);
	if (r > 0)
		*ret = view;
	return r;
}

/* The state of what is renamed follows its data: seen in between, they do not fit. */
int viewer_look(struct viewer *v, const char *name, enum view_which which, struct view *ret,
	struct err *err)
{
	int r = look(v, name, which, ret, err);

	if (r < 0 || !v->unsure)
		return r;
	if (r > 0)
		view_free(ret);
	return renaming_settle(v->store, err) < 0 ? -1 : look(v, name, which, ret, err);
}

void view_free(struct view *view)
{
	metadata_free(&view->metadata);
}
