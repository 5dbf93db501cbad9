#include "state/namelock.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "ns/idmap.h"
#include "ns/join.h"
#include "state/alive.h"
#include "state/cgroup.h"
#include "state/cgrouppath.h"
#include "state/connection.h"
#include "state/elsewhere.h"
#include "state/leftover.h"
#include "state/mark.h"
#include "state/metadata.h"
#include "state/pool.h"
#include "state/process.h"
#include "state/recordfile.h"
#include "state/release.h"
#include "state/resource.h"
#include "state/salvage.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { CLAIM_WAIT_SECONDS = 60 };

void container_init(struct container *c, const struct store *store)
{
	*c = (struct container){
		.store = store,
		.state_fd = -1,
		.data_fd = -1,
		.hierarchy_fd = -1,
		.groups_fd = -1,
		.group_fd = -1,
		.pidfd = -1,
	};
}

void container_close(struct container *c)
{
	int fds[] = {c->pidfd, c->group_fd, c->groups_fd, c->hierarchy_fd, c->data_fd, c->state_fd};
	unsigned tries;

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			close(fds[i]);
	connection_free(c->connection);
	tries = c->address_try;
	container_init(c, c->store);
	c->address_try = tries;
}

/* Where the search for a free id range begins: the same at each start. The id is random; an engine's may be
 * any word. */
static uint32_t range_of(const char *id)
{
	uint32_t n = 0;

	for (size_t i = 0; id[i]; i++)
		n = n * 31 + (unsigned char)id[i];
	return n % IDMAP_RANGES;
}

static int record_init(struct record *r, const struct spec *spec, struct err *err)
{
	const char *boot = boot_id(err);

	if (!boot)
		return -1;
	*r = (struct record){
		.stage = STAGE_CREATING,
		.range = range_of(spec->id),
		/* Those it joins are as foreign to us as its own; but in a mount namespace that is
		 * not its own its root is another than the namespace's. */
		.namespaces = spec->ns.fresh | (ns_paths_flags(&spec->ns) & ~(uint64_t)CLONE_NEWNS),
		.remove = spec->remove,
		.terminal = spec->process.terminal,
		.own_volumes = spec->own_volumes,
		.resources = resources_wanted(spec),
	};
	snprintf(r->name, sizeof(r->name), "%s", spec->name);
	snprintf(r->id, sizeof(r->id), "%s", spec->id);
	snprintf(r->boot_id, sizeof(r->boot_id), "%s", boot);
	r->healthcheck = spec->health.test_count > 0;
	return 0;
}

/* EWOULDBLOCK says that somebody holds a lock; other calls than flock(2) must not. */
static int not_held(struct err *err)
{
	if (err->sys == EWOULDBLOCK)
		err->sys = EIO;
	return -1;
}

static int make_locked(struct container *c, const char *tmp, struct err *err)
{
	const struct store *store = c->store;

	if (mkdirat(store->state_fd, tmp, 0700) < 0)
		return err_sys(err, "make a state directory in %s", store->state);
	c->state_fd = openat(store->state_fd, tmp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c->state_fd < 0) {
		err_sys(err, "open a state directory in %s", store->state);
		return not_held(err);
	}
	if (flock(c->state_fd, LOCK_EX | LOCK_NB) < 0)
		return err_sys(err, "lock a state directory in %s", store->state);
	if (file_still_named(c->state_fd, store->state_fd, tmp) == 0)
		return 0;
	err_sys(err, "lock a state directory in %s", store->state);
	return not_held(err);
}

/* A locked directory under a name that is nobody's, which is written to tmp. Until it is locked it
 * can be taken for what a dead start has left, and be removed. */
static int make_state(struct container *c, char tmp[32], struct err *err)
{
	for (int i = 0; i < 100; i++) {
		leftover_name(LEFTOVER_NEW, tmp);
		if (make_locked(c, tmp, err) == 0)
			return 0;
		if (err->sys != ENOENT && err->sys != EWOULDBLOCK)
			return -1;
		if (c->state_fd >= 0)
			close(take_fd(&c->state_fd));
	}
	return -1;
}

static int name_taken(struct err *err, const char *name)
{
	err_set(err, "the name %s is already in use", name);
	err->sys = NAMELOCK_TAKEN;
	return err_hint(err, "ctr rm %s (-f while it runs), or choose another --name", name);
}

/* The state directory of that name: gone by now (0), or in the hands of the living (-1). What an engine has created is
 * its own until it deletes it, dead or not; but for what a create that was killed has left. */
static int release_dead_holder(const struct store *store, const char *name, struct err *err)
{
	struct container old;
	int r;

	if (namelock_open(store, name, NAMELOCK_NOWAIT, &old, err) < 0)
		return err->sys == ENOENT ? 0 : name_taken(err, name);
	r = store->root ? container_is_alive(&old, err) : old.record.stage != STAGE_CREATING;
	if (r == 0)
		r = container_release(&old, -1, err);
	else if (r > 0)
		r = name_taken(err, name);
	container_close(&old);
	return r;
}

int namelock_probe(const struct store *store, const char *name, struct err *err)
{
	struct container old;
	struct stat st;
	bool removed = false;

	if (namelock_open(store, name, NAMELOCK_NONE, &old, err) == 0) {
		int alive = container_is_alive(&old, err);

		removed = alive == 0 && old.record.remove;
		container_close(&old);
		if (alive > 0)
			return name_taken(err, name);
	}
	if (removed || fstatat(store->containers_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return name_taken(err, name);
}

static int namelock_take(struct container *c, const char *tmp, struct err *err)
{
	const char *name = c->record.name;

	for (int i = 0; i < 100; i++) {
		if (syscall(SYS_renameat2, c->store->state_fd, tmp, c->store->state_fd, name,
			    1 /* RENAME_NOREPLACE */) == 0)
			return 0;
		if (errno != EEXIST)
			return err_sys(err, "lock the name %s", name);
		if (release_dead_holder(c->store, name, err) < 0)
			return -1;
	}
	return name_taken(err, name);
}

int namelock_hold(const struct store *store, const char *name, struct container *ret,
	struct err *err)
{
	struct container c;
	struct err ignored;
	char tmp[32];

	container_init(&c, store);
	snprintf(c.record.name, sizeof(c.record.name), "%s", name);
	if (make_state(&c, tmp, err) == 0 && namelock_take(&c, tmp, err) == 0) {
		*ret = c;
		return 0;
	}
	tree_remove(store->state_fd, tmp, &ignored);
	container_close(&c);
	return -1;
}

int namelock_drop(struct container *c, struct err *err)
{
	int r = unlinkat(c->store->state_fd, c->record.name, AT_REMOVEDIR);

	container_close(c);
	return r < 0 ? err_sys(err, "remove %s/%s", c->store->state, c->record.name) : 0;
}

/* The name is ours by now. What a --rm of an earlier boot has left under it gives way. */
static int make_data_directory(const struct store *store, const char *name, struct err *err)
{
	if (pool_take(store, name) || mkdirat(store->containers_fd, name, 0700) == 0)
		return 0;
	if (errno == EEXIST) {
		int removed;

		if (elsewhere_refuse(store, name, err) < 0)
			return -1;
		removed = container_remove_orphan(store, name, err);
		if (removed <= 0)
			return removed < 0 ? -1 : name_taken(err, name);
		if (mkdirat(store->containers_fd, name, 0700) == 0)
			return 0;
	}
	return err_sys(err, "make %s/containers/%s", store->root, name);
}

static int make_data(struct container *c, struct err *err)
{
	const char *name = c->record.name;

	if (make_data_directory(c->store, name, err) < 0)
		return -1;
	c->data_fd = store_data_open(c->store, name);
	if (c->data_fd < 0)
		return err_sys(err, "open %s/containers/%s", c->store->root, name);
	/* Seen by whoever does not see our lock, as it has another state directory. It is shared: who had
	 * the directory before may not be quite gone. */
	flock(c->data_fd, LOCK_SH | LOCK_NB);
	/* So that nobody who undoes us later takes somebody else's for ours. */
	if (fsetxattr(c->data_fd, CONTAINER_OWNER_XATTR, c->record.id, strlen(c->record.id), 0) < 0)
		return err_sys(err, "mark %s/containers/%s", c->store->root, name);
	return 0;
}

static int record_plan(struct record *r, const struct spec *spec, bool kept, struct err *err)
{
	if (record_init(r, spec, err) < 0 ||
		container_cgroup_path_plan(spec, r->cgroup, sizeof(r->cgroup), err) < 0)
		return -1;
	r->kept = kept;
	if (kept)
		r->own_volumes = spec->remove;
	return 0;
}

/* The state directory, with the record in it, under its name. What fails is closed. */
static int lock_recorded(struct container *c, struct err *err)
{
	struct err ignored;
	char tmp[LEFTOVER_SIZE];

	if (make_state(c, tmp, err) == 0 && record_write_first(c, err) == 0 &&
		(c->store->root || salvage_prepare(c, err) == 0) && namelock_take(c, tmp, err) == 0)
		return 0;
	tree_remove(c->store->state_fd, tmp, &ignored);
	container_close(c);
	return -1;
}

int namelock_new(const struct store *store, const struct spec *spec, struct container *ret,
	struct err *err)
{
	struct container c;
	struct err ignored;

	container_init(&c, store);
	if (record_plan(&c.record, spec, false, err) < 0 || lock_recorded(&c, err) < 0)
		return -1;
	if (make_data(&c, err) < 0) {
		container_remove_own_data(&c, &ignored);
		container_remove_state(store, spec->name, spec->id, &ignored);
		container_close(&c);
		return -1;
	}
	*ret = c;
	return 0;
}

static int open_data(struct container *c, struct err *err)
{
	const char *name = c->record.name;
	int owner;

	c->data_fd = store_data_open(c->store, name);
	if (c->data_fd < 0 && errno != ENOENT)
		return err_sys(err, "open %s/containers/%s", c->store->root, name);
	owner = c->data_fd < 0 ? OWNER_OTHER : container_owner_of(c, c->data_fd, err);
	if (owner < 0)
		return -1;
	if (owner != OWNER_OURS) {
		err_set(err, "no container %s any more", name);
		err->sys = ENOENT;
		return -1;
	}
	flock(c->data_fd, LOCK_SH | LOCK_NB);
	return 0;
}

int namelock_renew(struct container *c, const struct spec *spec, struct err *err)
{
	struct record was = c->record;

	if (unlinkat(c->state_fd, "exit", 0) < 0 && errno != ENOENT)
		return err_sys(err, "start %s again", was.name);
	if (record_plan(&c->record, spec, true, err) < 0)
		return -1;
	c->record.restarts = was.restarts;
	c->record.streak = was.streak;
	return record_write(c, err);
}

int namelock_existing(const struct store *store, const struct spec *spec, int64_t started_ns,
	struct container *ret, struct err *err)
{
	struct container c;
	struct err ignored;

	container_init(&c, store);
	if (record_plan(&c.record, spec, true, err) < 0)
		return -1;
	c.record.started_ns = started_ns;
	if (lock_recorded(&c, err) < 0) {
		if (err->sys != NAMELOCK_TAKEN)
			return -1;
		err_set(err, "%s runs already, or is being started or removed", spec->name);
		err->sys = NAMELOCK_TAKEN;
		return -1;
	}
	if (elsewhere_refuse(store, spec->name, err) < 0 || open_data(&c, err) < 0) {
		container_remove_state(store, spec->name, spec->id, &ignored);
		container_close(&c);
		return -1;
	}
	*ret = c;
	return 0;
}

int namelock_bundle(const struct store *store, const struct spec *spec, const char *bundle,
	const char *cgroup, struct container *ret, struct err *err)
{
	struct container c;

	container_init(&c, store);
	if (record_init(&c.record, spec, err) < 0)
		return -1;
	snprintf(c.record.bundle, sizeof(c.record.bundle), "%s", bundle);
	snprintf(c.record.cgroup, sizeof(c.record.cgroup), "%s", cgroup);
	c.record.range = IDMAP_RANGES;
	c.record.created_ns = now_ns();
	c.record.late_hooks = spec->hooks.count[HOOK_POSTSTART] || spec->hooks.count[HOOK_POSTSTOP];
	if (lock_recorded(&c, err) < 0)
		return err->sys == NAMELOCK_TAKEN
			       ? err_set(err, "container with given ID already exists: %s",
					 spec->name)
			       : -1;
	*ret = c;
	return 0;
}

static void interrupt(int sig)
{
	(void)sig;
}

/* Holders let go when a payload has ended and is released; one that is stopped (SIGSTOP) does not,
 * and nobody waits for it for ever. */
static int lock_within(int fd, unsigned seconds)
{
	struct sigaction on_alarm = {.sa_handler = interrupt}, old;
	int r, saved;

	sigaction(SIGALRM, &on_alarm, &old);
	alarm(seconds);
	r = flock(fd, LOCK_EX);
	saved = errno == EINTR ? ETIMEDOUT : errno;
	alarm(0);
	sigaction(SIGALRM, &old, NULL);
	errno = saved;
	return r;
}

static int lock(int fd, enum namelock_wait wait)
{
	if (wait == NAMELOCK_NONE || flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK && wait == NAMELOCK_WAIT ? lock_within(fd, CLAIM_WAIT_SECONDS)
							     : -1;
}

static int held_by_another(const char *name, struct err *err)
{
	err_sys(err, "%s is held by another ctr", name);
	return err_hint(err, "is a ctr process stopped? kill -CONT or kill it, then ctr gc");
}

int namelock_let_go(struct container *c, struct err *err)
{
	return flock(c->state_fd, LOCK_UN) < 0 ? err_sys(err, "let go of %s", c->record.name) : 0;
}

int namelock_retake(struct container *c, struct err *err)
{
	if (lock(c->state_fd, NAMELOCK_WAIT) < 0)
		return held_by_another(c->record.name, err);
	if (file_still_named(c->state_fd, c->store->state_fd, c->record.name) < 0)
		return err_sys(err, "open %s/%s", c->store->state, c->record.name);
	return 0;
}

int namelock_open(const struct store *store, const char *name, enum namelock_wait wait,
	struct container *ret, struct err *err)
{
	struct container c;

	container_init(&c, store);
	errno = ENOENT;
	if (store->state_fd >= 0)
		c.state_fd = openat(store->state_fd, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (c.state_fd < 0) {
		err_sys(err, "open %s/%s", store->state, name);
		return not_held(err);
	}
	if (lock(c.state_fd, wait) < 0) {
		held_by_another(name, err);
		goto fail;
	}
	if (wait != NAMELOCK_NONE && file_still_named(c.state_fd, store->state_fd, name) < 0) {
		err_sys(err, "open %s/%s", store->state, name);
		goto unreadable;
	}
	if (record_read(&c, name, err) < 0 && salvage(&c, name, wait != NAMELOCK_NONE, err) < 0)
		goto unreadable;
	*ret = c;
	return 0;
unreadable:
	not_held(err);
fail:
	container_close(&c);
	return -1;
}
