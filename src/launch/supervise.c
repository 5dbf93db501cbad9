#include "launch/supervise.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/fdpass.h"
#include "base/streams.h"
#include "cgroup/hierarchy.h"
#include "console/attach.h"
#include "launch/details.h"
#include "launch/start.h"
#include "ns/clone.h"
#include "state/connection.h"
#include "state/events.h"
#include "state/namelock.h"
#include "state/recordfile.h"
#include "state/release.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Streams between payload and supervisor: [0] is read, [1] written. */
struct streams {
	int in[2], out[2], err[2];
};

/* The writing end of a pipe, open for reading too: whoever has it is its own last reader, and gets
 * neither EPIPE nor SIGPIPE should the supervisor be killed. */
static int keep_readable(int *fd, struct err *err)
{
	char path[32];
	int both;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", *fd);
	both = open(path, O_RDWR | O_CLOEXEC);
	if (both < 0)
		return err_sys(err, "open a pipe to the container");
	close(*fd);
	*fd = both;
	return 0;
}

static int streams_open(struct streams *s, const struct spec *spec, struct err *err)
{
	*s = (struct streams){{-1, -1}, {-1, -1}, {-1, -1}};
	if (spec->process.terminal)
		return 0;
	if (pipe2(s->out, O_CLOEXEC) < 0 || pipe2(s->err, O_CLOEXEC) < 0 ||
		(spec->process.open_stdin && pipe2(s->in, O_CLOEXEC) < 0))
		return err_sys(err, "cannot make a pipe to the container");
	return keep_readable(&s->out[1], err) < 0 ? -1 : keep_readable(&s->err[1], err);
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Found before anything is started. */
struct programs {
	char supervisor[4096], cleaner[4096], resolver[4096];
};

static int programs_find(struct programs *p, const struct spec *spec, struct err *err)
{
	if (program_path("ctr-supervisor", p->supervisor, sizeof(p->supervisor), err) < 0)
		return -1;
	if (spec->network.attachment_count &&
		program_path("ctr-resolver", p->resolver, sizeof(p->resolver), err) < 0)
		return -1;
	return program_path("ctr", p->cleaner, sizeof(p->cleaner), err);
}

struct supervisor_args {
	char text[21][32];
	char *argv[64];
	size_t argc, texts;
	int error; /* errno of what failed, or 0 */
};

static void arg(struct supervisor_args *a, const char *word)
{
	a->argv[a->argc++] = (char *)word;
	a->argv[a->argc] = NULL;
}

/* An option with a number; a descriptor must survive the exec. */
static void arg_number(struct supervisor_args *a, const char *option, uint64_t value)
{
	char *text = a->text[a->texts++];

	snprintf(text, sizeof(a->text[0]), "%" PRIu64, value);
	arg(a, option);
	arg(a, text);
}

static void arg_fd(struct supervisor_args *a, const char *option, int fd)
{
	if (fd < 0)
		return;
	if (fcntl(fd, F_SETFD, 0) < 0)
		a->error = errno;
	arg_number(a, option, (uint64_t)fd);
}

static void arg_ctr(struct supervisor_args *a, const struct programs *programs,
	const struct store *store)
{
	arg(a, "--");
	arg(a, programs->cleaner);
	arg(a, "--root");
	arg(a, store->root);
	arg(a, "--state");
	arg(a, store->state);
}

static void arg_network(struct supervisor_args *a, const struct programs *programs,
	const struct connection *n)
{
	arg_fd(a, "--hold", n->holders);
	if (n->resolver[0] < 0)
		return;
	arg(a, "--resolver");
	arg(a, programs->resolver);
	arg_fd(a, "--resolver-udp", n->resolver[0]);
	arg_fd(a, "--resolver-tcp", n->resolver[1]);
}

/* Turns this process into the supervisor of the payload it is the parent of. */
static int become_supervisor(struct container *c, const struct spec *spec, const struct streams *s,
	int console, int listener, int report, const struct programs *programs, struct err *err)
{
	struct supervisor_args a = {.argc = 0};
	struct metadata was;
	int exit_fd = openat(c->state_fd, "exit", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (exit_fd < 0)
		return err_sys(err, "make the exit file of %s", spec->name);
	/* What the caller has open is not for those who outlive it: locks, ends of pipes. */
	if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return err_sys(err, "close what %s is not to have", programs->supervisor);
	arg(&a, "ctr-supervisor");
	arg_fd(&a, "--ready", report);
	arg_number(&a, "--pid", (uint64_t)c->record.pid);
	arg_fd(&a, "--pidfd", c->pidfd);
	arg_fd(&a, "--tty", console);
	arg_fd(&a, "--stdin", s->in[1]);
	arg_fd(&a, "--stdout", s->out[0]);
	arg_fd(&a, "--stderr", s->err[0]);
	arg_fd(&a, "--log-dir", c->data_fd);
	arg_number(&a, "--log-max", spec->log_max_bytes);
	arg_number(&a, "--log-rate", spec->log_rate_bytes);
	arg_fd(&a, "--listen", listener);
	arg_fd(&a, "--exit", exit_fd);
	arg_fd(&a, "--lock", c->state_fd);
	if (c->connection)
		arg_network(&a, programs, c->connection);
	if (spec->timeout_ns)
		arg_number(&a, "--timeout-ns", spec->timeout_ns);
	if (spec->health.test_count)
		arg_number(&a, "--check-ns", spec->health.interval_ns);
	if (spec->health.test_count && spec->health.start_period_ns)
		arg_number(&a, "--check-soon-ns", spec->health.start_interval_ns);
	arg_ctr(&a, programs, c->store);
	arg(&a, "gc");
	arg(&a, "--container");
	arg(&a, spec->name);
	arg_fd(&a, "--lock-fd", c->state_fd);
	if (spec->health.test_count) {
		arg_ctr(&a, programs, c->store);
		arg(&a, "healthcheck");
		arg(&a, "due");
		arg(&a, spec->name);
		arg(&a, spec->id);
	}
	errno = a.error;
	if (a.error)
		return err_sys(err, "hand over descriptors to %s", programs->supervisor);
	/* Last: of a --rm that is told to have run, nothing is kept. */
	details_tell_again(c, &was);
	container_tell_started(c, spec);
	execv(programs->supervisor, a.argv);
	err_sys(err, "cannot execute %s", programs->supervisor);
	details_tell_back(c, &was);
	metadata_free(&was);
	return -1;
}

/* Clients come through a socket in the state directory; the first one, whoever started us, is
 * connected before anything can be missed. */
static int open_listener(const struct container *c, bool attach, int report, struct err *err)
{
	autofd int listener = attach_listen(c->state_fd, ATTACH_SOCKET, err);
	autofd int client = -1;

	if (listener < 0)
		return -1;
	if (attach) {
		client = attach_connect(c->state_fd, ATTACH_SOCKET, err);
		if (client < 0 || fds_send(report, &client, 1, err) < 0)
			return -1;
	}
	return take_fd(&listener);
}

/* In the process that will be the supervisor. Returns only on failure. */
static int start_and_supervise(const struct store *store, const struct spec *spec,
	struct plan *plan, const struct supervision *how, int64_t again_ns, int report,
	struct err *err)
{
	struct programs programs;
	struct streams s;
	struct container c;
	int console = -1, listener;
	struct start_io io = {
		.ret_console = &console,
		.logged = true,
		.image_lock = how->image_lock,
		.again_ns = again_ns,
		.held = how->held,
	};

	if (!how->held && setsid() < 0)
		return err_sys(err, "cannot start a session");
	if (programs_find(&programs, spec, err) < 0 || streams_open(&s, spec, err) < 0)
		return -1;
	io.streams[0] = spec->process.open_stdin ? s.in[0] : STREAM_NULL;
	io.streams[1] = s.out[1];
	io.streams[2] = s.err[1];
	if (container_start(store, spec, plan, &io, &c, err) < 0)
		return -1;
	close_fd(s.in[0]);
	close_fd(s.out[1]);
	close_fd(s.err[1]);
	c.record.supervised = true;
	if (record_write(&c, err) == 0) {
		listener = open_listener(&c, how->ret_attach, report, err);
		if (listener >= 0)
			become_supervisor(&c, spec, &s, console, listener, report, &programs, err);
	}
	if (how->held)
		details_tell_failure(&c, err);
	container_undo(&c);
	return -1;
}

enum { FAILURE = 1 }; /* the first byte of one */

/* The client's connection, if it is wanted; then one byte from the supervisor, once it serves. A failure
 * is one byte, which fds_receive() may have taken, and a struct err; or the supervisor's own, a line. */
static int await_supervisor(int report, int *ret_attach, struct err *err)
{
	char buf[1 + sizeof(struct err)];
	struct err no_client = {0};
	autofd int client = -1;
	ssize_t n;

	if (ret_attach && fds_receive(report, &client, 1, &no_client) < 0)
		client = -1;
	n = fd_read_all(report, buf, sizeof(buf));
	if (n >= (ssize_t)sizeof(*err)) {
		memcpy(err, buf + n - (ssize_t)sizeof(*err), sizeof(*err));
		return -1;
	}
	if (n > 1) {
		const char *text = buf + (buf[0] == FAILURE);

		return err_set(err, "%.*s", (int)(buf + n - text), text);
	}
	if (n < 0)
		return err_sys(err, "cannot hear from the process that was to start the container");
	if (n != 1 || (ret_attach && client < 0))
		return err_set(err, "the process that was to start the container ended early");
	if (ret_attach)
		*ret_attach = take_fd(&client);
	return 0;
}

/* The id is the same at each start. */
static bool is_of_start(const struct record *r, const struct spec *spec, int64_t again_ns)
{
	return strcmp(r->id, spec->id) == 0 && (!again_ns || r->started_ns == again_ns);
}

/* The name may have been somebody else's all the time, or be another start's. */
static void discard(const struct store *store, const struct spec *spec, int64_t again_ns)
{
	struct err err = {0};
	struct container c;
	bool ours;

	if (namelock_open(store, spec->name, NAMELOCK_NONE, &c, &err) < 0)
		return;
	ours = is_of_start(&c.record, spec, again_ns);
	container_close(&c);
	if (!ours || namelock_open(store, spec->name, NAMELOCK_WAIT, &c, &err) < 0)
		return;
	if (is_of_start(&c.record, spec, again_ns))
		container_undo(&c);
	container_close(&c);
}

static int report_failure(int report, const struct err *err)
{
	char buf[1 + sizeof(*err)];

	buf[0] = FAILURE;
	memcpy(buf + 1, err, sizeof(*err));
	return fd_write_all(report, buf, sizeof(buf));
}

static int report_exhausted; /* the parent's end tells, not the child's own standard error */

static void out_of_memory(void)
{
	struct err err = {.text = "out of memory"};

	report_failure(report_exhausted, &err);
	_exit(ERR_STATUS_OURS);
}

/* Moving there later would make every fork on the host wait. */
pid_t supervisor_fork(void)
{
	struct err ignored;
	autofd int group = cgroup_supervisors_open(), pidfd = -1;
	pid_t pid = group < 0 ? -1 : ns_clone(0, group, &pidfd, &ignored);

	return pid < 0 ? fork() : pid;
}

int container_supervise(const struct store *store, const struct spec *spec, struct plan *plan,
	const struct supervision *how, struct err *err)
{
	const int64_t again_ns = how->again ? now_ns() : 0;
	int report[2], r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, report) < 0)
		return err_sys(err, "cannot make a socket pair");
	pid = supervisor_fork();
	if (pid < 0) {
		err_sys(err, "cannot create the supervisor");
		close(report[0]);
		close(report[1]);
		return -1;
	}
	if (pid == 0) {
		close(report[0]);
		report_exhausted = report[1];
		arena_exhausted = out_of_memory;
		start_and_supervise(store, spec, plan, how, again_ns, report[1], err);
		report_failure(report[1], err);
		_exit(ERR_STATUS_OURS);
	}
	close(report[1]);
	r = await_supervisor(report[0], how->ret_attach, err);
	close(report[0]);
	if (r < 0) {
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		discard(store, spec, again_ns);
	}
	return r;
}

int container_supervise_held(struct container *held, const struct spec *spec, struct plan *plan,
	struct err *err)
{
	const struct supervision how = {.image_lock = -1, .held = held};

	return start_and_supervise(held->store, spec, plan, &how, 0, -1, err);
}
