#include "launch/start.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/fdpass.h"
#include "base/file.h"
#include "base/json.h"
#include "cgroup/controller.h"
#include "cgroup/devices.h"
#include "cgroup/group.h"
#include "cgroup/hierarchy.h"
#include "cgroup/path.h"
#include "cgroup/scope.h"
#include "launch/child.h"
#include "launch/detached.h"
#include "launch/details.h"
#include "launch/neighbour.h"
#include "launch/notify.h"
#include "launch/payload.h"
#include "launch/report.h"
#include "launch/startsocket.h"
#include "launch/volumes.h"
#include "ns/idmap.h"
#include "ns/join.h"
#include "ns/owner.h"
#include "ns/rights.h"
#include "process/lsm.h"
#include "process/seccomp_listener.h"
#include "spec/sysctlname.h"
#include "state/cgroup.h"
#include "state/cgrouppath.h"
#include "state/connection.h"
#include "state/mark.h"
#include "state/namelock.h"
#include "state/pool.h"
#include "state/process.h"
#include "state/recordfile.h"
#include "state/release.h"
#include "state/resource.h"
#include "state/want.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct pipes {
	int go[2], report[2], console[2], start;
};

/* What the two sides of a start share. */
struct launch {
	struct container *c;
	const struct spec *spec;
	struct plan *plan;
	const struct start_io *io;
	const struct bundle *bundle; /* what it asks for, or nothing */
	struct detached detached;
	struct pipes pipes;
	struct record running;
	int ns_fds[NS_KINDS];             /* namespaces to join */
	struct seccomp_listener listener; /* of the filter, or sock -1 */
	struct bundle_states states;      /* empty, unless an engine makes it */
	struct scope scope;               /* until there is a process in it */
};

/* The cgroup reserves the id range too: mkdir has one winner on the whole host. */
static int acquire_range(struct container *c, struct err *err)
{
	char path[256], name[16];

	c->hierarchy_fd = cgroup_hierarchy_open(path, sizeof(path), err);
	if (c->hierarchy_fd < 0)
		return -1;
	c->groups_fd = cgroup_parent_open(c->hierarchy_fd, err);
	if (c->groups_fd < 0)
		return -1;
	for (unsigned i = 0; i < IDMAP_RANGES; i++) {
		snprintf(name, sizeof(name), "%03x", c->record.range);
		c->group_fd = cgroup_create(c->groups_fd, name, err);
		if (c->group_fd < 0 && err->sys != EEXIST)
			return -1;
		if (c->group_fd >= 0) {
			if (container_mark_cgroup(c, err) < 0)
				return -1;
			/* Before it was marked it could be taken for the left-over of a dead start. */
			if (faccessat(c->groups_fd, name, F_OK, 0) == 0)
				return 0;
			if (errno != ENOENT)
				return err_sys(err, "look for the cgroup of %s", c->record.name);
			close(c->group_fd);
			c->group_fd = -1;
		}
		c->record.range = (c->record.range + 1) % IDMAP_RANGES;
		if (record_write(c, err) < 0)
			return -1;
	}
	return err_set(err, "all %d id ranges of this host are in use", IDMAP_RANGES);
}

static bool has_limits(const struct cgroup_plan *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->writes[i].flag && !p->writes[i].optional)
			return true;
	return false;
}

/* The group of a user may have to be missing; one that others are in is another matter. */
static int do_without_group(struct launch *l, struct err *err)
{
	if (!l->bundle->group_optional || err->sys == EBUSY)
		return -1;
	if (has_limits(&l->plan->cgroup)) {
		err_wrap(err, "the limits that were asked for need a cgroup");
		if (!l->spec->systemd_cgroup)
			err_hint(err, "have a part of the tree delegated: systemd-run --user "
				      "--scope -p Delegate=yes …");
		return -1;
	}
	warn("%s has no cgroup: %s", l->c->record.name,
		l->spec->systemd_cgroup ? err->text : "nothing of the tree is delegated to us");
	*err = (struct err){0};
	scope_let_go(&l->scope);
	if (l->c->group_fd >= 0)
		close(take_fd(&l->c->group_fd));
	l->c->record.cgroup[0] = '\0';
	return record_write(l->c, err);
}

static int acquire_group(struct launch *l, struct err *err)
{
	if (record_has_range(&l->c->record) && acquire_range(l->c, err) < 0)
		return -1;
	if (container_make_cgroup_at_path(l->c, l->spec, &l->scope, err) == 0)
		return 0;
	return do_without_group(l, err);
}

/* An engine says which there are. Else: a user namespace opens no device that was not made for it; without one, or where
 * a device is given with less than full access, the rules of the group decide. */
static bool needs_device_rules(const struct spec *spec)
{
	if (spec->root.direct)
		return spec->device_rule_count > 0;
	for (size_t i = 0; i < spec->device_count; i++)
		if (strlen(spec->devices[i].access) < 3)
			return true;
	return !plan_has_users(spec);
}

int container_limit(struct container *c, const struct spec *spec, const struct plan *plan,
	struct err *err)
{
	if (c->group_fd < 0)
		return 0;
	cgroup_controller_enable_usual(c->hierarchy_fd, c->group_fd);
	if (cgroup_apply(c->hierarchy_fd, c->group_fd, &plan->cgroup, err) < 0)
		return -1;
	if (needs_device_rules(spec) && cgroup_devices_attach(c->group_fd, spec->device_rules,
						spec->device_rule_count, err) < 0)
		return -1;
	return 0;
}

int container_delegate(struct container *c, const struct spec *spec, const struct id_maps *ids,
	struct err *err)
{
	uint32_t owner;

	/* What a user has was delegated to that user, who can give away nothing. */
	if (c->group_fd < 0 || rights_get() != RIGHTS_HOST || !plan_delegates(spec, ids, &owner) ||
		owner == 0)
		return 0;
	return cgroup_delegate(c->group_fd, owner, err);
}

/* A namespace that is joined has its ids already: the child is in it. */
static int learn_ids(pid_t pid, const struct spec *spec, struct plan *plan, struct err *err)
{
	static struct id_map uids[IDMAP_LINES_MAX], gids[IDMAP_LINES_MAX];

	if (!(ns_paths_flags(&spec->ns) & CLONE_NEWUSER))
		return 0;
	plan->ids = (struct id_maps){.uids = uids, .gids = gids};
	return idmap_read(pid, IDMAP_LINES_MAX, uids, &plan->ids.nuids, gids, &plan->ids.ngids,
		err);
}

static int map_ids(pid_t pid, const struct spec *spec, const struct plan *plan,
	const struct detached *t, struct err *err)
{
	const struct id_maps *ids = &plan->ids;
	autofd int userns = -1;

	if (!plan_has_users(spec))
		return 0;
	if ((spec->ns.fresh & CLONE_NEWUSER) &&
		idmap_write(pid, ids->uids, ids->nuids, ids->gids, ids->ngids, err) < 0)
		return -1;
	if (t->by_child)
		return 0;
	userns = idmap_userns_open(pid, err);
	return userns < 0 ? -1 : detached_idmap(t, spec, userns, err);
}

static int pipes_open(struct pipes *p, bool terminal, struct err *err)
{
	*p = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}, -1};
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
		&p->console[1], &p->start};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		close_one(all[i]);
}

/* A child that failed says so in its report, which is the better story. */
static int hear_why(struct launch *l, struct err *err)
{
	report_await(l->pipes.report[0], l->c->record.pid, err);
	return -1;
}

/* What is to be done on our side once the child is so far: it waits for us, or has failed. */
static int hear_of_it(struct launch *l, struct err *err)
{
	if (bundle_await(l->pipes.go[1], err) == 0)
		return 0;
	return err->sys ? -1 : hear_why(l, err);
}

/* The child is making namespaces meanwhile. */
static int provide_mounts(struct launch *l, struct err *err)
{
	const struct spec *spec = l->spec;
	pid_t pid = l->c->record.pid;

	if (payload_set_oom_score(pid, spec, err) < 0 ||
		payload_set_priorities(pid, spec, err) < 0 || resources_join(l->c, spec, err) < 0 ||
		learn_ids(pid, spec, l->plan, err) < 0 ||
		(!l->detached.by_child &&
			(detached_open(&l->detached, l->c, spec, l->plan, err) < 0 ||
				detached_idmap_own(&l->detached, spec, err) < 0)) ||
		map_ids(pid, spec, l->plan, &l->detached, err) < 0 ||
		container_delegate(l->c, spec, &l->plan->ids, err) < 0)
		return -1;
	if (payload_give_streams(spec, l->plan, l->io->streams, err) < 0)
		return -1;
	if (bundle_awaits_namespaces(spec) &&
		(hear_of_it(l, err) < 0 || bundle_move_devices(l->c, spec, err) < 0))
		return -1;
	if (detached_send(&l->detached, spec, l->pipes.go[1], err) == 0) {
		/* Hooks have the limits that we came with. */
		detached_close(&l->detached);
		return 0;
	}
	/* If it is gone, it has the better story; else it would wait for us, and we for it. */
	return err->sys == EPIPE || err->sys == ECONNRESET ? hear_why(l, err) : -1;
}

/* Hooks of the host's side find the container's mounts made, and may add to them. */
static int run_runtime_hooks(struct launch *l, struct err *err)
{
	if (!bundle_awaits_mounts(l->spec))
		return 0;
	if (hear_of_it(l, err) < 0 || bundle_run_hooks(l->c, l->spec, &l->states, err) < 0)
		return -1;
	if (bundle_tell(l->pipes.go[1], err) == 0)
		return 0;
	return err->sys ? -1 : hear_why(l, err);
}

/* The master of the terminal, if there is to be one. */
static int take_console(struct launch *l, struct err *err)
{
	int console = -1;

	if (l->spec->process.terminal && fds_receive(l->pipes.console[0], &console, 1, err) < 0)
		return hear_why(l, err);
	if (!l->io->ret_console)
		return bundle_hand_out(l->c, l->bundle, console, err);
	*l->io->ret_console = console;
	return 0;
}

/* What the record will say once the payload runs. */
static int foresee_running(struct launch *l, struct err *err)
{
	l->running = l->c->record;
	l->running.stage = STAGE_RUNNING;
	if (process_start_ticks(l->running.pid, &l->running.start_ticks) < 0)
		return err_sys(err, "see when the process of %s began", l->running.name);
	if (!l->running.started_ns)
		l->running.started_ns = now_ns();
	return record_write_ahead(l->c, &l->running, err);
}

/* A place that was asked for was looked at before; the groups above the usual path or a scope are looked at while the
 * child is on its way, if it is. */
static int see_that_it_runs(const struct launch *l, struct err *err)
{
	const struct container *c = l->c;
	char usual[32], name[16];

	if (c->group_fd < 0 || (c->record.cgroup[0] && !l->spec->systemd_cgroup) ||
		cgroup_frozen(c->group_fd) <= 0)
		return 0;
	container_cgroup_name(&c->record, name);
	snprintf(usual, sizeof(usual), "ctr/%s", name);
	return cgroup_path_is_frozen(c->hierarchy_fd,
		c->record.cgroup[0] ? c->record.cgroup : usual, err);
}

/* From the first moment of the child to the exec of the payload. */
static int bring_up(struct launch *l, struct err *err)
{
	const struct spec *spec = l->spec;

	if (see_that_it_runs(l, err) < 0 || provide_mounts(l, err) < 0 ||
		details_write(l->c, spec, l->plan, l->io->logged, err) < 0 ||
		foresee_running(l, err) < 0)
		return -1;
	if (l->io->tend_pool)
		pool_tend(l->c->store);
	if (run_runtime_hooks(l, err) < 0 || take_console(l, err) < 0)
		return -1;
	if (connection_add_names(l->c, err) < 0 ||
		report_await(l->pipes.report[0], l->c->record.pid, err) < 0)
		return -1;
	return connection_finish(l->c, l->io->tend_pool, err);
}

/* Without rights over the host's mounts, the child opens the detached ones. */
static struct payload_streams list_kept(const struct launch *l, struct fd_list *ret)
{
	const int pipes[] = {l->pipes.go[0], l->pipes.report[1], l->pipes.console[1],
		l->pipes.start, l->listener.sock};
	const int store[] = {l->c->data_fd, l->c->store->root_fd};
	const int network = connection_child_sock(l->c);

	*ret = (struct fd_list){.first = 3 + l->bundle->keep_fds};
	fd_list_add(ret, pipes, sizeof(pipes) / sizeof(pipes[0]));
	fd_list_add(ret, &network, 1);
	fd_list_add(ret, l->ns_fds, l->spec->ns.path_count);
	if (l->detached.by_child)
		fd_list_add(ret, store, sizeof(store) / sizeof(store[0]));
	return payload_plan_streams(l->spec, l->io->streams, l->pipes.console[1], ret);
}

static _Noreturn void be_child(struct launch *l, const struct payload_streams *streams,
	const struct fd_list *kept)
{
	const struct child child = {
		.spec = l->spec,
		.container = l->c,
		.plan = l->plan,
		.detached = &l->detached,
		.go_sock = l->pipes.go[0],
		.report_fd = l->pipes.report[1],
		.ns_fds = l->ns_fds,
		.kept = kept,
		.streams = *streams,
		.start_fd = l->pipes.start,
		.network_sock = connection_child_sock(l->c),
		.keep_fds = l->bundle->keep_fds,
		.states = l->states,
		.listener = l->listener.sock >= 0 ? &l->listener : NULL,
	};

	child_run(&child);
}

/* Who moves a process needs the right to the group above both places: a session is not below the
 * user's systemd, which the scope is in. */
static int clone_failed(const struct launch *l, struct err *err)
{
	const struct container *c = l->c;
	char type[32];

	if (err->sys == EOPNOTSUPP && c->group_fd >= 0 &&
		file_peek(c->group_fd, "cgroup.type", type, sizeof(type)) > 0) {
		err_set(err, "no process can start in cgroup /%s: its type is \"%s\"",
			c->record.cgroup[0] ? c->record.cgroup : "ctr", type);
		err->sys = EOPNOTSUPP;
		return err_hint(err, "a group above it is threaded: cgroup.type there says so");
	}
	if (err->sys != EACCES || l->scope.dir_fd < 0 || rights_over_init())
		return -1;
	return err_hint(err, "a scope of the user's systemd is entered from within that only: "
			     "systemd-run --user --scope …");
}

/* The default of processes holds where nothing of the group counts them, too. */
static int choose_owner(const struct launch *l, struct ns_owner *ret, struct err *err)
{
	const struct limits *limits = &l->spec->limits;
	const struct id_maps *ids = &l->plan->ids;

	*ret = (struct ns_owner){.uid = 0};
	if (!(l->spec->ns.fresh & CLONE_NEWUSER))
		return 0;
	if (ns_owner_choose(ids->uids, ids->nuids, ids->gids, ids->ngids, ret, err) < 0)
		return -1;
	/* Its file in procfs is the owner's, and the child opens it while that has no name inside, by which it could
	 * be that again. */
	if (l->spec->ns.fresh & CLONE_NEWTIME)
		ret->files_uid = ret->uid;
	if (limits->pids_default && cgroup_plan_skipped(&l->plan->cgroup, "pids.max"))
		ret->processes = limits->pids;
	return 0;
}

static int launch(struct launch *l, struct err *err)
{
	struct container *c = l->c;
	struct ns_owner owner;
	struct fd_list kept;
	struct payload_streams streams;
	const struct ns_birth birth = {c->group_fd, &owner, &kept};
	pid_t pid;

	if (choose_owner(l, &owner, err) < 0)
		return -1;
	streams = list_kept(l, &kept);
	pid = ns_clone_into(&l->spec->ns, l->ns_fds, &birth, &c->pidfd, err);
	if (pid < 0)
		return clone_failed(l, err);
	if (pid == 0)
		be_child(l, &streams, &kept);
	close_one(&l->pipes.go[0]);
	close_one(&l->pipes.report[1]);
	close_one(&l->pipes.console[1]);
	close_one(&l->pipes.start);
	connection_cloned(c);
	c->record.pid = pid;
	/* If it may be in no group, this is all that says what there is to kill. */
	if (!record_has_range(&c->record)) {
		if (process_start_ticks(pid, &c->record.start_ticks) < 0)
			return err_sys(err, "see when the process of %s began", c->record.name);
		if (record_write(c, err) < 0)
			return -1;
	}
	return bring_up(l, err);
}

/* As the host's root, in the host's root: the child could not reach it. */
static int listener_open(struct launch *l, struct err *err)
{
	l->listener.sock = -1;
	/* Who listens is told the state. */
	if (!l->plan->filter.notifies || !l->states.created)
		return 0;
	return seccomp_listener_open(&l->spec->process, l->bundle->oci_version, &l->listener, err);
}

/* A namespace to join may turn out to be the host's: what is set there is set for all. */
static int host_settings_check(const struct spec *spec, const int *ns_fds, struct err *err)
{
	uint64_t alone = spec->ns.fresh;

	for (size_t i = 0; i < spec->ns.path_count; i++)
		if (!ns_path_is_own(&spec->ns.paths[i], ns_fds[i]))
			alone |= spec->ns.paths[i].flag;
	if ((spec->hostname || spec->domainname) && !(alone & CLONE_NEWUTS) &&
		(ns_paths_flags(&spec->ns) & CLONE_NEWUTS))
		return err_set(err, "hostname: the UTS namespace to join is the host's");
	for (size_t i = 0; i < spec->sysctl_count; i++)
		if (sysctl_check("sysctl", spec->sysctls[i].key, alone, err) < 0)
			return -1;
	return 0;
}

static int clone_and_bring_up(struct launch *l, struct err *err)
{
	int r;

	if (pipes_open(&l->pipes, l->spec->process.terminal, err) < 0 ||
		(l->io->waits && (l->pipes.start = start_socket_listen(l->c->state_fd, err)) < 0)) {
		pipes_close(&l->pipes);
		return -1;
	}
	r = listener_open(l, err);
	if (r == 0 && (r = ns_paths_open(&l->spec->ns, l->ns_fds, err)) == 0) {
		r = host_settings_check(l->spec, l->ns_fds, err) < 0 ? -1 : launch(l, err);
		ns_paths_close(&l->spec->ns, l->ns_fds);
	}
	seccomp_listener_close(&l->listener);
	pipes_close(&l->pipes);
	return r;
}

/* Its addresses are chosen: its files can tell them. */
static void tell_addresses(struct launch *l)
{
	struct connection *n = l->c->connection;
	struct etc_network etc;

	if (!n)
		return;
	etc = neighbour_addresses(&n->plan);
	plan_set_network(l->plan, l->spec, &etc, &n->plan.arena);
}

static int start_locked(struct launch *l, struct err *err)
{
	const struct spec *spec = l->spec;
	struct container *c = l->c;
	int r;

	if (details_tell_first(c, spec, l->io->logged, err) < 0 ||
		(spec->restart && !l->io->held && want_running(c->data_fd, err) < 0))
		return -1;
	if (l->io->bundle &&
		(bundle_keep(c, spec, l->bundle, err) < 0 || notify_make(c, spec, err) < 0 ||
			bundle_states_make(spec, l->bundle, &l->states, err) < 0))
		return -1;
	if (resources_make(c, spec, err) < 0)
		return -1;
	if (volumes_publish(c->store, spec, err) < 0)
		return -1;
	/* Not closed: who started us for a terminal has a copy of it for as long as the session lasts. */
	if (l->io->image_lock >= 0 && flock(l->io->image_lock, LOCK_UN) < 0)
		return err_sys(err, "unlock the image store");
	if (acquire_group(l, err) < 0 || resources_claim(c, spec, err) < 0 ||
		container_limit(c, spec, l->plan, err) < 0)
		return -1;
	plan_set_range(l->plan, spec, c->record.range);
	tell_addresses(l);
	if (detached_init(&l->detached, l->c, spec, err) < 0)
		return -1;
	r = clone_and_bring_up(l, err);
	detached_close(&l->detached);
	if (r < 0 || record_write_next(c, &l->running, err) < 0)
		return -1;
	/* `stop` writes its wish first, and then looks whether the container runs; so we look at the wish
	 * last. */
	r = l->io->held ? want_runs(c->data_fd, err) : 1;
	if (r)
		return r < 0 ? -1 : 0;
	err_set(err, "%s is to stay stopped", spec->name);
	err->sys = ECANCELED;
	return -1;
}

static int lock_name(const struct store *store, const struct spec *spec, const struct start_io *io,
	struct container *ret, struct err *err)
{
	if (io->bundle)
		return namelock_bundle(store, spec, io->bundle->dir, io->bundle->cgroup, ret, err);
	if (io->held) {
		*ret = *io->held;
		container_init(io->held, store);
		return namelock_renew(ret, spec, err);
	}
	return io->again_ns ? namelock_existing(store, spec, io->again_ns, ret, err)
			    : namelock_new(store, spec, ret, err);
}

/* Whether another try makes sense. */
static bool undo(struct launch *l, struct err *why)
{
	struct container *c = l->c;
	bool again;

	connection_fail(c);
	again = connection_way_is_clear(c, why) && !l->io->held;
	if (l->io->held && why->sys != ECANCELED)
		details_tell_failure(c, why);
	container_undo(c);
	if (c->record.pid > 0) {
		waitpid(c->record.pid, NULL, 0);
		bundle_undone(l->spec, l->bundle);
	}
	container_close(c);
	return again;
}

/* 0, -1, or 1: once more, after a failure. */
static int start_once(struct launch *l, struct err *err)
{
	struct container *c = l->c;
	int r;

	if (lock_name(c->store, l->spec, l->io, c, err) < 0) {
		if (l->io->held)
			details_tell_failure(c, err);
		container_close(c);
		return -1;
	}
	r = start_locked(l, err);
	scope_let_go(&l->scope);
	bundle_states_free(&l->states);
	return r < 0 ? undo(l, err) ? 1 : -1 : 0;
}

/* What is in the way of a network may be gone by now. */
static int start(const struct store *store, const struct spec *spec, struct plan *plan,
	const struct start_io *io, struct container *ret, struct err *err)
{
	static const struct bundle none = {.console_socket = -1, .pidfd_socket = -1};
	struct container c;
	const struct launch fresh = {
		.c = &c,
		.spec = spec,
		.plan = plan,
		.io = io,
		.bundle = io->bundle ? io->bundle : &none,
		.scope = SCOPE_NONE,
	};
	struct launch l;
	int r;

	container_init(&c, store);
	if (lsm_check(&spec->process, err) < 0)
		return -1;
	do {
		l = fresh;
		*err = (struct err){0};
		r = start_once(&l, err);
	} while (r > 0);
	if (r == 0)
		*ret = c;
	return r;
}

/* In the network of another container, which is found first. */
static int start_beside(const struct store *store, const struct spec *spec, struct plan *plan,
	const struct start_io *io, struct container *ret, struct err *err)
{
	struct arena a = {NULL};
	struct neighbour n;
	int r;

	if (neighbour_open(store, spec, &n, err) < 0) {
		if (io->held) {
			details_tell_failure(io->held, err);
			container_close(io->held);
		}
		return -1;
	}
	if (n.connected)
		plan_set_network(plan, spec, &n.etc, &a);
	r = start(store, &n.spec, plan, io, ret, err);
	neighbour_close(&n);
	arena_free(&a);
	return r;
}

int container_start(const struct store *store, const struct spec *spec, struct plan *plan,
	const struct start_io *io, struct container *ret, struct err *err)
{
	return (spec->network.container ? start_beside : start)(store, spec, plan, io, ret, err);
}
