#include "container/rename.h"

#include "base/clock.h"
#include "container/life.h"
#include "spec/name.h"
#include "state/alive.h"
#include "state/elsewhere.h"
#include "state/events.h"
#include "state/metadata.h"
#include "state/namelock.h"
#include "state/names.h"
#include "state/release.h"
#include "state/renaming.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TRY_SECONDS = 60, TRY_NAP_MS = 5 };

struct names {
	const struct store *store;
	const char *old, *new;
	int renaming;
};

static int taken(const struct names *n, struct err *err)
{
	err_set(err, "cannot rename %s: the name %s is already in use", n->old, n->new);
	err->sys = NAMELOCK_TAKEN;
	return err_hint(err, "ctr rm %s, or choose another name", n->new);
}

/* The name is ours. What a --rm of an earlier boot has left under it gives way. */
static int check_free(const struct names *n, struct err *err)
{
	const struct store *store = n->store;
	struct stat st;
	int removed;

	if (fstatat(store->containers_fd, n->new, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT
			       ? 0
			       : err_sys(err, "look for %s/containers/%s", n->store->root, n->new);
	if (elsewhere_refuse(n->store, n->new, err) < 0)
		return -1;
	removed = container_remove_orphan(n->store, n->new, err);
	return removed < 0 ? -1 : removed ? 0 : taken(n, err);
}

static int hold_new(const struct names *n, struct container *ret, struct err *err)
{
	struct err ignored;

	if (namelock_hold(n->store, n->new, ret, err) < 0)
		return err->sys == NAMELOCK_TAKEN ? taken(n, err) : -1;
	if (check_free(n, err) == 0)
		return 0;
	namelock_drop(ret, &ignored);
	return -1;
}

static int rename_data(const struct names *n, struct err *err)
{
	int dir = n->store->containers_fd;

	if (syscall(SYS_renameat2, dir, n->old, dir, n->new, 1 /* RENAME_NOREPLACE */) < 0)
		return err_sys(err, "rename %s to %s", n->old, n->new);
	if (fsync(dir) < 0)
		warn("a crash of the machine may take the name back: %s", strerror(errno));
	return 0;
}

/* No process of it, and nobody else begins one: the rename of its data is all. */
static int rename_resting(const struct names *n, struct err *err)
{
	struct container held;
	struct err ignored;
	int r;

	if (elsewhere_refuse(n->store, n->old, err) < 0 || hold_new(n, &held, err) < 0)
		return -1;
	r = rename_data(n, err);
	return namelock_drop(&held, r < 0 ? &ignored : err) < 0 ? -1 : r;
}

static int rename_both(const struct names *n, const struct container *c, struct container *held,
	struct err *err)
{
	int dir = n->store->containers_fd;
	struct err unnamed;

	if (renaming_say(n->renaming, n->old, n->new, c->record.id, err) < 0 ||
		rename_data(n, err) < 0)
		return -1;
	if (renaming_follow(n->store, n->old, n->new, err) < 0) {
		syscall(SYS_renameat2, dir, n->new, dir, n->old, 1 /* RENAME_NOREPLACE */);
		return -1;
	}
	/* The place that we hold is where the container was. */
	strcpy(held->record.name, n->old);
	if (names_rename(n->store, n->old, n->new, &unnamed) < 0)
		warn("other containers know %s by its old name: %s", n->new, unnamed.text);
	return 0;
}

/* 1; 0: it is about to end, or to begin; or -1. Who ends it sees that we are at it, if it ends from here on. */
static int rename_alive(const struct names *n, struct err *err)
{
	struct container c, held;
	struct err ignored;
	int r;

	if (namelock_open(n->store, n->old, NAMELOCK_NONE, &c, err) < 0)
		return err->sys == ENOENT ? 0 : -1;
	r = container_is_alive(&c, err);
	if (c.record.stage == STAGE_RESTARTING) {
		err_set(err, "cannot rename %s: it has ended, and is about to be started again",
			n->old);
		r = err_hint(err, "ctr start %s, which does it now, or ctr stop %s", n->old,
			n->old);
	}
	if (r > 0 && hold_new(n, &held, err) < 0)
		r = -1;
	else if (r > 0) {
		r = rename_both(n, &c, &held, err) < 0 ? -1 : 1;
		if (namelock_drop(&held, r < 0 ? &ignored : err) < 0)
			r = -1;
	}
	container_close(&c);
	return r;
}

static int try_once(const struct names *n, struct err *err)
{
	struct container held;
	struct err ignored;
	int r;

	if (namelock_hold(n->store, n->old, &held, err) < 0)
		return err->sys == NAMELOCK_TAKEN ? rename_alive(n, err) : -1;
	r = rename_resting(n, err);
	return namelock_drop(&held, r < 0 ? &ignored : err) < 0 || r < 0 ? -1 : 1;
}

static int check(const struct names *n, struct err *err)
{
	if (name_check(n->new, err) < 0)
		return -1;
	return strcmp(n->old, n->new) == 0 ? err_set(err, "%s has that name already", n->old) : 0;
}

static void tell(const struct names *n)
{
	struct err ignored;
	struct metadata m;

	if (container_metadata(n->store, n->new, &m, &ignored) < 0)
		return;
	container_tell_named(n->store, m.id, n->new, "rename", "oldName", n->old);
	metadata_free(&m);
}

int container_rename(const struct store *store, const char *old, const char *new, struct err *err)
{
	uint64_t deadline = deadline_in(TRY_SECONDS);
	struct names n = {store, old, new, -1};
	int r;

	if (check(&n, err) < 0)
		return -1;
	do {
		n.renaming = renaming_begin(store, err);
		if (n.renaming < 0)
			return -1;
		r = try_once(&n, err);
		renaming_end(store, &n.renaming);
		if (r == 0 && container_settle(store, old, err) < 0)
			r = -1;
		if (r == 0 && deadline_poll_ms(deadline) == 0)
			r = err_set(err, "cannot rename %s: it does not come to rest", old);
		if (r == 0)
			poll(NULL, 0, TRY_NAP_MS);
	} while (r == 0);
	if (r < 0)
		return -1;
	tell(&n);
	return 0;
}
