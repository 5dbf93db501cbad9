#include "check/probe.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "cgroup/controller.h"
#include "cgroup/devices.h"
#include "cgroup/group.h"
#include "cgroup/hierarchy.h"
#include "cgroup/tree.h"
#include "check/attempt.h"
#include "check/host.h"
#include "ns/clone.h"
#include "ns/idmap.h"
#include "state/container.h"
#include "state/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 2 };

#define GROUP "ctr-check"

/* What a start writes to, and what is lost without it. */
static const struct {
	const char *name, *file, *action;
} controllers[] = {
	{"memory", "memory.max", "limit memory"},
	{"cpu", "cpu.max", "limit CPU time"},
	{"cpuset", "cpuset.cpus", "choose CPUs"},
	{"pids", "pids.max", "limit the number of processes"},
	{"io", "io.max", "limit disk I/O"},
};

/* Only looked at: enabling one for the groups below the top would outlast the probe. */
static void probe_controllers(struct probes *p, int hierarchy_fd)
{
	char there[1024];

	if (file_peek(hierarchy_fd, "cgroup.controllers", there, sizeof(there)) < 0)
		there[0] = '\0';
	for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
		struct err err = {0};
		char feature[40];
		int r = 0;

		if (!cgroup_controller_listed(there, controllers[i].name))
			r = cgroup_controller_explain(controllers[i].file, CONTROLLER_ABSENT,
				controllers[i].action, NULL, &err);
		snprintf(feature, sizeof(feature), "%s controller", controllers[i].name);
		probe_told(p, feature, PROBE_LIMITED, r, &err, "can %s", controllers[i].action);
	}
}

static int mark(int group_fd, struct err *err)
{
	char owner[16] = "";

	if (fsetxattr(group_fd, CONTAINER_OWNER_XATTR, GROUP, strlen(GROUP), 0) < 0 ||
		fgetxattr(group_fd, CONTAINER_OWNER_XATTR, owner, sizeof(owner) - 1) < 0)
		return err_sys(err, "cannot mark a cgroup with its owner");
	return strcmp(owner, GROUP) == 0 ? 0 : err_set(err, "the mark of a cgroup does not last");
}

/* Without our locks: should we be killed, the next probe finds this process and kills it. */
static _Noreturn void wait_to_be_killed(pid_t parent)
{
	if (fd_close_others(0, NULL, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
		getppid() != parent)
		_exit(1);
	for (;;)
		pause();
}

/* A process in the group is frozen, thawed, and killed with the group. */
static int freeze_and_kill(int group_fd, bool *ret_froze, struct err *err)
{
	struct err ignored;
	int pidfd = -1, r;
	pid_t us = getpid(), pid = ns_clone(0, group_fd, &pidfd, err);

	if (pid == 0)
		wait_to_be_killed(us);
	if (pid < 0)
		return -1;
	close(pidfd);
	*ret_froze = cgroup_freeze(group_fd, true, deadline_in(PATIENCE_SECONDS), err) == 0 &&
		     cgroup_freeze(group_fd, false, deadline_in(PATIENCE_SECONDS), err) == 0;
	r = cgroup_kill(group_fd, *ret_froze ? err : &ignored);
	if (r < 0)
		kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return r;
}

static void probe_life(struct probes *p, int group_fd)
{
	const struct attempt clone = {.cgroup_fd = group_fd};
	struct err err = {0};
	bool froze = true;
	int r = attempt_run(&clone, &err);

	if (!probe_told(p, "clone into a group", PROBE_MISSING, r, &err, "clone3 puts it there"))
		return;
	r = freeze_and_kill(group_fd, &froze, &err);
	probe_told(p, "freeze a group", PROBE_LIMITED, froze ? 0 : -1, &err,
		"pause and resume work");
	probe_told(p, "kill a group", PROBE_MISSING, r, &err, "cgroup.kill");
}

/* With whatever a probe that was killed has left in it. */
static int remove_group(int hierarchy_fd, struct err *err)
{
	autofd int fd = cgroup_open(hierarchy_fd, GROUP, err);

	if (fd < 0)
		return err->sys == ENOENT ? 0 : -1;
	return cgroup_kill(fd, err) < 0 ? -1 : cgroup_remove(hierarchy_fd, GROUP, err);
}

/* The group is the same for all stores of this host. */
static int make_group(int hierarchy_fd, int *ret_lock, struct err *err)
{
	autofd int lock = openat(hierarchy_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return err_sys(err, "lock the cgroup v2 tree");
	if (remove_group(hierarchy_fd, err) < 0)
		return -1;
	*ret_lock = take_fd(&lock);
	return cgroup_create(hierarchy_fd, GROUP, err);
}

static void probe_group(struct probes *p, int hierarchy_fd)
{
	const struct device_rule all = {.allow = true,
		.type = 'a',
		.major = -1,
		.minor = -1,
		.access = "rwm"};
	struct err err = {0};
	autofd int lock = -1;
	autofd int fd = make_group(hierarchy_fd, &lock, &err);
	char text[256];

	if (!probe_told(p, "make a group", PROBE_MISSING, fd < 0 ? -1 : 0, &err,
		    "a group of its own for each container"))
		return;
	probe_told(p, "owner of a group", PROBE_MISSING, mark(fd, &err), &err,
		"kept in an extended attribute");
	probe_life(p, fd);
	probe_told(p, "device rules", PROBE_LIMITED, cgroup_devices_attach(fd, &all, 1, &err), &err,
		"a BPF program on the group, for --userns host");
	if (file_peek(fd, "cpu.pressure", text, sizeof(text)) > 0)
		probe_say(p, "pressure", PROBE_OK, "ctr stats shows it");
	else
		probe_say(p, "pressure", PROBE_LIMITED, "the kernel does not measure it");
	if (p->items[p->count - 1].state != PROBE_OK)
		probe_cure(p, "boot with psi=1");
	if (cgroup_remove(hierarchy_fd, GROUP, &err) < 0)
		probe_told(p, "remove a group", PROBE_MISSING, -1, &err, "%s", "");
}

static unsigned groups_count(int hierarchy_fd)
{
	autodir DIR *d = dir_open_at(hierarchy_fd, "ctr");
	struct dirent *e;
	unsigned n = 0;

	while (d && (e = readdir(d)))
		n += e->d_type == DT_DIR && e->d_name[0] != '.';
	return n;
}

/* A line of subuid(5): NAME:FIRST:COUNT. */
static bool overlaps_ours(const char *line)
{
	unsigned long long first, count, ours = IDMAP_FIRST;
	const char *colon = strchr(line, ':');

	return colon && sscanf(colon, ":%llu:%llu", &first, &count) == 2 &&
	       first < ours + (uint64_t)IDMAP_RANGES * SPEC_IDS && first + count > ours;
}

static const char *overlapping_file(void)
{
	static const char *const files[] = {"/etc/subuid", "/etc/subgid"};
	char line[512];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		FILE *f = fopen(files[i], "re");
		bool overlap = false;

		while (f && !overlap && fgets(line, sizeof(line), f))
			overlap = overlaps_ours(line);
		if (f)
			fclose(f);
		if (overlap)
			return files[i];
	}
	return NULL;
}

static void probe_ids(struct probes *p, int hierarchy_fd)
{
	unsigned used = groups_count(hierarchy_fd);
	const char *other = overlapping_file();

	if (other) {
		probe_say(p, "id ranges", PROBE_LIMITED,
			"%s gives ids to somebody that ctr takes "
			"for containers",
			other);
		probe_cure(p, "keep ids from %u to %u free there", IDMAP_FIRST,
			IDMAP_FIRST + (unsigned)IDMAP_RANGES * SPEC_IDS - 1);
		return;
	}
	probe_say(p, "id ranges", used < IDMAP_RANGES ? PROBE_OK : PROBE_MISSING,
		"%u of %d are free, %d ids each", IDMAP_RANGES - used, IDMAP_RANGES, SPEC_IDS);
}

void probe_cgroup(struct probes *p)
{
	struct err err = {0};
	char path[4096];
	autofd int fd = cgroup_hierarchy_open(path, sizeof(path), &err);

	if (!probe_told(p, "cgroup v2", PROBE_MISSING, fd < 0 ? -1 : 0, &err, "at %.300s", path))
		return;
	probe_group(p, fd);
	probe_controllers(p, fd);
	probe_ids(p, fd);
}
