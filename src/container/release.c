#include "container/release.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "cgroup/group.h"
#include "cgroup/hierarchy.h"
#include "cgroup/place.h"
#include "cgroup/stats.h"
#include "cgroup/tree.h"
#include "container/claim.h"
#include "container/place.h"
#include "container/rdt.h"
#include "container/spare.h"
#include "ns/idmap.h"
#include "ns/rights.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum { MARK_MAX = CONTAINER_OWNER_XATTR_MAX + 1 + 4096 };

int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

uint64_t deadline_in(unsigned seconds)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return ((uint64_t)t.tv_sec + seconds) * 1000000000ULL + (uint64_t)t.tv_nsec;
}

/* State and start of a process, as /proc/PID/stat has them. */
static int process_stat(pid_t pid, char *ret_state, uint64_t *ret_ticks)
{
	unsigned long long ticks;
	char path[32], text[1024];
	const char *p;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_peek(AT_FDCWD, path, text, sizeof(text)) < 0)
		return -1;
	/* The second field is the name, in parentheses, and may hold anything. */
	p = strrchr(text, ')');
	if (!p || sscanf(p + 1,
			  " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
			  "%*d %llu",
			  ret_state, &ticks) != 2) {
		errno = EPROTO;
		return -1;
	}
	*ret_ticks = ticks;
	return 0;
}

int process_start_ticks(pid_t pid, uint64_t *ret)
{
	char state;

	return process_stat(pid, &state, ret);
}

/* In this boot. 1, 0 or -1. */
static int has_process(const struct record *r, struct err *err)
{
	const char *boot;

	if (r->pid <= 0)
		return 0;
	boot = boot_id(err);
	return boot ? strcmp(r->boot_id, boot) == 0 : -1;
}

bool container_seems_alive(const struct record *r)
{
	struct err unknown;
	uint64_t ticks;
	char state;

	/* Of a zombie the threads may go on. */
	return r->stage == STAGE_RUNNING && has_process(r, &unknown) > 0 &&
	       process_stat(r->pid, &state, &ticks) == 0 && ticks == r->start_ticks &&
	       state != 'Z' && state != 'X';
}

/* The pid may be another process's by now, or a thread's. */
static bool is_gone(int error)
{
	return error == ESRCH || error == ENOENT || error == EINVAL;
}

static int open_pidfd(struct container *c)
{
	if (c->pidfd < 0)
		c->pidfd = (int)syscall(SYS_pidfd_open, c->record.pid, 0);
	return c->pidfd;
}

static int runs(int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int n;

	do
		n = poll(&p, 1, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : n == 0;
}

/* Whether the very process of the record has not ended; opens c->pidfd then. 1, 0 or -1. */
static int first_process_lives(struct container *c, struct err *err)
{
	const struct record *r = &c->record;
	int lives = has_process(r, err);
	uint64_t ticks;

	if (lives <= 0)
		return lives;
	if (open_pidfd(c) < 0 || process_start_ticks(r->pid, &ticks) < 0)
		lives = is_gone(errno) ? 0 : -1;
	else
		lives = ticks == r->start_ticks ? runs(c->pidfd) : 0;
	if (lives < 0)
		err_sys(err, "see whether %s runs", r->name);
	if (lives <= 0 && c->pidfd >= 0) {
		close(c->pidfd);
		c->pidfd = -1;
	}
	return lives;
}

int container_is_alive(struct container *c, struct err *err)
{
	return c->record.stage == STAGE_RUNNING ? first_process_lives(c, err) : 0;
}

void container_group_name(const struct record *r, char ret[16])
{
	snprintf(ret, 16, "%03x", r->slot);
}

static int open_hierarchy(struct container *c, struct err *err)
{
	char path[256];

	if (c->hierarchy_fd < 0)
		c->hierarchy_fd = cgroup_hierarchy_open(path, sizeof(path), err);
	return c->hierarchy_fd < 0 ? -1 : 0;
}

static int open_groups(struct container *c, struct err *err)
{
	if (open_hierarchy(c, err) < 0)
		return -1;
	if (c->groups_fd < 0)
		c->groups_fd = cgroup_parent_open(c->hierarchy_fd, err);
	return c->groups_fd < 0 ? -1 : 0;
}

static const char *owner_xattr(void)
{
	return rights_get() == RIGHTS_HOST ? CONTAINER_OWNER_XATTR : CONTAINER_OWNER_XATTR_OF_USER;
}

/* Id, blank, path; NUL-terminated. The length, or -1 with errno. */
static ssize_t mark_read(int fd, char *ret, size_t size)
{
	ssize_t n = fgetxattr(fd, owner_xattr(), ret, size - 1);

	if (n >= 0)
		ret[n] = '\0';
	return n;
}

int container_mark_group(struct container *c, struct err *err)
{
	char text[MARK_MAX];
	int len = snprintf(text, sizeof(text), "%s %s", c->record.id, c->store->state);

	if (fsetxattr(c->group_fd, owner_xattr(), text, (size_t)len, 0) < 0)
		return err_sys(err, "mark the cgroup of %s", c->record.name);
	return 0;
}

int container_group_state(int group_fd, char *ret_path, size_t size)
{
	char text[MARK_MAX], *path;

	if (mark_read(group_fd, text, sizeof(text)) < 0 || !(path = strchr(text, ' ')) ||
		strlen(path + 1) >= size)
		return -1;
	strcpy(ret_path, path + 1);
	return 0;
}

/* The slot or the name of a record may by now belong to somebody else: what is there says whose it is. */
enum owner { OWNER_OTHER, OWNER_OURS, OWNER_NONE };

/* An enum owner, or -1. */
static int owner_of(const struct container *c, int fd, struct err *err)
{
	size_t len = strlen(c->record.id);
	char owner[MARK_MAX];
	ssize_t n = mark_read(fd, owner, sizeof(owner));

	if (n < 0 && errno == ENODATA)
		return OWNER_NONE;
	if (n < 0 && errno != ERANGE)
		return err_sys(err, "see what belongs to %s", c->record.name);
	return n >= (ssize_t)len && len && memcmp(owner, c->record.id, len) == 0 &&
			       (owner[len] == '\0' || owner[len] == ' ')
		       ? OWNER_OURS
		       : OWNER_OTHER;
}

/* Made, but not marked: ours if it has a name that nobody else would give it. */
static bool is_named_for(const struct record *r)
{
	const char *end = strrchr(r->cgroup, '/');

	return strstr(r->cgroup, r->id) || (end && strcmp(end + 1, r->name) == 0);
}

/* The group of a container that is not at its slot. */
static int open_place(struct container *c, struct err *err)
{
	autofd int fd = -1;
	int owner;

	if (!c->record.cgroup[0])
		return 0;
	if (open_hierarchy(c, err) < 0)
		return -1;
	fd = cgroup_place_open(c->hierarchy_fd, c->record.cgroup, err);
	if (fd < 0)
		return err->sys == ENOENT ? 0 : -1;
	owner = owner_of(c, fd, err);
	if (owner == OWNER_OURS)
		c->group_fd = take_fd(&fd);
	else if (owner == OWNER_NONE && is_named_for(&c->record) && cgroup_place_lock(fd))
		return container_place_remove(c, err);
	return owner < 0 ? -1 : 0;
}

int container_open_group(struct container *c, struct err *err)
{
	autofd int fd = -1;
	char name[16];
	int owner;

	if (c->group_fd >= 0)
		return 0;
	if (c->record.bundle[0] || c->record.cgroup[0])
		return open_place(c, err);
	if (open_groups(c, err) < 0)
		return -1;
	container_group_name(&c->record, name);
	fd = cgroup_open(c->groups_fd, name, err);
	if (fd < 0)
		return err->sys == ENOENT ? 0 : -1;
	owner = owner_of(c, fd, err);
	if (owner < 0)
		return -1;
	if (owner == OWNER_OURS)
		c->group_fd = take_fd(&fd);
	/* Made, but not yet marked, by whoever died; if it is of somebody who is alive and about to mark
	 * it, their start finds it gone and takes another slot. */
	if (owner == OWNER_NONE && unlinkat(c->groups_fd, name, AT_REMOVEDIR) < 0 &&
		errno != ENOENT)
		return err_sys(err, "remove cgroup %s", name);
	return 0;
}

int container_find_slot(struct container *c, struct err *err)
{
	autodir DIR *groups = NULL;
	struct dirent *e;

	c->record.slot = IDMAP_SLOTS;
	if (open_groups(c, err) < 0)
		return -1;
	groups = dir_open_at(c->groups_fd, ".");
	if (!groups)
		return err_sys(err, "read the cgroups of all containers");
	while ((errno = 0, e = readdir(groups))) {
		autofd int fd = -1;
		unsigned slot;
		int owner;

		if (sscanf(e->d_name, "%3x", &slot) != 1 || slot >= IDMAP_SLOTS)
			continue;
		fd = openat(c->groups_fd, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
			continue;
		if (fd < 0)
			return err_sys(err, "open cgroup %s", e->d_name);
		owner = owner_of(c, fd, err);
		if (owner < 0)
			return -1;
		if (owner == OWNER_OURS) {
			c->record.slot = slot;
			container_place_of(fd, c->record.cgroup);
		}
	}
	return errno ? err_sys(err, "read the cgroups of all containers") : 0;
}

static int empty_group(struct container *c, struct err *err)
{
	if (cgroup_kill(c->group_fd, err) < 0 ||
		cgroup_wait_empty(c->group_fd, deadline_in(CGROUP_REMOVE_SECONDS), err) < 0)
		return -1;
	close(c->group_fd);
	c->group_fd = -1;
	return 0;
}

/* A scope that was being made may be there without the container's group in it. */
static int remove_place(struct container *c, bool was_there, struct err *err)
{
	if (was_there && container_place_remove(c, err) < 0)
		return -1;
	if (!was_there && is_named_for(&c->record))
		container_place_settle(c);
	c->record.cgroup[0] = '\0';
	return 0;
}

static int remove_group(struct container *c, struct err *err)
{
	char name[16];
	bool there;

	if (container_open_group(c, err) < 0)
		return -1;
	there = c->group_fd >= 0;
	if (there && empty_group(c, err) < 0)
		return -1;
	if (c->record.cgroup[0]) {
		if (remove_place(c, there, err) < 0)
			return -1;
		/* The slot is left, where there is one. */
		return c->record.bundle[0] ? 0 : remove_group(c, err);
	}
	container_group_name(&c->record, name);
	return there ? cgroup_remove(c->groups_fd, name, err) : 0;
}

/* What is blank is absent. */
static int read_whole(int dirfd, const char *path, char **ret_text, size_t *ret_len,
	struct err *err)
{
	autofree char *text = NULL;
	size_t len;

	if (file_read(dirfd, path, JSON_MAX_BYTES, &text, &len, err) < 0)
		return -1;
	if (file_is_blank(text, len)) {
		errno = ENOENT;
		return err_sys(err, "read %s", path);
	}
	*ret_text = take_ptr(&text);
	*ret_len = len;
	return 0;
}

int container_read(const struct store *store, const char *name, const char *file, char **ret_text,
	size_t *ret_len, struct err *err)
{
	char path[SPEC_NAME_MAX + 32];

	snprintf(path, sizeof(path), "%s/%s", name, file);
	if (read_whole(store->containers_fd, path, ret_text, ret_len, err) == 0)
		return 0;
	if (err->sys != ENOENT)
		return -1;
	return read_whole(store->state_fd, path, ret_text, ret_len, err);
}

int container_summary(const struct store *store, const char *name, struct summary *ret,
	struct err *err)
{
	autofree char *text = NULL;
	size_t len;

	if (container_read(store, name, "container.json", &text, &len, err) < 0)
		return -1;
	return summary_parse(text, len, ret, err) < 0 ? err_wrap(err, "%s", name) : 0;
}

int container_write_summary(int data_fd, const struct summary *s, enum file_sync sync,
	struct err *err)
{
	autofree char *text = summary_format(s, err);

	if (!text)
		return -1;
	return file_write(data_fd, "container.json", text, strlen(text), 0600, sync, err);
}

int exit_file_read(int state_fd, int *ret_status, int64_t *ret_finished_ns)
{
	char text[64];
	long long finished;
	int status;

	if (file_peek(state_fd, "exit", text, sizeof(text)) < 0)
		return errno == ENOENT ? 0 : -1;
	if (sscanf(text, "%d %lld", &status, &finished) != 2 || status < 0 || status > 255)
		return 0;
	*ret_status = status;
	*ret_finished_ns = finished;
	return 1;
}

int exit_file_write(int state_fd, int status, struct err *err)
{
	autofd int fd = openat(state_fd, "exit", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	char text[64];
	int len = snprintf(text, sizeof(text), "%d %lld\n", status, (long long)now_ns());

	if (fd < 0 || pwrite(fd, text, (size_t)len, 0) != len)
		return err_sys(err, "write the exit status");
	return 0;
}

/* How it ended, from whoever saw it: the caller, or the exit file. */
static int find_end(struct container *c, int status, struct summary *s, struct err *err)
{
	int64_t finished = now_ns();
	int seen = -1, r = exit_file_read(c->state_fd, &seen, &finished);

	if (r < 0)
		return err_sys(err, "read the exit status of %s", c->record.name);
	s->exited = true;
	s->exit_status = r > 0 && status < 0 ? seen : status;
	s->started_ns = c->record.started_ns;
	s->finished_ns = finished;
	s->oom_killed = c->group_fd >= 0 && cgroup_oom_killed(c->group_fd);
	return 0;
}

/* What ps and inspect show of it from now on. */
static int record_end(struct container *c, int status, struct err *err)
{
	struct summary s;
	int r = 0;

	if (container_summary(c->store, c->record.name, &s, err) < 0)
		return err->sys == ENOENT ? 0 : -1;
	if (strcmp(s.id, c->record.id) != 0) {
		summary_free(&s);
		return 0;
	}
	if (!s.exited)
		r = find_end(c, status, &s, err);
	if (r == 0)
		r = container_write_summary(c->data_fd, &s, FILE_SYNC, err);
	summary_free(&s);
	return r;
}

int container_remove_own_data(struct container *c, struct err *err)
{
	const char *name = c->record.name;
	autofd int fd = openat(c->store->containers_fd, name,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int owner;

	if (fd < 0)
		return errno == ENOENT
			       ? 0
			       : err_sys(err, "open %s/containers/%s", c->store->root, name);
	owner = owner_of(c, fd, err);
	if (owner < 0)
		return -1;
	if (owner == OWNER_OURS)
		return spare_leave(c->store, name) ? 0 : container_remove_data(c->store, name, err);
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
	return tree_remove(store->containers_fd, name, err) < 0
		       ? err_wrap(err, "remove %s/containers/%s", store->root, name)
		       : 0;
}

int container_remove_state(const struct store *store, const char *name, const char *id,
	struct err *err)
{
	char old[32];

	snprintf(old, sizeof(old), ".old.%.16s", id);
	if (renameat(store->state_fd, name, store->state_fd, old) < 0)
		return errno == ENOENT ? 0 : err_sys(err, "remove %s/%s", store->state, name);
	return tree_remove(store->state_fd, old, err);
}

/* What has no group, or is not in it yet when half restored, is killed by its first process: with that go
 * all of its pid namespace. */
static int end_outside_group(struct container *c, struct err *err)
{
	const struct record *r = &c->record;
	struct pollfd p = {.events = POLLIN};
	int lives;

	if (!r->bundle[0] || (r->cgroup[0] && r->stage != STAGE_CREATING))
		return 0;
	lives = first_process_lives(c, err);
	if (lives <= 0)
		return lives;
	p.fd = c->pidfd;
	syscall(SYS_pidfd_send_signal, c->pidfd, SIGKILL, NULL, 0);
	if (poll(&p, 1, CGROUP_REMOVE_SECONDS * 1000) > 0)
		return 0;
	return err_set(err, "%s does not end: its first process survives SIGKILL", c->record.name);
}

/* 1, 0 if it has none, or -1. */
static int open_data(struct container *c, struct err *err)
{
	if (c->data_fd < 0)
		c->data_fd = openat(c->store->containers_fd, c->record.name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
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
	if (container_open_group(c, err) < 0)
		return -1;
	if (record_end(c, status, err) == 0)
		return 0;
	if (c->unheard || !is_full(err->sys))
		return -1;
	warn("the status of %s is lost: %s", c->record.name, err->text);
	return 0;
}

int container_release(struct container *c, int status, struct err *err)
{
	const struct record *r = &c->record;
	bool ran = r->stage == STAGE_RUNNING;

	if (ran && !r->remove && keep_end(c, status, err) < 0)
		return -1;
	if (end_outside_group(c, err) < 0 || remove_group(c, err) < 0 ||
		container_rdt_remove(c, err) < 0)
		return err_wrap(err, "release %s", r->name);
	if ((r->remove || !ran) && !r->bundle[0] && container_remove_own_data(c, err) < 0)
		return -1;
	return container_remove_state(c->store, r->name, r->id, err);
}
