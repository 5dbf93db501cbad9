#include "cgroup/group.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { OPEN_DIR = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

/* One component that cannot leave the parent; the kernel refuses the rest. */
static bool name_valid(const char *name)
{
	return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

static int create_failed(int parent_fd, const char *name, struct err *err)
{
	struct stat st;

	err_sys(err, "make cgroup %s", name);
	if (err->sys == EAGAIN)
		return err_hint(err, "cgroup.max.descendants or cgroup.max.depth of a group above "
				     "is reached; remove containers or raise it");
	/* "memory.max" and its kind are the kernel's own files. */
	if (err->sys == EEXIST && fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		!S_ISDIR(st.st_mode)) {
		err_set(err, "make cgroup %s: the kernel uses that name for a file", name);
		err->sys = EINVAL;
	}
	return -1;
}

int cgroup_create(int parent_fd, const char *name, struct err *err)
{
	int fd;

	if (!name_valid(name)) {
		err_set(err, "make cgroup \"%s\": not a name", name);
		err->sys = EINVAL;
		return -1;
	}
	if (mkdirat(parent_fd, name, 0755) < 0)
		return create_failed(parent_fd, name, err);
	fd = openat(parent_fd, name, OPEN_DIR);
	if (fd < 0) {
		err_sys(err, "open cgroup %s", name);
		unlinkat(parent_fd, name, AT_REMOVEDIR);
	}
	return fd;
}

int cgroup_open(int parent_fd, const char *name, struct err *err)
{
	int fd;

	if (!name_valid(name)) {
		err_set(err, "open cgroup \"%s\": not a name", name);
		err->sys = EINVAL;
		return -1;
	}
	fd = openat(parent_fd, name, OPEN_DIR);
	return fd < 0 ? err_sys(err, "open cgroup %s", name) : fd;
}

static int event_parse(const char *text, const char *key, bool *ret)
{
	size_t len = strlen(key);

	for (const char *p = text; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, key, len) != 0 || p[len] != ' ')
			continue;
		p += len + 1;
		if ((*p != '0' && *p != '1') || (p[1] != '\n' && p[1] != '\0'))
			return -1;
		*ret = *p == '1';
		return 0;
	}
	return -1;
}

int cgroup_events_parse(const char *text, struct cgroup_events *ret)
{
	struct cgroup_events e;

	if (event_parse(text, "populated", &e.populated) < 0 ||
		event_parse(text, "frozen", &e.frozen) < 0)
		return -1;
	*ret = e;
	return 0;
}

/* Reads from the start, which also arms the next poll. A group removed meanwhile is empty: 1, and every
 * poll of it returns at once. */
static int events_read(int fd, struct cgroup_events *ret)
{
	char text[256];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0 && errno == ENODEV) {
		*ret = (struct cgroup_events){0};
		return 1;
	}
	if (n < 0)
		return -1;
	text[n] = '\0';
	if (cgroup_events_parse(text, ret) == 0)
		return 0;
	errno = EPROTO;
	return -1;
}

static int events_open(int group_fd)
{
	return openat(group_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
}

/* 0 when something changed (or a signal came), -1 with ETIMEDOUT. */
static int events_poll(int fd, uint64_t deadline_ns)
{
	struct pollfd p = {.fd = fd, .events = POLLPRI};
	struct timespec left = {0}, *timeout = NULL;
	int n;

	if (deadline_ns != UINT64_MAX) {
		uint64_t now = monotonic_ns(), ns = deadline_ns > now ? deadline_ns - now : 0;

		left.tv_sec = (time_t)(ns / SECOND_NS);
		left.tv_nsec = (long)(ns % SECOND_NS);
		timeout = &left;
	}
	n = ppoll(&p, 1, timeout, NULL);
	if (n > 0 || (n < 0 && errno == EINTR))
		return 0;
	if (n == 0)
		errno = ETIMEDOUT;
	return -1;
}

static int events_get_at(int dirfd, const char *path, struct cgroup_events *ret)
{
	autofd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		return events_read(fd, ret);
	if (errno != ENOENT && errno != ENODEV)
		return -1;
	*ret = (struct cgroup_events){0};
	return 0;
}

int cgroup_events_get(int group_fd, struct cgroup_events *ret)
{
	return events_get_at(group_fd, "cgroup.events", ret);
}

int cgroup_populated(int group_fd)
{
	struct cgroup_events e;

	return cgroup_events_get(group_fd, &e) < 0 ? -1 : e.populated;
}

int cgroup_frozen(int group_fd)
{
	struct cgroup_events e;

	return cgroup_events_get(group_fd, &e) < 0 ? -1 : e.frozen;
}

/* 0, or -1 with errno. */
static int wait_empty(int group_fd, uint64_t deadline_ns)
{
	autofd int fd = events_open(group_fd);
	struct cgroup_events e;

	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : -1;
	for (;;) {
		if (events_read(fd, &e) < 0)
			return -1;
		if (!e.populated)
			return 0;
		if (events_poll(fd, deadline_ns) < 0)
			return -1;
	}
}

int cgroup_wait_empty(int group_fd, uint64_t deadline_ns, struct err *err)
{
	if (wait_empty(group_fd, deadline_ns) == 0)
		return 0;
	return err_sys(err, "wait for the last process of the cgroup");
}

int cgroup_child_frozen(int parent_fd, const char *name)
{
	struct cgroup_events e;
	char path[256];

	snprintf(path, sizeof(path), "%s/cgroup.events", name);
	return events_get_at(parent_fd, path, &e) < 0 ? -1 : e.frozen;
}

int cgroup_kill(int group_fd, struct err *err)
{
	if (file_poke(group_fd, "cgroup.kill", "1") == 0 || errno == ENODEV)
		return 0;
	if (errno == ENOENT && faccessat(group_fd, "cgroup.events", F_OK, 0) < 0)
		return 0;
	err_sys(err, "kill the processes of the cgroup");
	if (err->sys == ENOENT)
		err_hint(err, "this kernel has no cgroup.kill; ctr needs Linux 6.1");
	return -1;
}

static int wait_frozen(int fd, bool on, uint64_t deadline_ns)
{
	struct cgroup_events e;

	for (;;) {
		int r = events_read(fd, &e);

		if (r < 0)
			return -1;
		if (e.frozen == on)
			return 0;
		if (r > 0) {
			errno = ENODEV;
			return -1;
		}
		if (events_poll(fd, deadline_ns) < 0)
			return -1;
	}
}

int cgroup_freeze(int group_fd, bool on, uint64_t deadline_ns, struct err *err)
{
	const char *verb = on ? "freeze" : "thaw";
	autofd int fd = events_open(group_fd);

	if (fd < 0)
		return err_sys(err, "%s the cgroup", verb);
	if (file_poke(group_fd, "cgroup.freeze", on ? "1" : "0") < 0)
		return err_sys(err, "%s the cgroup", verb);
	if (wait_frozen(fd, on, deadline_ns) == 0)
		return 0;
	err_sys(err, "%s the cgroup", verb);
	if (err->sys == ETIMEDOUT)
		err_hint(err,
			on ? "a process is in an uninterruptible wait, on a disk or a network "
			     "file system, say"
			   : "a group above it is frozen");
	if (on)
		file_poke(group_fd, "cgroup.freeze", "0");
	return -1;
}

int cgroup_join(int group_fd, pid_t pid, struct err *err)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", (int)pid);
	if (file_poke(group_fd, "cgroup.procs", text) == 0)
		return 0;
	err_sys(err, "move process %s into the cgroup", text);
	if (err->sys == EBUSY)
		err_hint(err, "the group hands controllers to groups below it, so it may hold no "
			      "process itself");
	return -1;
}

int cgroup_open_for_exec(int group_fd, struct err *err)
{
	char handed_on[512];
	ssize_t n = file_peek(group_fd, "cgroup.subtree_control", handed_on, sizeof(handed_on));
	int fd;

	if (n < 0)
		return err_sys(err, "read cgroup.subtree_control of the cgroup");
	if (n == 0)
		fd = openat(group_fd, ".", OPEN_DIR);
	else if (mkdirat(group_fd, ".ctr", 0755) < 0 && errno != EEXIST)
		return err_sys(err, "make a cgroup for one more process");
	else
		fd = openat(group_fd, ".ctr", OPEN_DIR);
	return fd < 0 ? err_sys(err, "open the cgroup for one more process") : fd;
}

/* One file; a controller that the group does not have has none. */
static int give_file(int group_fd, const char *name, uid_t uid, struct err *err)
{
	if (fchownat(group_fd, name, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
		return err_sys(err, "give %s of the cgroup to user %u", name, uid);
	return 0;
}

int cgroup_delegate(int group_fd, uid_t uid, struct err *err)
{
	/* For a kernel that does not say. cgroup.type is not among them: its owner could turn the group,
	 * and with it our parent of all groups, into a threaded one. */
	char names[512] = "cgroup.procs\ncgroup.threads\ncgroup.subtree_control";
	char *rest = names, *name;

	if (file_peek(AT_FDCWD, "/sys/kernel/cgroup/delegate", names, sizeof(names)) < 0 &&
		errno != ENOENT)
		return err_sys(err, "read /sys/kernel/cgroup/delegate");
	while ((name = strsep(&rest, "\n")))
		if (*name && give_file(group_fd, name, uid, err) < 0)
			return -1;
	if (fchown(group_fd, uid, (gid_t)-1) < 0)
		return err_sys(err, "give the cgroup to user %u", uid);
	return 0;
}
