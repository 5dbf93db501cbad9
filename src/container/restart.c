#include "container/restart.h"

#include "base/clock.h"
#include "base/fd.h"
#include "container/life.h"
#include "container/prepare.h"
#include "launch/details.h"
#include "launch/program.h"
#include "launch/supervise.h"
#include "spec/restart.h"
#include "state/alive.h"
#include "state/configfile.h"
#include "state/events.h"
#include "state/gc.h"
#include "state/metadata.h"
#include "state/namelock.h"
#include "state/recordfile.h"
#include "state/release.h"
#include "state/renaming.h"
#include "state/status.h"
#include "state/view.h"
#include "state/want.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <unistd.h>

/* A start takes less; its holder may be stopped. */
enum { HURRY_SECONDS = 10, HURRY_NAP_MS = 5 };

/* A dead one that is started again by itself, in our hands: 1; 0: it is another matter; or -1. */
static int take_over(const struct store *store, const char *name, int lock_fd,
	struct container *ret, struct err *err)
{
	struct container c;
	int r;

	if (namelock_open(store, name, NAMELOCK_NONE, &c, err) < 0)
		return err->sys == ENOENT ? 0 : -1;
	r = want_look(store, name, err);
	/* The lock may be of a directory that had the name before. */
	if (r > 0 && file_still_named(lock_fd, c.state_fd, "") < 0)
		r = errno == ENOENT ? 0 : err_sys(err, "look at the lock");
	if (r > 0) {
		r = container_is_alive(&c, err);
		r = r < 0 ? -1 : !r && c.record.stage == STAGE_RUNNING;
	}
	if (r <= 0) {
		container_close(&c);
		return r;
	}
	close(c.state_fd);
	c.state_fd = lock_fd;
	*ret = c;
	return 1;
}

/* -1 if it cannot be watched: then it is looked at when the time has come. */
static int watch_want(int data_fd)
{
	autofd int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d/" WANT_FILE, data_fd);
	if (notify < 0 || inotify_add_watch(notify, path, IN_MODIFY | IN_ATTRIB) < 0)
		return -1;
	return take_fd(&notify);
}

/* Waits for the time of the next start. A change of the wish ends it: 0 if the container is to be stopped, 1 if
 * it starts now; or -1. */
static int wait_for_turn(int data_fd, int notify, uint64_t wait_ns, struct err *err)
{
	uint64_t until = deadline_after(wait_ns);
	struct pollfd p = {notify, POLLIN, 0};
	int r, ms;

	while ((r = want_runs(data_fd, err)) > 0) {
		ms = deadline_poll_ms(until);
		if (ms == 0 || poll(&p, 1, ms) > 0)
			return want_runs(data_fd, err);
	}
	return r;
}

/* How it has ended, and whether it is its turn again: 1, 0 or -1. */
static int is_due(struct container *c, const char *text, uint64_t *ret_wait_ns, struct err *err)
{
	struct restart_facts f = {.count = c->record.restarts,
		.streak = c->record.streak,
		.status = -1};
	struct restart_policy policy;
	int64_t finished = now_ns();
	uint32_t streak;
	int r;

	if (!text)
		return 0;
	if (restart_parse("restart", text, &policy, err) < 0)
		return -1;
	if (exit_file_read(c->state_fd, &f.status, &finished) < 0)
		return err_sys(err, "read the exit status");
	if (finished > c->record.started_ns)
		f.ran_ns = (uint64_t)(finished - c->record.started_ns);
	r = want_runs(c->data_fd, err);
	if (r < 0)
		return -1;
	f.stopped = !r;
	if (!restart_due(&policy, &f, ret_wait_ns, &streak))
		return 0;
	c->record.streak = streak;
	return 1;
}

/* -1, if it returns. */
static int start_spec(struct container *c, struct spec *spec, struct err *err)
{
	struct plan plan;

	if (container_plan(spec, &plan, err) < 0)
		return -1;
	if (container_plan_filter(c->store, spec, &plan, err) == 0)
		container_supervise_held(c, spec, &plan, err);
	container_plan_free(&plan);
	return -1;
}

/* As it is by now. 0 if it has no policy any more; else -1, if it returns. */
static int start_again(struct container *c, struct err *err)
{
	autoconfiglock struct config_lock lock = CONFIG_LOCK_NONE;
	struct spec spec;
	int r;

	if (container_spec_again(c->store, c->record.name, &spec, &lock, err) < 0)
		return -1;
	r = spec.restart ? start_spec(c, &spec, err) : 0;
	spec_free(&spec);
	return r;
}

static int open_data(struct container *c, struct err *err)
{
	c->data_fd = store_data_open(c->store, c->record.name);
	if (c->data_fd < 0)
		return err_sys(err, "open the directory of %s", c->record.name);
	/* While it waits nothing of it runs: this is what those with another state directory see. */
	flock(c->data_fd, LOCK_SH | LOCK_NB);
	return 0;
}

static void tell_wait(const struct container *c, const char *policy, uint64_t wait_ns)
{
	char attempt[12], wait[24];

	snprintf(attempt, sizeof(attempt), "%u", c->record.restarts);
	snprintf(wait, sizeof(wait), "%.1fs", (double)wait_ns / 1e9);
	container_tell_attempt(c, policy, attempt, wait);
}

/* If we die in here, the container has ended and stays so. 0 if it is not to be started again. */
static int restart(struct container *c, const struct spec *spec, struct err *err)
{
	autofd int notify = watch_want(c->data_fd);
	uint64_t wait_ns;
	int r = is_due(c, spec->restart, &wait_ns, err);

	if (r <= 0)
		return r;
	if (container_end(c, -1, err) < 0)
		return -1;
	c->record.stage = STAGE_RESTARTING;
	c->record.kept = true;
	c->record.pid = 0;
	c->record.restarts++;
	if (record_write(c, err) < 0)
		return -1;
	tell_wait(c, spec->restart, wait_ns);
	r = wait_for_turn(c->data_fd, notify, wait_ns, err);
	if (r <= 0)
		return r;
	if (notify >= 0)
		close(take_fd(&notify));
	return start_again(c, err);
}

/* There is nobody to whom it could be said, and it is ended as by a stop. */
static void tell_failure(const struct store *store, const struct record *r, const struct err *why)
{
	if (want_stays_running(store, r->name))
		container_tell_named(store, r->id, r->name, "restart_failed", "error", why->text);
}

/* With all that it needs. */
static int restart_by_spec(struct container *c, char *const *argv, struct err *err)
{
	struct spec spec;
	int r = 0;

	if (open_data(c, err) < 0 || container_spec(c->store, c->record.name, &spec, err) < 0)
		return -1;
	/* A copy of ours begins anew, so nothing has been done yet. */
	if (program_in_reach(&spec))
		r = program_protect(argv, err);
	if (r == 0) {
		fcntl(c->state_fd, F_SETFD, FD_CLOEXEC);
		r = restart(c, &spec, err);
	}
	spec_free(&spec);
	return r;
}

/* Of one that we could not even look at, and that is released by now. */
static void tell_unknown(const struct store *store, const char *name, const struct err *why)
{
	struct container held;
	struct err ignored;

	if (!want_stays_running(store, name) || namelock_hold(store, name, &held, &ignored) < 0)
		return;
	held.data_fd = store_data_open(store, name);
	if (held.data_fd >= 0)
		details_tell_failure(&held, why);
	container_tell_named(store, NULL, name, "restart_failed", "error", why->text);
	namelock_drop(&held, &ignored);
}

int container_after(const struct store *store, const char *name, int lock_fd, char *const *argv,
	struct err *err)
{
	struct err why = {0};
	struct container c;
	struct record was;
	char now[RECORD_NAME_MAX + 1];
	int r, again;

	/* It may have been renamed since its start. */
	if (renaming_settle(store, err) < 0)
		return -1;
	if (renaming_name_of(lock_fd, now) == 0)
		name = now;
	r = take_over(store, name, lock_fd, &c, &why);
	if (r <= 0) {
		const bool unknown = r < 0;

		r = store_gc_held(store, name, lock_fd, err);
		if (unknown && r >= 0)
			tell_unknown(store, name, &why);
		return r;
	}
	c.unheard = true;
	was = c.record;
	again = restart_by_spec(&c, argv, &why);
	if (again < 0)
		tell_failure(store, &was, &why);
	/* Without a state directory it is undone already, and its metadata say what failed. */
	if (c.state_fd < 0)
		return 0;
	if (again < 0 && container_end(&c, -1, err) == 0)
		details_tell_failure(&c, &why);
	r = container_release(&c, -1, err);
	container_close(&c);
	return r;
}

enum coming { COMING_NOT, COMING_WAITS, COMING_SOON, COMING_RUNS, COMING_ENDED };

static int look_coming(const struct store *store, const char *name, struct container *c,
	struct err *err)
{
	int alive;

	if (!want_exists(store, name))
		return COMING_NOT;
	if (c->record.stage == STAGE_CREATING)
		return COMING_SOON;
	if (c->record.stage == STAGE_RESTARTING)
		return COMING_WAITS;
	alive = container_is_alive(c, err);
	if (alive == 0 && !want_stays_running(store, name))
		return COMING_NOT;
	return alive < 0 ? -1 : alive ? COMING_RUNS : COMING_ENDED;
}

/* Whether the process that waits for the next start still lives. */
static bool is_held(const struct store *store, const char *name)
{
	struct container c;
	struct err err;

	if (namelock_open(store, name, NAMELOCK_NOWAIT, &c, &err) < 0)
		return true;
	container_close(&c);
	return false;
}

static int say_now(const struct store *store, const char *name, struct container *c,
	struct err *err)
{
	if (!is_held(store, name))
		return COMING_NOT;
	return open_data(c, err) < 0 || want_running(c->data_fd, err) < 0 ? -1 : COMING_WAITS;
}

int container_hurry(const struct store *store, const char *name, struct err *err)
{
	uint64_t until = deadline_in(HURRY_SECONDS);
	bool said = false;
	uint32_t restarts = 0;
	struct container c;
	int r;

	while (namelock_open(store, name, NAMELOCK_NONE, &c, err) == 0) {
		r = look_coming(store, name, &c, err);
		if (r == COMING_WAITS && !said) {
			restarts = c.record.restarts;
			r = say_now(store, name, &c, err);
			said = true;
		} else if (r == COMING_ENDED && !said) {
			r = container_settle(store, name, err) < 0 ? -1 : COMING_SOON;
		} else if (said && (r == COMING_ENDED || c.record.restarts != restarts)) {
			r = COMING_RUNS;
		}
		container_close(&c);
		if (r < 0 || r == COMING_NOT || r == COMING_RUNS)
			return r < 0 ? -1 : r == COMING_RUNS && said;
		if (deadline_poll_ms(until) == 0)
			return 0;
		poll(NULL, 0, HURRY_NAP_MS);
	}
	return err->sys == ENOENT ? 0 : -1;
}

struct boot {
	struct viewer viewer;
	size_t started, failed;
	void (*tell_failed)(const char *name, struct err *err);
};

static int restart_facts_of(const struct store *store, const char *name, const struct metadata *s,
	struct restart_facts *ret, struct err *err)
{
	autofd int data = store_data_open(store, name);
	enum want want;

	if (data < 0 || want_read(data, &want) < 0)
		return err_sys(err, "see whether %s is to run", name);
	/* What was to rest has not ended by itself, whatever its status. */
	*ret = (struct restart_facts){.status = s->exited && want != WANT_RESTING ? s->exit_status
										  : -1,
		.stopped = want == WANT_STOPPED};
	return 0;
}

/* 1 if it was started, 0 if it is not to be. */
static int start_if_wanted(struct boot *b, const char *name, struct err *err)
{
	const struct store *store = b->viewer.store;
	struct restart_policy policy;
	autoconfiglock struct config_lock lock = CONFIG_LOCK_NONE;
	struct restart_facts facts;
	struct view view;
	struct spec spec;
	int r = viewer_look(&b->viewer, name, VIEW_ANY, &view, err);
	bool rests = r > 0 && view.status == CONTAINER_EXITED;

	if (rests)
		r = restart_facts_of(store, name, &view.metadata, &facts, err);
	if (r > 0 || rests)
		view_free(&view);
	if (r < 0 || !rests)
		return r < 0 ? -1 : 0;
	if (container_spec_again(store, name, &spec, &lock, err) < 0)
		return -1;
	r = 0;
	if (spec.restart)
		r = restart_parse("restart", spec.restart, &policy, err);
	if (r == 0 && spec.restart && restart_at_boot(&policy, &facts))
		r = container_start_again(store, &spec, NULL, err) < 0 ? -1 : 1;
	spec_free(&spec);
	return r;
}

static int visit(const char *name, void *arg, struct err *err)
{
	struct boot *b = arg;
	int r = start_if_wanted(b, name, err);

	if (r < 0) {
		b->failed++;
		b->tell_failed(name, err);
	}
	b->started += r > 0;
	return 0;
}

int container_autostart(const struct store *store, void (*tell_failed)(const char *, struct err *),
	size_t *ret_started, size_t *ret_failed, struct err *err)
{
	struct boot b = {.tell_failed = tell_failed};
	int r;

	viewer_init(&b.viewer, store);
	r = store_each(store, visit, &b, err);
	viewer_close(&b.viewer);
	*ret_started = b.started;
	*ret_failed = b.failed;
	return r;
}
