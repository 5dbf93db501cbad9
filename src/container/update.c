#include "container/update.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "cgroup/change.h"
#include "cgroup/hierarchy.h"
#include "cgroup/limits.h"
#include "container/life.h"
#include "container/limit.h"
#include "container/rlimits.h"
#include "container/status.h"
#include "spec/config.h"
#include "state/alive.h"
#include "state/configfile.h"
#include "state/configlock.h"
#include "state/elsewhere.h"
#include "state/events.h"
#include "state/namelock.h"
#include "state/want.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRY_SECONDS = 60, TRY_NAP_MS = 5, VALUE_MAX = 32768 };
#define CONFIG "config.json"

/* One container and what is asked of it. */
struct update {
	const struct store *store;
	const char *name;
	const struct key_value *options;
	size_t count;
	device_resolve_fn *resolve;
	struct config_lock lock;
	struct container c; /* with a state directory if it has one */
	struct spec spec;   /* as it will be */
	struct limit_change change;
	struct update_report *report;
	bool called_off; /* it was about to be started */
};

enum phase {
	PHASE_RESTS,   /* no process of it, and nobody about to start one */
	PHASE_WAITS,   /* it will be started by itself, of config.json as it is by then */
	PHASE_RUNS,    /* c is open, with its group */
	PHASE_CHANGES, /* it is being started, or has just ended: to be looked at again */
};

static int look_alive(struct update *u, struct err *err)
{
	int up = container_is_up(&u->c, err);

	if (up <= 0)
		return up < 0 ? -1 : PHASE_CHANGES;
	if (u->c.group_fd < 0)
		return err_set(err, "cannot update %s: it has no cgroup", u->name);
	return PHASE_RUNS;
}

static int look(struct update *u, struct err *err)
{
	if (namelock_open(u->store, u->name, NAMELOCK_NONE, &u->c, err) < 0) {
		if (err->sys != ENOENT)
			return -1;
		return elsewhere_refuse(u->store, u->name, err) < 0 ? -1 : PHASE_RESTS;
	}
	if (u->c.record.stage == STAGE_RESTARTING)
		return PHASE_WAITS;
	return u->c.record.stage == STAGE_RUNNING ? look_alive(u, err) : PHASE_CHANGES;
}

/* One at a time, so that the message can name the option. */
static int foresee(const struct update *u, struct err *err)
{
	autocgroupplan struct cgroup_plan plan = {0};
	char path[256];
	autofd int top = -1;

	if (cgroup_plan(&u->change.limits, &plan, err) < 0)
		return err_wrap(err, "%s", u->name);
	top = cgroup_hierarchy_open(path, sizeof(path), err);
	if (top < 0)
		return -1;
	for (size_t i = 0; i < plan.count; i++) {
		const struct cgroup_plan one = {.writes = &plan.writes[i], .count = 1};

		if (plan.writes[i].flag && cgroup_foresee(top, &one, err) < 0)
			return err_wrap(err, "%s: %s", u->name, plan.writes[i].flag);
	}
	return 0;
}

/* Beside the other; it takes its place without another byte. */
static int prepare_config(const struct update *u, struct err *err)
{
	const char *root = u->spec.root.dir ? u->spec.root.dir : "/";
	autofree char *text = config_write(&u->spec, root, err);

	if (!text)
		return err_wrap(err, "%s", u->name);
	if (strlen(text) > JSON_MAX_BYTES)
		return err_set(err, "%s: " CONFIG " would be larger than %d bytes", u->name,
			JSON_MAX_BYTES);
	return file_prepare(u->lock.data_fd, CONFIG, text, strlen(text), 0600,
		u->lock.kept ? FILE_SYNC : FILE_NOSYNC, err);
}

/* The rename decides: that it may be lost with the machine is no reason to take all back. */
static int publish_config(const struct update *u, struct err *err)
{
	if (file_publish(u->lock.data_fd, CONFIG, FILE_NOSYNC, err) < 0)
		return -1;
	if (u->lock.kept && fsync(u->lock.data_fd) < 0)
		warn("%s: a crash of the machine may take the change back: %s", u->name,
			strerror(errno));
	return 0;
}

static void drop_config(const struct update *u)
{
	struct err ignored;

	file_drop(u->lock.data_fd, CONFIG, &ignored);
}

static void report_file(struct update_report *report, int group_fd, const struct key_value *before)
{
	char text[VALUE_MAX];
	struct key_value kv = {.key = arena_strdup(&report->arena, before->key)};

	if (file_peek(group_fd, before->key, text, sizeof(text)) < 0) {
		/* No limit, where there is no such controller. */
		if (errno != ENOENT)
			warn("cannot see what %s is now: %s", before->key, strerror(errno));
		return;
	}
	kv.value = cgroup_change_back(&report->arena, before->key, text, before->value);
	arena_push(&report->arena, report->files, report->count, kv);
}

/* At the end of the container its supervisor reads this file to know whether to start it again. */
static int begin_policy(struct update *u, struct err *err)
{
	return u->change.restart && u->spec.restart && u->c.record.supervised
		       ? want_begin(u->lock.data_fd, err)
		       : 0;
}

static void end_policy(const struct update *u)
{
	if (u->change.restart && !u->spec.restart)
		want_end(u->lock.data_fd);
}

static int change_processes(struct update *u, struct err *err)
{
	struct rlimits_change rlimits;

	if (rlimits_change(&u->c, u->change.rlimits, u->change.rlimit_count, &rlimits, err) < 0)
		return err_wrap(err, "%s", u->name);
	if (begin_policy(u, err) < 0 || publish_config(u, err) < 0) {
		rlimits_undo(&rlimits);
		return -1;
	}
	rlimits_keep(&rlimits);
	end_policy(u);
	return 0;
}

static int change_live(struct update *u, struct err *err)
{
	autolimit struct container_limit done = {.scope = {.unit = ""}};

	if (container_limit_change(&u->c, &u->change.limits, &done, err) < 0)
		return err_wrap(err, "%s", u->name);
	if (change_processes(u, err) < 0) {
		container_limit_undo(&u->c, &done);
		return -1;
	}
	u->report->live = true;
	for (size_t i = 0; i < done.group.count; i++)
		report_file(u->report, u->c.group_fd, &done.group.before[i]);
	return 0;
}

static int change_saved(struct update *u, enum phase phase, struct err *err)
{
	if (publish_config(u, err) < 0)
		return -1;
	if (u->change.restart && !u->spec.restart && phase == PHASE_WAITS)
		u->called_off = true;
	else if (phase == PHASE_RESTS)
		end_policy(u);
	return u->called_off ? want_stopped(u->store, u->name, err) : 0;
}

static int change(struct update *u, enum phase phase, struct err *err)
{
	int r;

	if (container_spec(u->store, u->name, &u->spec, err) < 0)
		return -1;
	r = limit_options_apply(&u->spec, u->options, u->count, u->resolve, &u->change, err) < 0
		    ? err_wrap(err, "%s", u->name)
		    : 0;
	if (r == 0 && (foresee(u, err) < 0 || prepare_config(u, err) < 0))
		r = -1;
	if (r == 0)
		r = phase == PHASE_RUNS ? change_live(u, err) : change_saved(u, phase, err);
	if (r < 0)
		drop_config(u);
	spec_free(&u->spec);
	return r;
}

/* Whether the container ended while we changed it: its group or its processes are gone. */
static bool has_just_ended(struct update *u)
{
	struct err ignored;

	return container_first_process_lives(&u->c, &ignored) == 0;
}

/* 1; 0: to be tried again; or -1. */
static int try_once(struct update *u, struct err *err)
{
	int phase, r = -1;

	container_init(&u->c, u->store);
	if (config_lock(u->store, u->name, CONFIG_ALONE, &u->lock, err) < 0)
		return -1;
	phase = look(u, err);
	if (phase == PHASE_CHANGES)
		r = 0;
	else if (phase >= 0)
		r = change(u, (enum phase)phase, err) == 0     ? 1
		    : phase == PHASE_RUNS && has_just_ended(u) ? 0
							       : -1;
	container_close(&u->c);
	config_unlock(&u->lock);
	return r;
}

int container_update(const struct store *store, const char *name, const struct key_value *options,
	size_t count, device_resolve_fn *resolve, struct update_report *ret, struct err *err)
{
	uint64_t deadline = deadline_in(TRY_SECONDS);
	struct update_report report = {.live = false};
	struct update u = {.store = store,
		.name = name,
		.options = options,
		.count = count,
		.resolve = resolve,
		.lock = CONFIG_LOCK_NONE,
		.report = &report};
	int r;

	while ((r = try_once(&u, err)) == 0) {
		if (container_settle(store, name, err) < 0)
			return -1;
		if (deadline_poll_ms(deadline) == 0)
			return err_set(err, "cannot update %s: it does not come to rest", name);
		poll(NULL, 0, TRY_NAP_MS);
	}
	/* Whoever was about to start it may wait for our lock. */
	if (r > 0 && u.called_off && container_settle(store, name, err) < 0)
		r = -1;
	if (r < 0) {
		update_report_free(&report);
		return -1;
	}
	container_tell_known(store, name, "update");
	*ret = report;
	return 0;
}

void update_report_free(struct update_report *report)
{
	arena_free(&report->arena);
}
