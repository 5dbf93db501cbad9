#include "checkpoint/checkpoint.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/inside.h"
#include "base/json.h"
#include "checkpoint/dumped.h"
#include "container/engine.h"
#include "launch/start.h"
#include "ns/clone.h"
#include "ns/join.h"
#include "rootfs/tree.h"
#include "state/cgrouppath.h"
#include "state/namelock.h"
#include "state/process.h"
#include "state/recordfile.h"
#include "state/release.h"
#include "state/resource.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct restore {
	struct container *c;
	const struct spec *spec;
	const struct bundle *bundle;
	struct dumping dumping;
	struct bundle_states states;
	int ns_fds[NS_KINDS];
	int console;
};

static void inherit(struct dumping *d, int fd, const char *key)
{
	struct protobuf m = {NULL};

	protobuf_string(&m, 1, key);
	protobuf_number(&m, 2, (uint64_t)fd);
	protobuf_message(&d->request.options, CRIU_INHERIT_FD, &m);
	protobuf_free(&m);
}

/* Our standard streams take the place of those that the container had; what has one end inside is in
 * the files. */
static int add_streams(struct dumping *d, struct err *err)
{
	autojson json_t *names = json_read(d->images_fd, DUMPED_STREAMS, err);

	if (!names)
		return -1;
	for (int fd = 0; fd < 3; fd++) {
		const char *name = json_string_value(json_array_get(names, (size_t)fd));

		if (name && (strncmp(name, "pipe:[", 6) == 0 || strncmp(name, "file[", 5) == 0))
			inherit(d, fd, name);
	}
	return 0;
}

static void join(struct dumping *d, const char *kind, const char *path)
{
	struct protobuf m = {NULL};

	protobuf_string(&m, 1, kind);
	protobuf_string(&m, 2, path);
	protobuf_message(&d->request.options, CRIU_JOIN_NS, &m);
	protobuf_free(&m);
}

/* Opened by us, so that it is proven to be one. */
static void add_namespaces(struct restore *r)
{
	struct criu_request *q = &r->dumping.request;

	for (size_t i = 0; i < r->spec->ns.path_count; i++) {
		const struct ns_path *p = &r->spec->ns.paths[i];
		int fd = r->ns_fds[i];

		if (p->flag == CLONE_NEWNET || p->flag == CLONE_NEWPID) {
			q->fds[q->fd_count++] = fd;
			inherit(&r->dumping, fd,
				p->flag == CLONE_NEWNET ? DUMPED_NETWORK : DUMPED_PIDS);
		} else if (p->flag == CLONE_NEWIPC) {
			join(&r->dumping, "ipc", p->path);
		} else if (p->flag == CLONE_NEWUTS) {
			join(&r->dumping, "uts", p->path);
		} else if (p->flag == CLONE_NEWTIME) {
			join(&r->dumping, "time", p->path);
		}
	}
}

/* Whether what is mounted at another target hides the place of m, which then comes with that. */
static bool is_below_mount(const struct spec *spec, const struct mount *m)
{
	for (size_t i = 0; i < spec->mount_count; i++) {
		const char *above = spec->mounts[i].target;
		size_t len = strlen(above);

		if (&spec->mounts[i] != m && strncmp(m->target, above, len) == 0 &&
			m->target[len] == '/')
			return true;
	}
	return false;
}

/* The root may be a fresh one of the same image. */
static int make_place(int rootfd, const struct mount *m, const char *source, struct err *err)
{
	autofd int fd = -1;
	struct stat st;

	if (source && stat(source, &st) < 0)
		return err_sys(err, "open %s, to be mounted at %s", source, m->target);
	fd = inside_ensure(rootfd, m->target,
		!source || S_ISDIR(st.st_mode) ? INSIDE_DIR : INSIDE_FILE, err);
	return fd < 0 ? err_wrap(err, "mount %s", m->target) : 0;
}

static int add_mounts(struct restore *r, struct err *err)
{
	autofd int rootfd = open(r->spec->root.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (rootfd < 0)
		return err_sys(err, "open the root %s", r->spec->root.dir);
	for (size_t i = 0; i < r->spec->mount_count; i++) {
		const struct mount *m = &r->spec->mounts[i];
		const char *source = NULL;

		if (dumped_is_external(r->spec, m, &source)) {
			if (strpbrk(m->target, "[]"))
				return err_set(err,
					"criu cannot name the mount %s: there is a bracket in it",
					m->target);
			dumping_add(&r->dumping, CRIU_EXTERNAL, "mnt[%s]:%s", m->target, source);
		}
		if (!is_below_mount(r->spec, m) && make_place(rootfd, m, source, err) < 0)
			return -1;
	}
	return 0;
}

static void add_group(struct restore *r)
{
	struct protobuf m = {NULL};
	char path[RECORD_CGROUP_MAX + 2];

	if (r->c->group_fd < 0)
		return;
	snprintf(path, sizeof(path), "/%s", r->c->record.cgroup);
	protobuf_string(&m, 2, path);
	protobuf_message(&r->dumping.request.options, CRIU_CG_ROOT, &m);
	protobuf_free(&m);
}

/* criu has made the first process with its namespaces, and nothing else yet. From here on it can be found and
 * ended. */
static int on_namespaces(struct restore *r, pid_t pid, struct err *err)
{
	struct container *c = r->c;

	c->record.pid = pid;
	if (process_start_ticks(pid, &c->record.start_ticks) < 0)
		return err_sys(err, "see when the process of %s began", c->record.name);
	if (record_write(c, err) < 0 || resources_join(c, r->spec, err) < 0)
		return -1;
	if (bundle_move_devices(c, r->spec, err) < 0)
		return -1;
	return bundle_run_hooks(c, r->spec, &r->states, err);
}

static int set_readonly(const struct container *c, struct err *err)
{
	autofd int pidfd = (int)syscall(SYS_pidfd_open, c->record.pid, 0), root = -1;

	if (pidfd < 0)
		return err_sys(err, "hold the restored process");
	if (ns_join(pidfd, CLONE_NEWNS, err) < 0)
		return -1;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root < 0 ? err_sys(err, "open the restored root")
			: tree_set_attr(root, "/", MOUNT_ATTR_RDONLY, 0, 0, false, err);
}

/* Which criu leaves as it has found it; in the mount namespace of the container, that nothing of ours
 * stays in. Nothing of the container runs yet. */
static int make_root_readonly(const struct container *c, struct err *err)
{
	struct err why = {0};
	int report[2], status;
	ssize_t n;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	pid = fork();
	if (pid == 0) {
		status = set_readonly(c, &why) < 0;
		if (status)
			fd_write_all(report[1], &why, sizeof(why));
		_exit(status);
	}
	close(report[1]);
	n = pid > 0 ? fd_read_all(report[0], &why, sizeof(why)) : -1;
	close(report[0]);
	if (n < 0)
		return err_sys(err, "cannot make the root read-only");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (n == sizeof(why))
		*err = why;
	else if (status != 0)
		err_set(err, "cannot make the root read-only");
	return status == 0 ? 0 : -1;
}

static int reached(const char *point, pid_t pid, int fd, void *arg, struct err *err)
{
	struct restore *r = arg;
	autofd int got = fd;

	if (strcmp(point, "orphan-pts-master") == 0 && got >= 0 && r->console < 0)
		r->console = take_fd(&got);
	if (strcmp(point, "post-restore") == 0 && r->spec->root.readonly)
		return make_root_readonly(r->c, err);
	return strcmp(point, "setup-namespaces") == 0 && pid > 0 ? on_namespaces(r, pid, err) : 0;
}

static int record_running(struct container *c, pid_t pid, struct err *err)
{
	struct record running = c->record;

	running.pid = pid;
	c->record.pid = pid;
	c->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (c->pidfd < 0 || process_start_ticks(pid, &running.start_ticks) < 0)
		return err_sys(err, "hold the restored process of %s", c->record.name);
	running.stage = STAGE_RUNNING;
	running.started_ns = now_ns();
	if (record_write_ahead(c, &running, err) < 0)
		return -1;
	return record_write_next(c, &running, err);
}

static int run_criu(struct restore *r, struct err *err)
{
	struct criu_request *q = &r->dumping.request;
	pid_t pid = -1;

	q->root = r->spec->root.dir;
	q->no_new_privs = r->spec->process.no_new_privs;
	q->new_keyring = !r->spec->process.no_new_keyring;
	q->reached = reached;
	q->arg = r;
	protobuf_string(&q->options, CRIU_ROOT, q->root);
	protobuf_number(&q->options, CRIU_RST_SIBLING, 1);
	protobuf_number(&q->options, CRIU_NOTIFY_SCRIPTS, 1);
	add_namespaces(r);
	add_group(r);
	if (add_streams(&r->dumping, err) < 0 || add_mounts(r, err) < 0 ||
		criu_run(q, &pid, err) < 0)
		return -1;
	return record_running(r->c, pid, err);
}

static int hand_out(struct restore *r, int *ret_console, struct err *err)
{
	int console = r->console;

	r->console = -1;
	if (ret_console && r->bundle->console_socket < 0) {
		*ret_console = console;
		console = -1;
	}
	return bundle_hand_out(r->c, r->bundle, console, err);
}

static int restore_locked(struct restore *r, const struct plan *plan, const struct checkpoint *o,
	int *ret_console, struct err *err)
{
	const struct namespaces *ns = &r->spec->ns;
	const struct id_maps ids = {ns->uid_maps, ns->gid_maps, ns->uid_map_count,
		ns->gid_map_count};
	struct scope scope = SCOPE_NONE;
	int result = -1;

	if (bundle_keep(r->c, r->spec, r->bundle, err) < 0 ||
		bundle_states_make(r->spec, r->bundle, &r->states, err) < 0 ||
		resources_make(r->c, r->spec, err) < 0 ||
		container_make_cgroup_at_path(r->c, r->spec, &scope, err) < 0 ||
		container_limit(r->c, r->spec, plan, err) < 0 ||
		container_delegate(r->c, r->spec, &ids, err) < 0 ||
		ns_paths_open(ns, r->ns_fds, err) < 0) {
		scope_let_go(&scope);
		return -1;
	}
	if (dumping_init(&r->dumping, o, CRIU_RESTORE, err) == 0) {
		result = run_criu(r, err);
		dumping_free(&r->dumping);
	}
	ns_paths_close(ns, r->ns_fds);
	scope_let_go(&scope);
	return result < 0 ? -1 : hand_out(r, ret_console, err);
}

static void undo(struct container *c)
{
	container_undo(c);
	if (c->record.pid > 0)
		waitpid(c->record.pid, NULL, 0);
	container_close(c);
}

int container_restore(const struct store *store, const struct spec *spec, const struct plan *plan,
	const struct bundle *b, const struct checkpoint *o, int *ret_console, struct container *ret,
	struct err *err)
{
	struct container c;
	struct restore r = {.c = &c, .spec = spec, .bundle = b, .console = -1};
	int result;

	if (dumped_check(spec, err) < 0 ||
		namelock_bundle(store, spec, b->dir, b->cgroup, &c, err) < 0)
		return err_wrap(err, "restore %s", spec->name);
	result = restore_locked(&r, plan, o, ret_console, err);
	bundle_states_free(&r.states);
	if (r.console >= 0)
		close(r.console);
	if (result < 0) {
		undo(&c);
		return err_wrap(err, "restore %s", spec->name);
	}
	if (bundle_started(&c, err) < 0) {
		container_close(&c);
		return -1;
	}
	*ret = c;
	return 0;
}
