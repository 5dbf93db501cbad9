#include "container/life.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "cgroup/group.h"
#include "container/signal.h"
#include "container/status.h"
#include "spec/config.h"
#include "state/alive.h"
#include "state/cgroup.h"
#include "state/elsewhere.h"
#include "state/ended.h"
#include "state/events.h"
#include "state/gc.h"
#include "state/identity.h"
#include "state/metadata.h"
#include "state/namelock.h"
#include "state/release.h"
#include "state/renaming.h"
#include "state/volumes.h"
#include "state/want.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SETTLE_NAP_MS = 5, SETTLE_NAP_LONGEST_MS = 500 };

struct search {
	const struct store *store;
	const char *word;
	char found[SPEC_NAME_MAX + 1], id[sizeof(((struct record *)0)->id)];
	unsigned matches;
};

static int match_id(const char *name, void *arg, struct err *err)
{
	struct search *s = arg;
	struct metadata metadata;

	if (container_metadata(s->store, name, &metadata, err) < 0)
		return 0;
	if (strncmp(metadata.id, s->word, strlen(s->word)) == 0) {
		s->matches += s->matches == 0 || strcmp(metadata.id, s->id) != 0;
		snprintf(s->found, sizeof(s->found), "%s", name);
		snprintf(s->id, sizeof(s->id), "%s", metadata.id);
	}
	metadata_free(&metadata);
	return 0;
}

static int no_such(const char *word, struct err *err)
{
	err_set(err, "no container %s", word);
	err->sys = ENOENT;
	return err_hint(err, "ctr ps -a shows those that exist");
}

static int find_by_id(const struct store *store, const char *word, char *ret, struct err *err)
{
	struct search s = {.store = store, .word = word};

	if (strlen(word) >= 4 && strspn(word, "0123456789abcdef") == strlen(word) &&
		store_each(store, match_id, &s, err) < 0)
		return -1;
	if (s.matches == 1) {
		strcpy(ret, s.found);
		return 0;
	}
	if (s.matches > 1)
		return err_set(err, "%s is the beginning of %u containers' ids", word, s.matches);
	return no_such(word, err);
}

static bool exists(const struct store *store, const char *name)
{
	struct stat st;

	return fstatat(store->containers_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
	       fstatat(store->state_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int no_longer(const char *name, int sys, struct err *err)
{
	err_set(err, "no container %s any more", name);
	err->sys = sys;
	return err_hint(err, "ctr ps -a shows those that exist");
}

int container_find(const struct store *store, const char *word, char ret_name[SPEC_NAME_MAX + 1],
	struct err *err)
{
	bool there;

	if (word[0] == '.' || word[0] == '\0' || strchr(word, '/') || strlen(word) > SPEC_NAME_MAX)
		return err_set(err, "'%.60s' is not the name of a container", word);
	/* A name that somebody just gives away or takes is looked up once he is done. */
	do {
		if (renaming_settle(store, err) < 0)
			return -1;
		there = exists(store, word);
	} while (renaming_goes_on(store));
	if (!there)
		return find_by_id(store, word, ret_name, err);
	strcpy(ret_name, word);
	return 0;
}

int container_open_running(const struct store *store, const char *name, const char *verb,
	struct container *ret, struct err *err)
{
	struct container c;
	bool again = false;

	if (namelock_open(store, name, NAMELOCK_NONE, &c, err) < 0) {
		if (err->sys != ENOENT || elsewhere_refuse(store, name, err) < 0)
			return -1;
	} else {
		int r = container_is_up(&c, err);

		again = c.record.stage == STAGE_RESTARTING;
		if (r > 0) {
			*ret = c;
			return 0;
		}
		container_close(&c);
		if (r < 0)
			return -1;
	}
	if (!again && !exists(store, name))
		return no_longer(name, ESRCH, err);
	err_set(err, "cannot %s %s: %s", verb, name,
		again ? "it has ended, and is about to be started again"
		      : "the container is not running");
	err->sys = ESRCH;
	return err_hint(err,
		again ? "ctr start %s, which does it now"
		      : "ctr start %s starts it; ctr ps -a tells how it ended",
		name);
}

enum next { NEXT_NONE, NEXT_UNDECIDED, NEXT_START };

/* What its holder does with it: who starts it, or starts it again, may not let go for long. An enum next, or
 * -1. */
static int find_next(const struct store *store, const char *name, struct err *err)
{
	struct container c;
	int r = NEXT_START;

	if (namelock_open(store, name, NAMELOCK_NONE, &c, err) < 0)
		return err->sys == ENOENT ? NEXT_NONE : -1;
	if (c.record.stage == STAGE_CREATING)
		r = NEXT_UNDECIDED; /* what is wanted may not be written yet */
	else if (!want_exists(store, name))
		r = (r = container_is_alive(&c, err)) > 0 ? NEXT_START : r;
	else if (!want_stays_running(store, name))
		r = NEXT_NONE;
	else if (c.record.stage != STAGE_RESTARTING && (r = container_is_alive(&c, err)) >= 0)
		r = r ? NEXT_START : NEXT_UNDECIDED;
	container_close(&c);
	return r;
}

int container_settle(const struct store *store, const char *name, struct err *err)
{
	int next, nap = SETTLE_NAP_MS;

	while ((next = find_next(store, name, err)) == NEXT_UNDECIDED) {
		if (store_release_dead(store, name, NAMELOCK_NOWAIT, err) >= 0)
			return 0;
		if (err->sys != EWOULDBLOCK)
			return -1;
		/* Whoever holds it may have been stopped. */
		poll(NULL, 0, nap);
		nap = 2 * nap < SETTLE_NAP_LONGEST_MS ? 2 * nap : SETTLE_NAP_LONGEST_MS;
	}
	if (next != NEXT_NONE)
		return next < 0 ? -1 : 0;
	return store_release_dead(store, name, NAMELOCK_WAIT, err) < 0 ? -1 : 0;
}

int container_is_coming(const struct store *store, const char *name, struct err *err)
{
	int next = container_settle(store, name, err) < 0 ? -1 : find_next(store, name, err);

	return next < 0 ? -1 : next != NEXT_NONE;
}

int container_call_off(const struct store *store, const char *name, struct err *err)
{
	int next = find_next(store, name, err);

	if (next <= NEXT_NONE)
		return next;
	return want_stopped(store, name, err) < 0 || container_settle(store, name, err) < 0 ? -1
											    : 1;
}

/* What waits to be started again has no process, and its holder hears what is written. */
static int refuse_elsewhere(const struct store *store, const char *name, bool lost, struct err *err)
{
	struct elsewhere e;
	int r;

	if (faccessat(store->state_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	elsewhere_init(&e, store);
	r = elsewhere_runs(&e, name, err);
	if (r > 0 && e.lost && lost)
		r = 0;
	elsewhere_close(&e);
	return r ? -1 : 0;
}

int container_want_down(const struct store *store, const char *name, want_down *want, bool lost,
	struct err *err)
{
	return refuse_elsewhere(store, name, lost, err) < 0 ? -1 : want(store, name, err);
}

/* Reads the status once it is in the exit file, which stays readable to whoever has it open when
 * the state directory goes. */
static int read_exit_when_written(int exit_fd, int notify, int pidfd, int *ret_status)
{
	struct pollfd p[] = {{notify, POLLIN, 0}, {pidfd, POLLIN, 0}};
	char text[64], events[4096];
	bool ended = false;

	for (;;) {
		ssize_t n = pread(exit_fd, text, sizeof(text) - 1, 0);

		text[n > 0 ? n : 0] = '\0';
		if (n > 0 && sscanf(text, "%d", ret_status) == 1)
			return 0;
		/* After the end of the payload its holder needs a moment, unless there is none. */
		if (poll(p, ended ? 1 : 2, ended ? 2000 : -1) == 0)
			return -1;
		ended = ended || p[1].revents;
		if ((p[0].revents & POLLIN) && read(notify, events, sizeof(events)) < 0)
			return -1;
	}
}

static int wait_alive(struct container *c, int *ret_status, struct err *err)
{
	autofd int exit_fd = openat(c->state_fd, "exit", O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	autofd int notify = inotify_init1(IN_CLOEXEC);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", exit_fd);
	if (exit_fd < 0 || notify < 0 || inotify_add_watch(notify, path, IN_MODIFY) < 0)
		return err_sys(err, "cannot wait for %s", c->record.name);
	if (read_exit_when_written(exit_fd, notify, c->pidfd, ret_status) < 0)
		*ret_status = -1;
	return 0;
}

/* 1, 0 or -1. */
static int never_ran(const struct store *store, const char *name, struct err *err)
{
	struct metadata s;
	bool unstarted;

	if (container_metadata(store, name, &s, err) < 0)
		return -1;
	unstarted = s.unstarted;
	metadata_free(&s);
	return unstarted;
}

/* Something is made in its directory, or that goes away. Of one that is open the kernel would not tell the latter. */
static int watch_data(const struct store *store, const char *name, int notify)
{
	autofd int fd = openat(store->containers_fd, name,
		O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return fd < 0 ? -1
		      : inotify_add_watch(notify, path,
				IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF);
}

/* 1 once a start of it has begun, or 0 if it has been started before; -1 if it is gone. */
static int wait_for_start(const struct store *store, const char *name, struct err *err)
{
	autofd int notify = inotify_init1(IN_CLOEXEC);
	char events[4096];
	int r;

	if (notify < 0 || (watch_data(store, name, notify) < 0 && errno != ENOENT))
		return err_sys(err, "wait for the start of %s", name);
	r = never_ran(store, name, err);
	if (r < 0 && err->sys == ENOENT)
		return err_set(err, "%s was removed before it had ended", name);
	if (r > 0 && read(notify, events, sizeof(events)) < 0)
		return err_sys(err, "wait for the start of %s", name);
	return r;
}

/* 1 and the status of one that has run meanwhile, 0 if it does not, or -1. */
static int wait_for_end(const struct store *store, const char *name, int *ret_status,
	struct err *err)
{
	struct container c;
	bool starts;
	int r;

	do {
		starts = false;
		if (namelock_open(store, name, NAMELOCK_NONE, &c, err) == 0) {
			int alive = container_is_alive(&c, err);

			r = alive > 0 ? wait_alive(&c, ret_status, err) : alive;
			starts = c.record.stage == STAGE_CREATING;
			container_close(&c);
			if (alive)
				return r < 0 || container_settle(store, name, err) < 0 ? -1 : 1;
		} else if (err->sys != ENOENT || elsewhere_refuse(store, name, err) < 0) {
			return -1;
		}
		if (container_settle(store, name, err) < 0)
			return -1;
	} while (starts);
	return 0;
}

static int wait_named(const struct store *store, const char *name, int *ret_status, struct err *err)
{
	struct metadata s;
	int r;

	do
		r = wait_for_end(store, name, ret_status, err);
	while (r == 0 && (r = wait_for_start(store, name, err)) > 0);
	if (r != 0)
		return r < 0 ? -1 : 0;
	if (container_metadata(store, name, &s, err) < 0)
		return -1;
	*ret_status = s.exited ? s.exit_status : -1;
	metadata_free(&s);
	return 0;
}

/* A --rm container may be gone before we have looked, or while we do. */
int container_wait(const struct store *store, const char *name, int *ret_status, struct err *err)
{
	char now[SPEC_NAME_MAX + 1];
	struct identity meant;
	struct err second;
	int r;

	identity_take(store, name, &meant);
	snprintf(now, sizeof(now), "%s", name);
	r = meant.fd < 0 && !exists(store, name) ? no_such(name, err)
						 : wait_named(store, name, ret_status, err);
	if (r < 0 && !exists(store, name) && !identity_moved(&meant, store, now) &&
		container_ended(store, meant.id, name, ret_status, &second) > 0)
		r = 0;
	identity_drop(&meant);
	return r;
}

static int end_for_removal(struct container *c, bool force, struct err *err)
{
	const char *name = c->record.name;
	const bool again = c->record.stage == STAGE_RESTARTING;
	int up = container_is_up(c, err);

	if (up < 0)
		return -1;
	if (!force && (up || again)) {
		err_set(err, "cannot remove %s: it is %s", name,
			again ? "about to be started again" : "running");
		return err_hint(err, "ctr stop %s, or ctr rm -f %s", name, name);
	}
	if (up)
		return container_stop(c, SIGKILL, 0, err);
	/* If its record is lost, only its group tells whether it runs. */
	if (force && container_open_cgroup(c, err) == 0 && c->group_fd >= 0)
		cgroup_kill(c->group_fd, err);
	return 0;
}

static int stop_for_removal(const struct store *store, const char *name, enum remove_flags flags,
	struct err *err)
{
	struct container c;
	int r;

	if ((flags & REMOVE_FORCE) && container_want_down(store, name, want_stopped, true, err) < 0)
		return -1;
	if (namelock_open(store, name, NAMELOCK_NONE, &c, err) < 0)
		return err->sys != ENOENT     ? -1
		       : flags & REMOVE_FORCE ? elsewhere_end_lost(store, name, err)
					      : elsewhere_refuse(store, name, err);
	r = end_for_removal(&c, flags & REMOVE_FORCE, err);
	container_close(&c);
	return r < 0 ? -1 : container_settle(store, name, err);
}

/* A lock takes a little space. Where there is none left, what the container wrote goes first: it is
 * dead, and as long as its directory is there nobody else gets the name. */
static int hold_for_removal(const struct store *store, const char *name, struct container *ret,
	struct err *err)
{
	char upper[SPEC_NAME_MAX + 16];

	if (namelock_hold(store, name, ret, err) == 0)
		return 0;
	if (err->sys != ENOSPC && err->sys != EDQUOT)
		return -1;
	snprintf(upper, sizeof(upper), "%s/upper", name);
	if (tree_remove(store->containers_fd, upper, err) < 0)
		return -1;
	return namelock_hold(store, name, ret, err);
}

/* If two remove the same container, the second waits for the first, and then finds what that one has left. */
static int lock_for_removal(const struct store *store, const char *name, enum remove_flags flags,
	struct container *ret, struct err *err)
{
	do {
		if (stop_for_removal(store, name, flags, err) < 0)
			return -1;
		if (hold_for_removal(store, name, ret, err) == 0)
			return 0;
	} while (err->sys == NAMELOCK_TAKEN && container_settle(store, name, err) == 0);
	return -1;
}

/* 1 if it was there, 0 if not, or -1. */
static int remove_named(const struct store *store, const char *name, enum remove_flags flags,
	struct err *err)
{
	struct container held;
	struct err ignored;
	struct stat st;
	int r;

	if (lock_for_removal(store, name, flags, &held, err) < 0)
		return -1;
	if ((flags & REMOVE_VOLUMES) && volumes_remove_own(store, name, err) < 0)
		r = -1;
	else if (fstatat(store->containers_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		r = container_remove_told(store, name, err) < 0 ? -1 : 1;
	else
		r = errno == ENOENT ? 0
				    : err_sys(err, "look for %s/containers/%s", store->root, name);
	return namelock_drop(&held, r < 0 ? &ignored : err) < 0 ? -1 : r;
}

int container_remove(const struct store *store, const char *name, enum remove_flags flags,
	struct err *err)
{
	char now[SPEC_NAME_MAX + 1];
	struct identity meant;
	int r;

	identity_take(store, name, &meant);
	snprintf(now, sizeof(now), "%s", name);
	do
		r = remove_named(store, now, flags, err);
	while (r <= 0 && identity_moved(&meant, store, now));
	identity_drop(&meant);
	/* A --rm container has removed itself; or somebody else was faster. */
	return r > 0 || (r == 0 && (flags & REMOVE_FORCE)) ? 0
	       : r < 0                                     ? -1
							   : no_longer(name, ENOENT, err);
}
