#include "cgroup/controller.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DEPTH_MAX = 64,
	UPS_SIZE = 3 * DEPTH_MAX + 1,
	NAME_MAX_LEN = 32,
	LIST_MAX = 512,
	USUAL_MAX = 5
};

static void controller_of(const char *file, char name[NAME_MAX_LEN])
{
	snprintf(name, NAME_MAX_LEN, "%.*s", (int)strcspn(file, "."), file);
}

static bool same_dir(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* How many levels the group is below the top: ups holds that many "../". -1 with errno. */
static int depth_below(int hierarchy_fd, int group_fd, char ups[UPS_SIZE])
{
	struct stat top, here;

	if (fstat(hierarchy_fd, &top) < 0)
		return -1;
	ups[0] = '\0';
	for (int depth = 0; depth <= DEPTH_MAX; depth++) {
		if (fstatat(group_fd, depth ? ups : ".", &here, 0) < 0)
			return -1;
		if (same_dir(&top, &here))
			return depth;
		if (depth < DEPTH_MAX)
			memcpy(ups + 3 * depth, "../", 4);
	}
	errno = ELOOP;
	return -1;
}

bool cgroup_controller_listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; *p; p += strcspn(p, " \n"), p += strspn(p, " \n"))
		if (strncmp(p, name, n) == 0 && strchr(" \n", p[n]))
			return true;
	return false;
}

/* Whether one of the two lists of a group has it; or what to say if the list cannot be read. */
static bool listed(int dirfd, const char *path, const char *name, bool otherwise)
{
	char list[LIST_MAX];

	if (file_peek(dirfd, path, list, sizeof(list)) < 0)
		return otherwise;
	return cgroup_controller_listed(list, name);
}

/* Only the top of the whole host has no type; it may hold processes, whatever it hands down. */
static bool holds_processes(int group_fd, const char *up)
{
	char path[UPS_SIZE + 32], first[16];

	snprintf(path, sizeof(path), "%scgroup.type", up);
	if (faccessat(group_fd, path, F_OK, 0) < 0)
		return false;
	snprintf(path, sizeof(path), "%scgroup.procs", up);
	return file_peek(group_fd, path, first, sizeof(first)) > 0;
}

/* What the order says, of the group that is one level above for each "../" of up. cpu, cpuset and pids the
 * kernel lets a group with processes hand down, and then takes the groups below for such of threads, which
 * no process can enter (cgroups(7), thread mode). */
static int hand_down(int group_fd, const char *up, const char *order)
{
	char path[UPS_SIZE + 32];

	if (holds_processes(group_fd, up)) {
		errno = EBUSY;
		return -1;
	}
	snprintf(path, sizeof(path), "%scgroup.subtree_control", up);
	return file_poke(group_fd, path, order);
}

/* Above the part of the tree that is delegated the file is for others to write: they may have. */
static bool others_handed_down(int group_fd, const char *up, const char *name)
{
	char path[UPS_SIZE + 32];
	int sys = errno;
	bool done;

	if (sys != EACCES && sys != EPERM && sys != EROFS)
		return false;
	snprintf(path, sizeof(path), "%scgroup.subtree_control", up);
	done = listed(group_fd, path, name, false);
	errno = sys;
	return done;
}

bool cgroup_controller_there(int hierarchy_fd, const char *file)
{
	char name[NAME_MAX_LEN];

	controller_of(file, name);
	return listed(hierarchy_fd, "cgroup.controllers", name, true);
}

enum controller_state cgroup_controller_enable(int hierarchy_fd, int group_fd, const char *file)
{
	char name[NAME_MAX_LEN], order[NAME_MAX_LEN + 1], ups[UPS_SIZE];
	int depth = depth_below(hierarchy_fd, group_fd, ups);

	if (depth < 0)
		return CONTROLLER_FAILED;
	controller_of(file, name);
	/* To ask for one that is not there costs a walk over all groups, with the lock of all. */
	if (!listed(hierarchy_fd, "cgroup.controllers", name, true))
		return CONTROLLER_ABSENT;
	snprintf(order, sizeof(order), "+%s", name);
	for (int level = depth; level > 0; level--) {
		ups[3 * level] = '\0';
		if (hand_down(group_fd, ups, order) == 0 || others_handed_down(group_fd, ups, name))
			continue;
		/* ENOENT: not in cgroup.controllers; EINVAL: no controller of that name. cpu is
		 * refused with EINVAL too, while realtime tasks run outside the top. */
		if (errno == ENOENT || (errno == EINVAL && strcmp(name, "cpu") != 0))
			return CONTROLLER_ABSENT;
		return CONTROLLER_FAILED;
	}
	return CONTROLLER_ENABLED;
}

/* The usual controllers that the first list has and the second has not; in order, the text that enables all of
 * them. */
static size_t usual_missing(const char *there, const char *have, const char *missing[USUAL_MAX],
	char order[LIST_MAX])
{
	static const char *const usual[USUAL_MAX] = {"cpu", "cpuset", "io", "memory", "pids"};
	size_t n = 0, len = 0;

	for (size_t i = 0; i < USUAL_MAX; i++) {
		if (!cgroup_controller_listed(there, usual[i]) ||
			cgroup_controller_listed(have, usual[i]))
			continue;
		len += (size_t)snprintf(order + len, LIST_MAX - len, "+%s ", usual[i]);
		missing[n++] = usual[i];
	}
	return n;
}

void cgroup_controller_enable_usual(int hierarchy_fd, int group_fd)
{
	char there[LIST_MAX], have[LIST_MAX], order[LIST_MAX];
	const char *missing[USUAL_MAX];
	size_t n;

	if (file_peek(hierarchy_fd, "cgroup.controllers", there, sizeof(there)) < 0 ||
		file_peek(group_fd, "cgroup.controllers", have, sizeof(have)) < 0)
		return;
	n = usual_missing(there, have, missing, order);
	/* The group above has them, but for the first group there, and where it gets none. */
	if (n == 0 || hand_down(group_fd, "../", order) == 0)
		return;
	for (size_t i = 0; i < n; i++)
		cgroup_controller_enable(hierarchy_fd, group_fd, missing[i]);
}

/* Whether the word is in a comma-separated list of the given length. */
static bool list_has(const char *list, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; p < list + len; p += strcspn(p, ",") + 1)
		if ((size_t)(list + len - p) >= n && strncmp(p, word, n) == 0 &&
			(p + n == list + len || p[n] == ','))
			return true;
	return false;
}

/* "4:memory:/path": in every v1 hierarchy that is mounted, each process is somewhere. */
static bool line_binds(const char *line, size_t len, const char *v1_name)
{
	const char *first = memchr(line, ':', len), *second;

	if (!first)
		return false;
	first++;
	second = memchr(first, ':', (size_t)(line + len - first));
	return second && list_has(first, (size_t)(second - first), v1_name);
}

static bool on_v1(const char *self_cgroup, const char *v1_name)
{
	for (const char *line = self_cgroup; *line;) {
		size_t len = strcspn(line, "\n");

		if (line_binds(line, len, v1_name))
			return true;
		line += len + (line[len] == '\n');
	}
	return false;
}

enum controller_place cgroup_controller_place(const char *controller, const char *self_cgroup,
	const char *proc_cgroups)
{
	const char *v1_name = strcmp(controller, "io") == 0 ? "blkio" : controller;
	size_t n = strlen(v1_name);

	if (on_v1(self_cgroup, v1_name))
		return CONTROLLER_ON_V1;
	for (const char *line = proc_cgroups; *line;) {
		size_t len = strcspn(line, "\n");

		/* name, hierarchy, number of groups, enabled */
		if (len > n && strncmp(line, v1_name, n) == 0 && line[n] == '\t')
			return line[len - 1] == '0' ? CONTROLLER_DISABLED
						    : CONTROLLER_NOT_DELEGATED;
		line += len + (line[len] == '\n');
	}
	return *proc_cgroups ? CONTROLLER_NOT_BUILT : CONTROLLER_NOT_DELEGATED;
}

static enum controller_place place_find(const char *controller)
{
	char self[8192] = "", all[4096] = "";

	if (file_peek(AT_FDCWD, "/proc/self/cgroup", self, sizeof(self)) < 0)
		self[0] = '\0';
	if (file_peek(AT_FDCWD, "/proc/cgroups", all, sizeof(all)) < 0)
		all[0] = '\0';
	return cgroup_controller_place(controller, self, all);
}

static int explain_absent(const char *name, const char *action, const char *without,
	struct err *err)
{
	enum controller_place place = place_find(name);

	if (place == CONTROLLER_NOT_BUILT)
		err_set(err, "cannot %s: this kernel has no %s controller", action, name);
	else
		err_set(err, "cannot %s: this host's cgroup v2 tree has no %s controller", action,
			name);
	err->sys = ENOENT;
	if (place == CONTROLLER_ON_V1)
		return err_hint(err,
			"it is bound to cgroup v1; boot with "
			"systemd.unified_cgroup_hierarchy=1%s",
			without);
	if (place == CONTROLLER_DISABLED)
		return err_hint(err, "it is switched off; boot with cgroup_enable=%s%s", name,
			without);
	if (place == CONTROLLER_NOT_DELEGATED)
		return err_hint(err,
			"a group above ours does not hand it down; with systemd: "
			"Delegate=%s%s",
			name, without);
	return without[0] ? err_hint(err, "%s", without + strlen(", or ")) : -1;
}

/* What else asks for the same, and may be what was given. */
static const char *same_as(const char *flag)
{
	return strcmp(flag, "--cpu-weight") == 0 ? " or --cpu-shares"
	       : strcmp(flag, "--cpus") == 0     ? " or --cpu-quota"
						 : "";
}

int cgroup_controller_explain(const char *file, enum controller_state state, const char *action,
	const char *flag, struct err *err)
{
	char name[NAME_MAX_LEN], without[128] = "";
	int sys = errno;

	controller_of(file, name);
	if (flag)
		snprintf(without, sizeof(without), ", or leave out %s%s", flag, same_as(flag));
	if (state == CONTROLLER_ABSENT)
		return explain_absent(name, action, without, err);
	errno = sys;
	err_sys(err, "cannot %s: enable the %s controller above the group", action, name);
	if (sys == EBUSY)
		return err_hint(err,
			"a group above holds processes itself, so it cannot hand "
			"controllers down; move them to a group of their own%s",
			without);
	if (sys == EINVAL)
		return err_hint(err, "realtime processes outside the top group stand against it%s",
			without);
	if (sys == EACCES || sys == EPERM)
		return err_hint(err,
			"that part of the tree is not ours; with systemd: Delegate=%s%s", name,
			without);
	return -1;
}
