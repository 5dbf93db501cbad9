#include "cgroup/tree.h"

#include "base/clock.h"
#include "base/fd.h"
#include "cgroup/group.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

enum { OPEN_DIR = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static bool is_group(const struct dirent *e)
{
	return e->d_type == DT_DIR && strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static DIR *reopen_dir(int fd)
{
	autofd int copy = openat(fd, ".", OPEN_DIR);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);

	if (d)
		take_fd(&copy);
	return d;
}

/* Removes the groups below fd that go at once. 1 and the name of one that is held by a process
 * or by groups of its own, 0 once there is none, -1 with errno. */
static int remove_children(int fd, char name[256])
{
	autodir DIR *d = reopen_dir(fd);
	struct dirent *e;

	if (!d)
		return errno == ENOENT ? 0 : -1;
	while ((errno = 0, e = readdir(d))) {
		if (!is_group(e) || unlinkat(fd, e->d_name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			continue;
		if (errno != EBUSY)
			return -1;
		memcpy(name, e->d_name, strlen(e->d_name) + 1);
		return 1;
	}
	return errno && errno != ENOENT ? -1 : 0;
}

/* Replaces *fd by a directory next to it. 0, or -1 with errno. */
static int step(int *fd, const char *to)
{
	int next = openat(*fd, to, OPEN_DIR);

	if (next < 0)
		return -1;
	close(*fd);
	*fd = next;
	return 0;
}

/* Empties the group behind fd: down into the first group that does not go, and back through
 * "..", so that depth costs neither descriptors nor stack. Groups of v2 cannot be renamed, hence
 * ".." is the way we came. */
static int remove_below(int group_fd, uint64_t deadline_ns, struct err *err)
{
	autofd int fd = openat(group_fd, ".", OPEN_DIR);
	char name[256];
	size_t depth = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, "open it");
	for (;;) {
		int more = remove_children(fd, name);

		if (more < 0)
			return err_sys(err, "remove a group in it");
		if (more > 0) {
			if (step(&fd, name) == 0)
				depth++;
			else if (errno != ENOENT)
				return err_sys(err, "open group %s in it", name);
			continue;
		}
		if (cgroup_wait_empty(fd, deadline_ns, err) < 0)
			return -1;
		if (depth-- == 0)
			return 0;
		if (step(&fd, "..") < 0)
			return err_sys(err, "remove a group in it");
	}
}

static int still_busy(struct err *err)
{
	err_set(err, "processes in it did not end within %d seconds", CGROUP_REMOVE_SECONDS);
	err->sys = EBUSY;
	return err_hint(err, "kill them, and try again; one in an uninterruptible wait ends "
			     "when its disk or network file system answers");
}

static int remove_held(int parent_fd, const char *name, struct err *err)
{
	uint64_t deadline = deadline_in(CGROUP_REMOVE_SECONDS);
	autofd int fd = openat(parent_fd, name, OPEN_DIR);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, "open it");
	/* Again if a process made one more group or came in between; the deadline bounds that. */
	for (;;) {
		if (remove_below(fd, deadline, err) < 0)
			return err->sys == ETIMEDOUT ? still_busy(err) : -1;
		if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			return err_sys(err, "remove it");
		if (monotonic_ns() > deadline)
			return still_busy(err);
	}
}

int cgroup_remove(int parent_fd, const char *name, struct err *err)
{
	if (strchr(name, '/') || strcmp(name, "..") == 0) {
		errno = EINVAL;
		return err_sys(err, "remove cgroup %s", name);
	}
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY)
		return err_sys(err, "remove cgroup %s", name);
	return remove_held(parent_fd, name, err) < 0 ? err_wrap(err, "remove cgroup %s", name) : 0;
}

struct pid_list {
	pid_t *pids;
	size_t count, room;
};

static int pid_push(struct pid_list *l, pid_t pid)
{
	if (l->count == l->room) {
		size_t room = l->room ? l->room * 2 : 64;
		pid_t *p = reallocarray(l->pids, room, sizeof(*p));

		if (!p)
			return -1;
		l->pids = p;
		l->room = room;
	}
	l->pids[l->count++] = pid;
	return 0;
}

/* Lines of numbers, in pieces of any size. 0 stands for a process of a foreign pid namespace. */
static int pids_read(int fd, struct pid_list *l)
{
	char buf[4096];
	uint32_t pid = 0;
	ssize_t n;

	while ((n = fd_read_all(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] >= '0' && buf[i] <= '9') {
				pid = pid * 10 + (uint32_t)(buf[i] - '0');
				continue;
			}
			if (pid && pid_push(l, (pid_t)pid) < 0)
				return -1;
			pid = 0;
		}
	}
	return n < 0 ? -1 : 0;
}

/* A group that is gone holds nothing; the processes of a threaded one are listed above it. */
static int group_pids(int group_fd, struct pid_list *l)
{
	autofd int fd = openat(group_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && pids_read(fd, l) == 0)
		return 0;
	return errno == ENOENT || errno == ENODEV || errno == EOPNOTSUPP ? 0 : -1;
}

/* Groups still to visit, deepest last. Names, not descriptors: a payload's tree may be deeper
 * than we may hold open. */
struct visit {
	struct visit *next;
	size_t depth;
	char name[];
};

static void visits_free(struct visit **v)
{
	while (*v) {
		struct visit *next = (*v)->next;

		free(*v);
		*v = next;
	}
}

static int visits_push(struct visit **top, int fd, size_t depth)
{
	autodir DIR *d = reopen_dir(fd);
	struct dirent *e;

	if (!d)
		return errno == ENOENT ? 0 : -1;
	while ((errno = 0, e = readdir(d))) {
		size_t len = strlen(e->d_name) + 1;
		struct visit *v;

		if (!is_group(e))
			continue;
		v = malloc(sizeof(*v) + len);
		if (!v)
			return -1;
		memcpy(v->name, e->d_name, len);
		v->depth = depth;
		v->next = *top;
		*top = v;
	}
	return errno && errno != ENOENT ? -1 : 0;
}

static int tree_pids(int group_fd, struct pid_list *l)
{
	__attribute__((cleanup(visits_free))) struct visit *todo = NULL;
	autofd int fd = openat(group_fd, ".", OPEN_DIR);
	size_t depth = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	if (group_pids(fd, l) < 0 || visits_push(&todo, fd, 1) < 0)
		return -1;
	while (todo) {
		autofree struct visit *v = todo;

		todo = v->next;
		for (; depth >= v->depth; depth--)
			if (step(&fd, "..") < 0)
				return -1;
		if (step(&fd, v->name) < 0) {
			if (errno == ENOENT)
				continue;
			return -1;
		}
		depth++;
		if (group_pids(fd, l) < 0 || visits_push(&todo, fd, depth + 1) < 0)
			return -1;
	}
	return 0;
}

static int pid_compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/* The kernel may list a process twice, and one may move while we walk. */
static size_t pids_unique(pid_t *pids, size_t count)
{
	size_t n = 0;

	if (count == 0)
		return 0;
	qsort(pids, count, sizeof(*pids), pid_compare);
	for (size_t i = 1; i < count; i++)
		if (pids[i] != pids[n])
			pids[++n] = pids[i];
	return n + 1;
}

int cgroup_procs(int group_fd, pid_t **ret, size_t *ret_count, struct err *err)
{
	struct pid_list l = {0};

	if (tree_pids(group_fd, &l) < 0) {
		err_sys(err, "list the processes of the cgroup");
		free(l.pids);
		return -1;
	}
	*ret_count = pids_unique(l.pids, l.count);
	*ret = l.pids;
	return 0;
}

bool cgroup_procs_have(const pid_t *pids, size_t count, pid_t pid)
{
	return count && bsearch(&pid, pids, count, sizeof(pid), pid_compare);
}

/* A number that was read may be somebody else's when the signal is sent. So each is opened first; who
 * is in the group after that is who was opened. */
static int signal_each(int group_fd, int sig, const pid_t *pids, int *pidfds, size_t n,
	struct err *err)
{
	autofree pid_t *still = NULL;
	size_t count;

	for (size_t i = 0; i < n; i++)
		pidfds[i] = (int)syscall(SYS_pidfd_open, pids[i], 0);
	if (cgroup_procs(group_fd, &still, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (pidfds[i] >= 0 && cgroup_procs_have(still, count, pids[i]))
			syscall(SYS_pidfd_send_signal, pidfds[i], sig, NULL, 0);
	return 0;
}

int cgroup_signal(int group_fd, int sig, struct err *err)
{
	autofree pid_t *pids = NULL;
	autofree int *pidfds = NULL;
	size_t n;
	int r;

	if (sig == SIGKILL)
		return cgroup_kill(group_fd, err);
	if (cgroup_procs(group_fd, &pids, &n, err) < 0)
		return -1;
	pidfds = malloc((n + 1) * sizeof(*pidfds));
	if (!pidfds)
		return err_sys(err, "signal the processes of the cgroup");
	r = signal_each(group_fd, sig, pids, pidfds, n, err);
	for (size_t i = 0; i < n; i++)
		if (pidfds[i] >= 0)
			close(pidfds[i]);
	return r;
}
