#include "container/copy.h"

#include "base/fd.h"
#include "base/program.h"
#include "container/life.h"
#include "image/interrupt.h"
#include "launch/detached.h"
#include "ns/idmap.h"
#include "rootfs/mounts.h"
#include "rootfs/overlay.h"
#include "rootfs/tree.h"
#include "state/configfile.h"
#include "state/liveroot.h"
#include "state/namelock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

extern int unshare(int flags);

/* One end, with all that its process needs. */
struct side {
	const struct copy_end *end;
	int root, users; /* of a container that runs */
	bool stopped;    /* then it is held, and its root made by the process */
	struct container held;
	struct spec spec;
	struct plan plan;
	struct detached detached;
	pid_t pid;
	int report;
};

/* As a start would mount them; what is not there any more is no reason to refuse the rest. */
static void keep_volumes(struct spec *spec)
{
	size_t n = 0;

	for (size_t i = 0; i < spec->mount_count; i++) {
		struct mount *m = &spec->mounts[i];

		if (m->kind == MOUNT_BIND && faccessat(AT_FDCWD, m->source, F_OK, 0) == 0)
			spec->mounts[n++] = *m;
	}
	spec->mount_count = n;
	spec->device_count = 0;
	spec->init = false;
}

static int open_mounts(struct side *s, struct err *err)
{
	struct container *c = &s->held;

	c->data_fd = store_data_open(c->store, c->record.name);
	if (c->data_fd < 0)
		return err_sys(err, "open what is kept of %s", c->record.name);
	if (container_spec(c->store, c->record.name, &s->spec, err) < 0)
		return -1;
	keep_volumes(&s->spec);
	if (detached_init(&s->detached, c, &s->spec, err) < 0 ||
		detached_open(&s->detached, c, &s->spec, &s->plan, err) < 0)
		return -1;
	return detached_idmap_own(&s->detached, &s->spec, err);
}

static int open_running(struct side *s, const struct container *c, struct err *err)
{
	if ((c->record.namespaces & CLONE_NEWUSER) &&
		(s->users = idmap_userns_open(c->record.pid, err)) < 0)
		return -1;
	/* Which sees that the number is still that process's. */
	s->root = container_root_open(c, err);
	return s->root < 0 ? -1 : 0;
}

/* Holds a stopped container, so that nobody starts or removes it. If somebody was faster, it runs by now: look
 * again. */
static int open_container(struct side *s, const struct store *store, struct err *err)
{
	for (int tries = 0; tries < 3; tries++) {
		const char *name = s->end->container;
		struct container c;
		int r;

		*err = (struct err){0};
		if (container_open_running(store, name, "copy from or to", &c, err) == 0) {
			r = open_running(s, &c, err);
			container_close(&c);
			return r;
		}
		if (err->sys != ESRCH || container_settle(store, name, err) < 0)
			return -1;
		*err = (struct err){0};
		if (namelock_hold(store, name, &s->held, err) == 0) {
			s->stopped = true;
			return open_mounts(s, err);
		}
		if (err->sys != NAMELOCK_TAKEN)
			return -1;
	}
	return -1;
}

static int close_side(struct side *s, struct err *err)
{
	fd_cleanup(&s->root);
	fd_cleanup(&s->users);
	fd_cleanup(&s->report);
	detached_close(&s->detached);
	if (!s->stopped)
		return 0;
	spec_free(&s->spec);
	return namelock_drop(&s->held, err);
}

/* In a mount namespace that ends with the process: the host's never hears of it. */
static int mount_root(struct side *s, bool to, struct err *err)
{
	const struct overlay overlay = {
		.layers = s->detached.layers,
		.count = s->detached.layer_count,
		.writable = s->detached.writable,
		.nosuid = true,
	};
	struct layout l = {.mounts = s->spec.mounts, .fds = s->detached.sources};

	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(err, "make a mount namespace");
	l.rootfd = overlay_mount(&overlay, err);
	if (l.rootfd < 0)
		return -1;
	for (size_t i = 0; i < s->spec.mount_count; i++) {
		if (mount_place(&l, &s->spec.mounts[i], 0, &s->detached.sources[i], err) < 0)
			return -1;
		l.count = i + 1;
	}
	s->root = layout_root(&l);
	return to && s->spec.root.readonly
		       ? tree_set_attr(l.rootfd, "the root", MOUNT_ATTR_RDONLY, 0, 0, false, err)
		       : 0;
}

static const char *flags_of(const struct side *s, const struct copy *copy, char buf[16])
{
	snprintf(buf, 16, "-%s%s%s%s%s%s", copy->keep_owners ? "a" : "",
		copy->follow_link ? "L" : "", copy->contents ? "c" : "", copy->quiet ? "q" : "",
		copy->from.path ? "" : "s", s->stopped ? "i" : "");
	return buf;
}

/* All but the last, which is the program, go with it. */
static int keep_open(int *fds, size_t n, struct err *err)
{
	for (size_t i = 0; i + 1 < n; i++)
		if (fds[i] >= 0 && fcntl(fds[i], F_SETFD, 0) < 0)
			return err_sys(err, "pass a descriptor on");
	return fd_close_others(3, fds, n) < 0 ? err_sys(err, "close other descriptors") : 0;
}

static int execute(struct side *s, const struct copy *copy, int report, struct err *err)
{
	const bool to = s->end == &copy->to;
	/* Before something of ours lies over /proc. */
	int proc = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char path[4096], numbers[6][12], flags[16], *argv[12] = {(char *)"ctr-copy"};
	int program, empty, fds[7];

	if (proc < 0)
		return err_sys(err, "open /proc/self/fd");
	if (program_path("ctr-copy", path, sizeof(path), err) < 0)
		return -1;
	program = open(path, O_PATH | O_CLOEXEC);
	if (program < 0)
		return err_sys(err, "open %s", path);
	if (s->stopped && mount_root(s, to, err) < 0)
		return -1;
	empty = tree_new("tmpfs", "size=0,nr_inodes=1", MOUNT_ATTR_RDONLY, err);
	if (empty < 0)
		return -1;
	memcpy(fds, (int[]){s->root, empty, s->users, proc, report, s->held.state_fd, program},
		sizeof(fds));
	if (keep_open(fds, 7, err) < 0)
		return -1;
	for (int i = 0; i < 6; i++) {
		snprintf(numbers[i], sizeof(numbers[i]), "%d", i < 5 ? fds[i] : (int)getppid());
		argv[2 + i] = numbers[i];
	}
	argv[1] = (char *)(to ? "extract" : "pack");
	argv[8] = (char *)flags_of(s, copy, flags);
	argv[9] = (char *)s->end->path;
	argv[10] = (char *)copy->name;
	syscall(SYS_execveat, program, "", argv, environ, AT_EMPTY_PATH);
	return err_sys(err, "execute %s", path);
}

static _Noreturn void become(struct side *s, const struct copy *copy, int stream, int report,
	pid_t parent)
{
	struct err err = {0};
	const int at = s->end == &copy->to ? STDIN_FILENO : STDOUT_FILENO;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		err_sys(&err, "be tied to ctr");
	else if (getppid() != parent)
		err_set(&err, "ctr is gone");
	else if (stream >= 0 && dup2(stream, at) < 0)
		err_sys(&err, "make the pipe a standard stream");
	else
		execute(s, copy, report, &err);
	fd_write_all(report, &err, sizeof(err));
	_exit(ERR_STATUS_OURS);
}

/* stream: an end of the pipe, or -1: our own stream is the tar. */
static int start(struct side *s, const struct copy *copy, int stream, struct err *err)
{
	const pid_t parent = getpid();
	int p[2];

	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(err, "make a pipe");
	s->pid = fork();
	if (s->pid == 0)
		become(s, copy, stream, p[1], parent);
	close(p[1]);
	s->report = p[0];
	return s->pid < 0 ? err_sys(err, "make a process that copies") : 0;
}

/* Ends both processes, if one of them cannot be started or if we are to stop. */
static void stop(struct side sides[2])
{
	for (int i = 0; i < 2; i++)
		if (sides[i].pid > 0)
			kill(sides[i].pid, SIGKILL);
}

/* What ld.so ends with when it has said why. */
enum { LOADER_FAILED = 127 };

/* 0, -1 with what it says, or 1: it has said so itself. */
static int finish(struct side *s, struct side sides[2], struct err *err)
{
	struct err said, ignored;
	ssize_t n = 0;
	int status;

	if (s->pid <= 0)
		return 0;
	while (s->report >= 0 && (n = fd_read_all(s->report, &said, sizeof(said))) < 0 &&
		errno == EINTR && interrupt_check(&ignored) == 0)
		;
	if (interrupt_check(&ignored) < 0)
		stop(sides);
	while (waitpid(s->pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(err, "wait for ctr-copy");
		else if (interrupt_check(&ignored) < 0)
			stop(sides);
	s->pid = 0;
	if (n == sizeof(said)) {
		said.text[sizeof(said.text) - 1] = said.hint[sizeof(said.hint) - 1] = '\0';
		*err = said;
		return err_wrap(err, "%s", s->end->label);
	}
	if (WIFSIGNALED(status))
		return err_set(err, "ctr-copy was ended by signal %d (%s)", WTERMSIG(status),
			strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status) == LOADER_FAILED)
		return 1;
	return WEXITSTATUS(status)
		       ? err_set(err, "ctr-copy failed with status %d", WEXITSTATUS(status))
		       : 0;
}

static int start_both(struct side sides[2], const struct copy *copy, struct err *err)
{
	autofd int in = -1, out = -1;
	int p[2];

	if (copy->from.path && copy->to.path) {
		if (pipe2(p, O_CLOEXEC) < 0)
			return err_sys(err, "make a pipe");
		fcntl(p[1], F_SETPIPE_SZ, 1 << 20);
		in = p[0];
		out = p[1];
	}
	if (copy->to.path && start(&sides[1], copy, in, err) < 0)
		return -1;
	return copy->from.path ? start(&sides[0], copy, out, err) : 0;
}

/* If one side fails, the other sees a broken pipe or a tar that ends early. The cause is told, not that. */
static int run_both(struct side sides[2], const struct copy *copy, struct err *err)
{
	struct err from = {0}, to = {0};
	int failed, failed_to;

	if (start_both(sides, copy, err) < 0) {
		stop(sides);
		finish(&sides[0], sides, &from);
		finish(&sides[1], sides, &to);
		return -1;
	}
	failed = finish(&sides[0], sides, &from);
	failed_to = finish(&sides[1], sides, &to);
	if (failed == 0 && failed_to == 0)
		return 0;
	if (failed > 0 || failed_to > 0)
		return ERR_STATUS_OURS;
	*err = failed < 0 && !(failed_to < 0 && from.sys == EPIPE) ? from : to;
	return -1;
}

int container_copy(const struct store *store, const struct copy *copy, struct err *err)
{
	struct side sides[2];
	struct err second = {0};
	int r = 0;

	for (int i = 0; i < 2; i++) {
		sides[i] = (struct side){.end = i ? &copy->to : &copy->from,
			.root = -1,
			.users = -1,
			.report = -1};
		container_init(&sides[i].held, store);
	}
	interrupt_catch();
	for (int i = 0; i < 2 && r == 0; i++)
		if (sides[i].end->container)
			r = open_container(&sides[i], store, err);
	if (r == 0)
		r = run_both(sides, copy, err);
	for (int i = 0; i < 2; i++)
		if (close_side(&sides[i], r < 0 ? &second : err) < 0)
			r = -1;
	interrupt_pass_on();
	return r;
}
