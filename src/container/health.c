#include "container/health.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/streams.h"
#include "cgroup/group.h"
#include "cgroup/tree.h"
#include "container/life.h"
#include "launch/exec.h"
#include "launch/program.h"
#include "process/seccomp.h"
#include "spec/capname.h"
#include "spec/usercaps.h"
#include "state/alive.h"
#include "state/configfile.h"
#include "state/events.h"
#include "state/health.h"
#include "state/namelock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUP "ctr-health"
#define LOCK  "health.lock"

enum { END_SECONDS = 10, STUCK_SECONDS = 60, NAP_MS = 50 };

/* One question. */
struct question {
	struct container *c;
	const struct health_spec *health;
	int group_fd;
	struct health_answer answer;
	bool unanswered; /* it was paused until its time was over */
	char output[HEALTH_OUTPUT_MAX + 1];
	size_t len;
};

/* Nothing that an earlier one has left is there; nor does it get in the way of this one. */
static int group_make(struct question *q, struct err *err)
{
	autofd int old = cgroup_open(q->c->group_fd, GROUP, err);

	if (old < 0 && err->sys != ENOENT)
		return -1;
	if (old >= 0 && (cgroup_kill(old, err) < 0 ||
				cgroup_wait_empty(old, deadline_in(END_SECONDS), err) < 0 ||
				cgroup_remove(q->c->group_fd, GROUP, err) < 0))
		return -1;
	q->group_fd = cgroup_create(q->c->group_fd, GROUP, err);
	return q->group_fd < 0 ? -1 : 0;
}

static void group_end(struct question *q)
{
	struct err err;

	if (q->group_fd < 0)
		return;
	/* What fails for a moment is tried again; what is left then is removed with the next question. */
	for (int tries = 0, done = 0; tries < 3 && !done; tries++)
		done = cgroup_kill(q->group_fd, &err) == 0 &&
		       cgroup_wait_empty(q->group_fd, deadline_in(END_SECONDS), &err) == 0 &&
		       cgroup_remove(q->c->group_fd, GROUP, &err) == 0;
	close(take_fd(&q->group_fd));
}

/* What does not fit is read, so that whoever writes it goes on, and is forgotten. False at its end. */
static bool take_output(struct question *q, int fd)
{
	char rest[4096], *to = q->output + q->len;
	size_t room = HEALTH_OUTPUT_MAX - q->len;
	ssize_t n = room ? read(fd, to, room) : read(fd, rest, sizeof(rest));

	if (n > 0 && room)
		q->len += (size_t)n;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static int status_of(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return HEALTH_NO_STATUS;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* 1 when it has ended, 0 if its time is over. */
static int attend(struct question *q, int fd, int pidfd, uint64_t until)
{
	struct pollfd p[] = {{fd, POLLIN, 0}, {pidfd, POLLIN, 0}};

	for (;;) {
		int ms = deadline_poll_ms(until), n = poll(p, 2, ms);

		if (n < 0 && errno != EINTR)
			return 0;
		if (n > 0 && p[0].revents && !take_output(q, fd))
			p[0].fd = -1;
		if (n > 0 && p[1].revents)
			return 1;
		if (ms == 0)
			return 0;
	}
}

static void say(struct question *q, const char *text)
{
	q->answer.status = HEALTH_NO_STATUS;
	q->len = (size_t)snprintf(q->output, sizeof(q->output), "%s", text);
	if (q->len >= sizeof(q->output))
		q->len = sizeof(q->output) - 1;
}

/* What it has written is in the pipe when it has ended; what others hold of that does not matter. */
static void drain(struct question *q, int fd)
{
	size_t before;

	do {
		before = q->len;
		take_output(q, fd);
	} while (q->len > before && q->len < HEALTH_OUTPUT_MAX);
	q->output[q->len] = '\0';
}

static void hear(struct question *q, int fd, pid_t pid, int pidfd, uint64_t until)
{
	bool ended = attend(q, fd, pidfd, until);

	q->unanswered = !ended && cgroup_frozen(q->c->group_fd) > 0;
	cgroup_kill(q->group_fd, &(struct err){0});
	/* With a writable cgroup tree it may have left the group. */
	syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	q->answer.status = status_of(pid);
	drain(q, fd);
	if (!ended)
		say(q, "the health check took longer than its timeout");
}

/* A command that cannot be executed is an answer, too. */
static void ask(struct question *q, const struct spec *spec, struct plan *plan)
{
	uint64_t until = monotonic_ns() + q->health->timeout_ns;
	autofd int in = -1, out = -1, pidfd = -1;
	struct exec_io io = {.subgroup = GROUP};
	struct err err = {0};
	int p[2];
	pid_t pid;

	if (group_make(q, &err) < 0 || pipe2(p, O_CLOEXEC) < 0) {
		say(q, err.text[0] ? err.text : "no pipe can be made");
		return;
	}
	in = p[0];
	out = p[1];
	io.streams[0] = STREAM_NULL;
	io.streams[1] = io.streams[2] = out;
	if (fcntl(in, F_SETFL, O_NONBLOCK) == 0 &&
		container_exec(q->c, spec, plan, &io, &pid, &pidfd, &err) == 0) {
		close(take_fd(&out));
		hear(q, in, pid, pidfd, until);
	} else {
		say(q, err.text);
	}
	group_end(q);
}

/* As ctr exec has it, with the health check as its command. */
static int prepare(struct spec *spec, char **argv, struct err *err)
{
	struct process_spec *p = &spec->process;

	p->argv = health_command(&spec->health, argv);
	if (!p->argv)
		return err_set(err, "%s: its health check is neither CMD nor CMD-SHELL",
			spec->name);
	for (p->argc = 0; p->argv[p->argc];)
		p->argc++;
	p->terminal = p->open_stdin = false;
	spec->init = spec->die_with_parent = false;
	usercaps_set(p, p->caps[CAPSET_AMBIENT] | (p->caps[CAPSET_BOUNDING] & ~caps_default()));
	return 0;
}

static int ask_planned(struct question *q, struct spec *spec, struct err *err)
{
	char **argv = arena_alloc(&spec->arena, (spec->health.test_count + 3) * sizeof(*argv));
	struct plan plan;
	int r;

	if (prepare(spec, argv, err) < 0 || plan_make(spec, NULL, &plan, &spec->arena, err) < 0)
		return -1;
	r = seccomp_resolve(&spec->process, q->c->store->root_fd, &plan.filter, err);
	if (r == 0) {
		q->answer.start_ns = now_ns();
		ask(q, spec, &plan);
		q->answer.end_ns = now_ns();
		q->answer.output = q->output;
		seccomp_free(&plan.filter);
	}
	cgroup_plan_free(&plan.cgroup);
	return r < 0 ? -1 : 0;
}

static uint64_t age_at(const struct container *c, int64_t ns)
{
	return ns > c->record.started_ns ? (uint64_t)(ns - c->record.started_ns) : 0;
}

/* An answer of one that has ended meanwhile is of nobody. */
static bool has_ended(const struct container *c)
{
	struct pollfd p = {c->pidfd, POLLIN, 0};

	return poll(&p, 1, 0) != 0;
}

static int keep(struct question *q, struct health_result *ret, struct err *err)
{
	uint64_t age = age_at(q->c, q->answer.start_ns);
	struct arena a = {0};
	enum health_status was;
	struct health h;
	int r = health_read(q->c->state_fd, &q->c->record, &a, &h, err);

	was = h.state.status;
	ret->well = q->answer.status == 0;
	h.state = health_step(q->health, h.state, age, ret->well);
	health_add(&h, &q->answer);
	ret->status = h.state.status;
	ret->soon = health_is_starting(q->health, h.state, age_at(q->c, now_ns()));
	if (r == 0)
		r = health_write(q->c, &h, err);
	if (r == 0 && h.state.status != was)
		container_tell(q->c, "health_status", "status", health_status_name(h.state.status));
	arena_free(&a);
	return r;
}

static int ask_locked(struct container *c, struct spec *spec, struct health_result *ret,
	struct err *err)
{
	struct question q = {.c = c, .health = &spec->health, .group_fd = -1};

	ret->asked = HEALTH_NOT_ASKED;
	ret->soon = health_is_starting(&spec->health,
		(struct health_state){.status = health_peek(c->state_fd, &c->record)},
		age_at(c, now_ns()));
	if (cgroup_frozen(c->group_fd) > 0)
		return 0;
	if (ask_planned(&q, spec, err) < 0)
		return -1;
	if (q.unanswered || has_ended(c))
		return 0;
	ret->asked = HEALTH_ASKED;
	return keep(&q, ret, err);
}

static int ask_opened(struct container *c, struct spec *spec, bool busy_waits, char *const *argv,
	struct health_result *ret, struct err *err)
{
	autofd int lock = -1;

	if (!spec->health.test_count) {
		err_set(err, "%s has no health check", c->record.name);
		return err_hint(err, "ctr run --health-cmd COMMAND, or an image with one");
	}
	if (program_in_reach(spec) && program_protect(argv, err) < 0)
		return -1;
	/* What hangs in a file system of the container's does so without us. */
	if (!busy_waits)
		alarm((unsigned)(spec->health.timeout_ns / SECOND_NS) + STUCK_SECONDS);
	lock = openat(c->state_fd, LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (lock >= 0 && flock(lock, LOCK_EX | (busy_waits ? 0 : LOCK_NB)) == 0)
		return ask_locked(c, spec, ret, err);
	if (lock < 0 || errno != EWOULDBLOCK)
		return err_sys(err, "lock the health check of %s", c->record.name);
	*ret = (struct health_result){.asked = HEALTH_NOT_ASKED};
	return 0;
}

int container_ask_health(const struct store *store, const char *name, const char *due_id,
	char *const *argv, struct health_result *ret, struct err *err)
{
	struct container c;
	struct spec spec;
	int r;

	if (container_open_running(store, name, "ask", &c, err) < 0)
		return -1;
	if (due_id && strcmp(c.record.id, due_id) != 0) {
		container_close(&c);
		err_set(err, "%s is another container", name);
		err->sys = ESRCH;
		return -1;
	}
	r = container_spec(store, name, &spec, err);
	if (r == 0) {
		r = ask_opened(&c, &spec, !due_id, argv, ret, err);
		spec_free(&spec);
	}
	container_close(&c);
	return r;
}

static int watch(const struct container *c, struct err *err)
{
	autofd int notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", c->state_fd);
	if (notify < 0 || inotify_add_watch(notify, path, IN_MOVED_TO) < 0)
		return err_sys(err, "wait for the health of %s", c->record.name);
	return take_fd(&notify);
}

/* Of this start: 1, or 0 when it has ended. */
static int wait_running(struct container *c, enum health_status wanted, struct err *err)
{
	autofd int notify = watch(c, err);
	struct pollfd p[] = {{notify, POLLIN, 0}, {c->pidfd, POLLIN, 0}};
	char events[4096];

	if (notify < 0)
		return -1;
	while (health_peek(c->state_fd, &c->record) != wanted) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return err_sys(err, "wait for the health of %s", c->record.name);
		if (p[1].revents)
			return 0;
		while (read(notify, events, sizeof(events)) > 0)
			;
	}
	return 1;
}

int container_wait_health(const struct store *store, const char *name, enum health_status wanted,
	struct err *err)
{
	struct container c;
	int r;

	/* One that is started again has another chance. */
	do {
		if (container_open_running(store, name, "wait for", &c, err) < 0) {
			struct err second;

			if (err->sys != ESRCH || container_is_coming(store, name, &second) <= 0)
				return -1;
			poll(NULL, 0, NAP_MS);
			r = 0;
			continue;
		}
		r = c.record.healthcheck ? wait_running(&c, wanted, err)
					 : err_set(err, "%s has no health check", name);
		container_close(&c);
	} while (r == 0);
	return r < 0 ? -1 : 0;
}
