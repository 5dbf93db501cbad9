#include "container/start.h"

#include "base/fd.h"
#include "base/fdpass.h"
#include "base/file.h"
#include "base/json.h"
#include "cgroup/devices.h"
#include "cgroup/group.h"
#include "cgroup/hierarchy.h"
#include "container/child.h"
#include "container/claim.h"
#include "container/payload.h"
#include "container/release.h"
#include "container/trees.h"
#include "ns/clone.h"
#include "ns/idmap.h"
#include "process/lsm.h"
#include "spec/config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static int write_initial_summary(int dirfd, const struct spec *spec, struct err *err)
{
	struct summary s = {
		.name = spec->name,
		.id = spec->id,
		.image = spec->image,
		.rootfs = spec->root.dir,
		.command = spec->process.argv,
		.layers = spec->root.layers,
		.layer_count = spec->root.layer_count,
		.labels = spec->labels,
		.label_count = spec->label_count,
		.created_ns = now_ns(),
		.remove = spec->remove,
	};

	return container_write_summary(dirfd, &s, false, err);
}

/* The group is the claim of the id range too: mkdir has one winner on the whole host. */
static int acquire_group(struct container *c, struct err *err)
{
	char path[256], name[16];

	c->hierarchy_fd = cgroup_hierarchy_open(path, sizeof(path), err);
	if (c->hierarchy_fd < 0)
		return -1;
	c->groups_fd = cgroup_parent_open(c->hierarchy_fd, err);
	if (c->groups_fd < 0)
		return -1;
	for (unsigned i = 0; i < IDMAP_SLOTS; i++) {
		snprintf(name, sizeof(name), "%03x", c->record.slot);
		c->group_fd = cgroup_create(c->groups_fd, name, err);
		if (c->group_fd < 0 && err->sys != EEXIST)
			return -1;
		if (c->group_fd >= 0) {
			if (fsetxattr(c->group_fd, CONTAINER_OWNER_XATTR, c->record.id,
				    strlen(c->record.id), 0) < 0)
				return err_sys(err, "mark the cgroup of %s", c->record.name);
			/* Before it was marked it could be taken for the left-over of a dead start. */
			if (faccessat(c->groups_fd, name, F_OK, 0) == 0)
				return 0;
			close(c->group_fd);
			c->group_fd = -1;
		}
		c->record.slot = (c->record.slot + 1) % IDMAP_SLOTS;
		if (claim_record(c, err) < 0)
			return -1;
	}
	return err_set(err, "all %d id ranges of this host are in use", IDMAP_SLOTS);
}

/* A user namespace opens no device that was not made for it; without one, or where a device is given
 * with less than full access, the rules of the group decide. */
static bool needs_device_rules(const struct spec *spec)
{
	for (size_t i = 0; i < spec->device_count; i++)
		if (strlen(spec->devices[i].access) < 3)
			return true;
	return !(spec->ns.fresh & CLONE_NEWUSER);
}

static int limit_group(struct container *c, const struct spec *spec, const struct plan *plan,
	struct err *err)
{
	if (cgroup_apply(c->hierarchy_fd, c->group_fd, &plan->cgroup, err) < 0)
		return -1;
	if (needs_device_rules(spec) && cgroup_devices_attach(c->group_fd, spec->device_rules,
						spec->device_rule_count, err) < 0)
		return -1;
	return 0;
}

static int map_ids(pid_t pid, const struct spec *spec, const struct plan *plan,
	const struct trees *t, struct err *err)
{
	autofd int userns = -1;

	if (!plan->map.count)
		return 0;
	if (idmap_write(pid, &plan->map, 1, &plan->map, 1, err) < 0)
		return -1;
	userns = idmap_userns_open(pid, err);
	return userns < 0 ? -1 : trees_idmap(t, spec, userns, err);
}

/* Layers count as in use from here on. A start without any can tell about itself later. */
static bool must_tell_first(const struct spec *spec)
{
	return spec->root.layer_count > 0;
}

/* Files that the payload need not wait for; where container_read() looks for them. */
static int write_details(struct container *c, const struct spec *spec, struct err *err)
{
	autojson json_t *j = config_write(spec, spec->root.dir ? spec->root.dir : "/", err);
	autofree char *text = j ? json_text(j, JSON_INDENT(2), err) : NULL;
	int dirfd = spec->remove ? c->state_fd : c->data_fd;

	if (!text || (!must_tell_first(spec) && write_initial_summary(dirfd, spec, err) < 0))
		return -1;
	return file_write(dirfd, "config.json", text, strlen(text), 0600, FILE_NOSYNC, err);
}

struct pipes {
	int go[2], report[2], console[2];
};

static int pipes_open(struct pipes *p, bool terminal, struct err *err)
{
	*p = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, p->go) < 0 ||
		pipe2(p->report, O_CLOEXEC) < 0 ||
		(terminal && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p->console) < 0))
		return err_sys(err, "cannot make a pipe to the container");
	return 0;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void pipes_close(struct pipes *p)
{
	int *all[] = {&p->go[0], &p->go[1], &p->report[0], &p->report[1], &p->console[0],
		&p->console[1]};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		close_one(all[i]);
}

/* The child is making namespaces meanwhile. If it fails at that, it has the better story. */
static int provide_trees(struct container *c, const struct spec *spec, struct plan *plan,
	struct trees *t, struct pipes *p, struct err *err)
{
	if (payload_set_oom_score(c->record.pid, &spec->process, err) < 0 ||
		trees_open(t, c, spec, plan, err) < 0 ||
		map_ids(c->record.pid, spec, plan, t, err) < 0)
		return -1;
	if (trees_send(t, spec, p->go[1], err) == 0)
		return 0;
	payload_await(p->report[0], c->record.pid, err);
	return -1;
}

/* From the first moment of the child to the exec of the payload. */
static int bring_up(struct container *c, const struct spec *spec, struct plan *plan,
	struct trees *t, const struct start_io *io, struct pipes *p, struct err *err)
{
	if (provide_trees(c, spec, plan, t, p, err) < 0 || write_details(c, spec, err) < 0)
		return -1;
	if (io->ret_console && spec->process.terminal &&
		fds_receive(p->console[0], io->ret_console, 1, err) < 0) {
		/* A child that failed says so in its report, which is the better story. */
		payload_await(p->report[0], c->record.pid, err);
		return -1;
	}
	return payload_await(p->report[0], c->record.pid, err);
}

static int clone_and_bring_up(struct container *c, const struct spec *spec, struct plan *plan,
	struct trees *t, const struct start_io *io, struct err *err)
{
	struct pipes p;
	pid_t pid;
	int r;

	if (pipes_open(&p, spec->process.terminal, err) < 0) {
		pipes_close(&p);
		return -1;
	}
	pid = ns_clone(plan->clone_flags, c->group_fd, &c->pidfd, err);
	if (pid == 0) {
		const struct child child = {
			.spec = spec,
			.plan = plan,
			.trees = t,
			.go_sock = p.go[0],
			.report_fd = p.report[1],
			.streams = {io->streams[0], io->streams[1], io->streams[2]},
			.console_sock = p.console[1],
			.gate_fd = -1,
		};

		close(p.go[1]);
		close(p.report[0]);
		child_run(&child);
	}
	close_one(&p.go[0]);
	close_one(&p.report[1]);
	close_one(&p.console[1]);
	c->record.pid = pid < 0 ? 0 : pid;
	r = pid < 0 ? -1 : bring_up(c, spec, plan, t, io, &p, err);
	pipes_close(&p);
	return r;
}

static int record_running(struct container *c, struct err *err)
{
	c->record.stage = STAGE_RUNNING;
	c->record.start_ticks = process_start_ticks(c->record.pid);
	c->record.started_ns = now_ns();
	return claim_record(c, err);
}

static int start_claimed(struct container *c, const struct spec *spec, struct plan *plan,
	const struct start_io *io, struct err *err)
{
	struct trees t;
	int r;

	if (must_tell_first(spec) && write_initial_summary(c->data_fd, spec, err) < 0)
		return -1;
	if (io->image_lock >= 0)
		close(io->image_lock);
	if (acquire_group(c, err) < 0 || limit_group(c, spec, plan, err) < 0)
		return -1;
	plan_set_slot(plan, spec, c->record.slot);
	if (trees_init(&t, spec, err) < 0)
		return -1;
	r = clone_and_bring_up(c, spec, plan, &t, io, err);
	trees_close(&t);
	return r < 0 ? -1 : record_running(c, err);
}

int container_start(const struct store *store, const struct spec *spec, struct plan *plan,
	const struct start_io *io, struct container *ret, struct err *err)
{
	struct container c;

	if (lsm_check(&spec->process, err) < 0 || claim_new(store, spec, &c, err) < 0)
		return -1;
	if (start_claimed(&c, spec, plan, io, err) < 0) {
		struct err second = {0};

		c.record.stage = STAGE_CREATING;
		if (container_release(&c, -1, &second) < 0)
			warn("%s", second.text);
		if (c.record.pid > 0)
			waitpid(c.record.pid, NULL, 0);
		container_close(&c);
		return -1;
	}
	*ret = c;
	return 0;
}
