#include "container/processes.h"

#include "base/fd.h"
#include "base/file.h"
#include "cgroup/tree.h"
#include "container/commandlines.h"
#include "ns/idmap.h"
#include "state/liveroot.h"
#include "state/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { NAMED_MAX = 32 }; /* users that are looked up, each by reading a file of the container's */

/* What all rows are seen through. */
struct view_inside {
	struct id_map uids[IDMAP_LINES_MAX], gids[IDMAP_LINES_MAX];
	size_t nuids, ngids;
	size_t level; /* of the container's pid namespace among those that a process is numbered in */
	bool own_pids;
	uint64_t now_ms, tick_ms;
	long page;
};

static uint32_t inside_id(const struct id_map *maps, size_t n, uint32_t outside)
{
	for (size_t i = 0; i < n; i++)
		if (outside >= maps[i].outside && outside - maps[i].outside < maps[i].count)
			return maps[i].inside + (outside - maps[i].outside);
	return UINT32_MAX;
}

/* The numbers behind "KEY:" in /proc/PID/status: how many there are, of which max are written. */
static size_t status_numbers(const char *text, const char *key, uint32_t *ret, size_t max)
{
	const char *p = strstr(text, key);
	size_t n = 0;

	for (p = p ? p + strlen(key) : ""; *p == '\t' || *p == ' '; n++) {
		char *end;
		unsigned long v = strtoul(p, &end, 10);

		if (end == p)
			break;
		if (n < max)
			ret[n] = (uint32_t)v;
		p = end;
	}
	return n;
}

enum { LEVELS = 34 /* the kernel nests 32 pid namespaces */, STATUS_SIZE = 8192 };

/* These two: 1, or -1 with errno. */
static int read_status(int dir, const struct view_inside *v, struct process_row *r)
{
	uint32_t ids[4], pids[LEVELS];
	char text[STATUS_SIZE];
	size_t n;

	if (file_peek(dir, "status", text, sizeof(text)) < 0)
		return -1;
	errno = EPROTO;
	if (status_numbers(text, "\nUid:", ids, 4) < 2)
		return -1;
	r->uid = ids[1];
	if (status_numbers(text, "\nGid:", ids, 4) < 2)
		return -1;
	r->gid = ids[1];
	n = status_numbers(text, "\nNSpid:", pids, LEVELS);
	r->inner = n > v->level && v->level < LEVELS ? (pid_t)pids[v->level] : 0;
	r->inner_uid = inside_id(v->uids, v->nuids, r->uid);
	r->inner_gid = inside_id(v->gids, v->ngids, r->gid);
	return 1;
}

static int read_stat(int dir, const struct view_inside *v, struct process_row *r)
{
	unsigned long long user, system, start, size;
	char text[2048], *name, *end;
	long long resident;
	long parent;

	if (file_peek(dir, "stat", text, sizeof(text)) < 0)
		return -1;
	errno = EPROTO;
	if (!(name = strchr(text, '(')) || !(end = strrchr(text, ')')))
		return -1;
	*end = '\0';
	snprintf(r->name, sizeof(r->name), "%s", name + 1);
	if (sscanf(end + 1,
		    " %c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %d %u "
		    "%*d %llu %llu %lld",
		    &r->state, &parent, &user, &system, &r->nice, &r->threads, &start, &size,
		    &resident) != 9)
		return -1;
	r->parent = (pid_t)parent;
	r->start_ticks = start;
	r->cpu_ms = (user + system) * v->tick_ms;
	r->age_ms = v->now_ms > start * v->tick_ms ? v->now_ms - start * v->tick_ms : 0;
	r->virtual_bytes = size;
	r->resident_bytes = resident > 0 ? (uint64_t)resident * (uint64_t)v->page : 0;
	return 1;
}

static bool is_gone(void)
{
	return errno == ENOENT || errno == ESRCH;
}

/* Through one directory, which is that of one process for good. 1, 0 if it has gone, -1. */
static int read_row(pid_t pid, const struct view_inside *v, struct process_row *ret,
	struct err *err)
{
	struct process_row r = {.pid = pid};
	autofd int dir = -1;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || read_stat(dir, v, &r) < 0 || read_status(dir, v, &r) < 0)
		return is_gone() ? 0 : err_sys(err, "look at %s", path);
	*ret = r;
	return 1;
}

static int look_inside(const struct container *c, struct view_inside *v, struct err *err)
{
	char path[32], text[STATUS_SIZE];
	struct timespec now;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)c->record.pid);
	if (file_peek(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return err_sys(err, "read %s", path);
	v->level = status_numbers(text, "\nNSpid:", NULL, 0) - 1;
	v->own_pids = c->record.namespaces & CLONE_NEWPID;
	clock_gettime(CLOCK_BOOTTIME, &now);
	v->now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	v->tick_ms = 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
	v->page = sysconf(_SC_PAGESIZE);
	return idmap_read(c->record.pid, IDMAP_LINES_MAX, v->uids, &v->nuids, v->gids, &v->ngids,
		err);
}

static pid_t inner_of(const struct processes *p, pid_t pid)
{
	for (size_t low = 0, high = p->count; low < high;) {
		size_t at = low + (high - low) / 2;

		if (p->rows[at].pid == pid)
			return p->rows[at].inner;
		if (p->rows[at].pid < pid)
			low = at + 1;
		else
			high = at;
	}
	return 0;
}

int container_pids(const struct container *c, pid_t **ret, size_t *ret_count, struct err *err)
{
	if (c->group_fd >= 0)
		return cgroup_procs(c->group_fd, ret, ret_count, err);
	*ret = malloc(sizeof(**ret));
	if (!*ret)
		return err_sys(err, "list the processes of %s", c->record.name);
	**ret = c->record.pid;
	*ret_count = c->pidfd >= 0;
	return 0;
}

/* A number of the first list may have been taken by a process of the host's meanwhile: what counts is who has
 * it in the second. */
static int keep_members(const struct container *c, struct processes *p, struct err *err)
{
	autofree pid_t *pids = NULL;
	size_t n = 0, kept = 0;
	uint64_t start;

	if (container_pids(c, &pids, &n, err) < 0)
		return -1;
	for (size_t i = 0; i < p->count; i++) {
		if (!cgroup_procs_have(pids, n, p->rows[i].pid))
			continue;
		if (process_start_ticks(p->rows[i].pid, &start) == 0) {
			if (start == p->rows[i].start_ticks)
				p->rows[kept++] = p->rows[i];
		} else if (!is_gone()) {
			return err_sys(err, "look at process %d", (int)p->rows[i].pid);
		}
	}
	p->count = kept;
	return 0;
}

static int add_commands(struct processes *p, struct err *err)
{
	const char **lines = arena_alloc(&p->arena, (p->count + 1) * sizeof(*lines));
	pid_t *pids = arena_alloc(&p->arena, (p->count + 1) * sizeof(*pids));

	for (size_t i = 0; i < p->count; i++)
		pids[i] = p->rows[i].pid;
	if (commandlines_read(pids, p->count, &p->arena, lines, err) < 0)
		return -1;
	for (size_t i = 0; i < p->count; i++)
		p->rows[i].command = *lines[i] ? lines[i]
					       : arena_printf(&p->arena, "[%s]", p->rows[i].name);
	return 0;
}

static int name_row(int root, struct processes *p, size_t at, size_t *asked, struct err *err)
{
	struct process_row *r = &p->rows[at];

	for (size_t k = 0; k < at; k++)
		if (p->rows[k].inner_uid == r->inner_uid) {
			memcpy(r->user, p->rows[k].user, sizeof(r->user));
			return 0;
		}
	if (r->inner_uid == UINT32_MAX || (*asked)++ >= NAMED_MAX)
		return 0;
	return user_name(root, r->inner_uid, r->user, err) < 0 ? -1 : 0;
}

/* What the container has there is no reason to show nothing. */
static void add_names(const struct container *c, struct processes *p)
{
	struct err err;
	autofd int root = container_root_open(c, &err);
	int r = root < 0 ? -1 : 0;
	size_t asked = 0;

	for (size_t i = 0; r == 0 && i < p->count; i++)
		r = name_row(root, p, i, &asked, &err);
	if (r < 0 && p->count)
		warn("users have no names: %s", err.text);
}

static int fill(const struct container *c, struct processes *p, struct err *err)
{
	struct view_inside view;
	autofree pid_t *pids = NULL;
	size_t n;

	if (look_inside(c, &view, err) < 0 || container_pids(c, &pids, &n, err) < 0)
		return -1;
	p->rows = arena_alloc(&p->arena, (n + 1) * sizeof(*p->rows));
	for (size_t i = 0; i < n; i++) {
		int r = read_row(pids[i], &view, &p->rows[p->count], err);

		if (r < 0)
			return -1;
		p->count += (size_t)r;
	}
	if (add_commands(p, err) < 0 || keep_members(c, p, err) < 0)
		return -1;
	for (size_t i = 0; i < p->count; i++)
		p->rows[i].inner_parent = view.own_pids ? inner_of(p, p->rows[i].parent)
							: p->rows[i].parent;
	add_names(c, p);
	return 0;
}

int processes_list(const struct container *c, struct processes *ret, struct err *err)
{
	struct processes p = {0};

	if (fill(c, &p, err) < 0) {
		processes_free(&p);
		return -1;
	}
	*ret = p;
	return 0;
}

void processes_free(struct processes *p)
{
	arena_free(&p->arena);
	*p = (struct processes){0};
}
