#include "container/engine.h"

#include "base/await.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/jsonwide.h"
#include "cgroup/group.h"
#include "cgroup/tree.h"
#include "launch/hooks.h"
#include "launch/startsocket.h"
#include "spec/config.h"
#include "state/alive.h"
#include "state/cgroup.h"
#include "state/configfile.h"
#include "state/release.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *bundle_status_name(enum bundle_status s)
{
	static const char *const names[] = {
		[BUNDLE_CREATING] = "creating",
		[BUNDLE_CREATED] = "created",
		[BUNDLE_RUNNING] = "running",
		[BUNDLE_PAUSED] = "paused",
		[BUNDLE_STOPPED] = "stopped",
	};

	return names[s];
}

int bundle_id_check(const char *id, struct err *err)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-.";

	if (!*id || *id == '.' || id[strspn(id, letters)])
		return err_value(err, "container id", id,
			"must be letters, digits, '_', '+', '-' and, but for the first, '.'");
	if (strlen(id) > RECORD_NAME_MAX)
		return err_value(err, "container id", id, "is longer than %d bytes",
			RECORD_NAME_MAX);
	return 0;
}

int bundle_open(const struct store *store, const char *id, enum namelock_wait wait,
	struct container *ret, struct err *err)
{
	if (bundle_id_check(id, err) < 0)
		return -1;
	if (namelock_open(store, id, wait, ret, err) == 0)
		return 0;
	return err->sys == ENOENT ? bundle_does_not_exist(id, err) : -1;
}

int bundle_status(struct container *c, enum bundle_status *ret, struct err *err)
{
	int alive;

	if (c->record.stage == STAGE_CREATING) {
		*ret = BUNDLE_CREATING;
		return 0;
	}
	alive = container_is_alive(c, err);
	if (alive < 0)
		return -1;
	if (alive == 0) {
		*ret = BUNDLE_STOPPED;
		return 0;
	}
	if (container_open_cgroup(c, err) < 0)
		return -1;
	if (c->group_fd >= 0 && cgroup_frozen(c->group_fd) > 0)
		*ret = BUNDLE_PAUSED;
	else
		*ret = start_socket_is_there(c->state_fd) ? BUNDLE_CREATED : BUNDLE_RUNNING;
	return 0;
}

char *bundle_state(const struct container *c, enum bundle_status status, enum oci_state_form form,
	struct err *err)
{
	autofree char *text = NULL;
	autojson json_t *j = NULL;
	size_t len;

	if (bundle_read(c, BUNDLE_STATE, &text, &len, err) < 0)
		return NULL;
	j = json_parse(BUNDLE_STATE, text, len, err);
	if (!j)
		return NULL;
	json_object_del(j, BUNDLE_STREAMS);
	json_object_set_new(j, "pid", json_integer(status == BUNDLE_STOPPED ? 0 : c->record.pid));
	json_object_set_new(j, "status", json_string(bundle_status_name(status)));
	return json_text(j, form == STATE_INDENTED ? JSON_INDENT(2) : JSON_COMPACT, err);
}

static int run_poststart_hooks(const struct container *c, struct err *err)
{
	struct hook_setting to = {0};
	autofree char *state = NULL;
	autofd int dir = -1;
	struct spec spec;
	int r;

	if (!c->record.late_hooks)
		return 0;
	if (bundle_spec(c, &spec, err) < 0)
		return -1;
	state = bundle_state(c, BUNDLE_RUNNING, STATE_COMPACT, err);
	to.dir_fd = dir = bundle_dir_open(c->record.bundle);
	r = state ? hooks_run(&spec.hooks, HOOK_POSTSTART, state, &to, err) : -1;
	spec_free(&spec);
	return r;
}

/* Kills the first process, and with its pid namespace or by its group all the others. */
static int end(struct container *c, struct err *err)
{
	if (c->group_fd >= 0 && cgroup_kill(c->group_fd, err) < 0)
		return -1;
	if (c->group_fd < 0)
		syscall(SYS_pidfd_send_signal, c->pidfd, SIGKILL, NULL, 0);
	if (await_readable(c->pidfd, deadline_in(BUNDLE_KILL_SECONDS)) > 0)
		return 0;
	return err_set(err, "%s does not end: its first process survives SIGKILL", c->record.name);
}

/* What the specification wants once a hook has failed the start: the way of a container from its end on. */
static int destroy(struct container *c)
{
	struct err second;

	if (bundle_delete(c, true, &second) < 0)
		warn("%s", second.text);
	return -1;
}

int bundle_started(struct container *c, struct err *err)
{
	return run_poststart_hooks(c, err) < 0 ? destroy(c) : 0;
}

int bundle_start(struct container *c, struct err *err)
{
	enum bundle_status status;

	if (bundle_status(c, &status, err) < 0)
		return -1;
	if (status == BUNDLE_PAUSED && start_socket_is_there(c->state_fd))
		return err_set(err, "cannot start a container that is paused: %s", c->record.name);
	if (status == BUNDLE_RUNNING || status == BUNDLE_PAUSED)
		return err_set(err, "cannot start an already running container: %s",
			c->record.name);
	if (status != BUNDLE_CREATED)
		return err_set(err, "cannot start a container that has stopped: %s",
			c->record.name);
	if (start_socket_connect(c->state_fd, err) < 0)
		return err->sys == HOOK_FAILED ? destroy(c) : -1;
	return bundle_started(c, err);
}

static int compare_pids(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

/* A number that was read may be somebody else's when the signal is sent. So each is opened first; who
 * is in the group after that is who was opened. */
static int kill_each(int group_fd, int sig, const pid_t *pids, int *pidfds, size_t n,
	struct err *err)
{
	autofree pid_t *still = NULL;
	size_t count;

	for (size_t i = 0; i < n; i++)
		pidfds[i] = (int)syscall(SYS_pidfd_open, pids[i], 0);
	if (cgroup_procs(group_fd, &still, &count, err) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (pidfds[i] >= 0 && bsearch(&pids[i], still, count, sizeof(pid_t), compare_pids))
			syscall(SYS_pidfd_send_signal, pidfds[i], sig, NULL, 0);
	return 0;
}

static int kill_all(struct container *c, int sig, struct err *err)
{
	autofree pid_t *pids = NULL;
	autofree int *pidfds = NULL;
	size_t n;
	int r;

	if (sig == SIGKILL)
		return cgroup_kill(c->group_fd, err);
	if (cgroup_procs(c->group_fd, &pids, &n, err) < 0)
		return -1;
	pidfds = malloc((n + 1) * sizeof(*pidfds));
	if (!pidfds)
		return err_sys(err, "cannot signal the processes of %s", c->record.name);
	r = kill_each(c->group_fd, sig, pids, pidfds, n, err);
	for (size_t i = 0; i < n; i++)
		if (pidfds[i] >= 0)
			close(pidfds[i]);
	return r;
}

static int not_running(const struct container *c, struct err *err)
{
	err_set(err, "container not running: %s", c->record.name);
	err->sys = ESRCH;
	return -1;
}

int bundle_kill(struct container *c, int sig, bool all, struct err *err)
{
	enum bundle_status status;
	bool stopped;

	if (bundle_status(c, &status, err) < 0)
		return -1;
	stopped = status == BUNDLE_STOPPED;
	/* Without a pid namespace the first process may have left others behind. */
	if (stopped && (all || sig == SIGKILL) && container_open_cgroup(c, err) < 0)
		return -1;
	if (stopped && c->group_fd >= 0 && cgroup_populated(c->group_fd) <= 0 && !all)
		return not_running(c, err);
	if (c->group_fd >= 0 && (all || sig == SIGKILL))
		return kill_all(c, sig, err);
	if (all && stopped)
		return 0;
	if (stopped || status == BUNDLE_CREATING)
		return not_running(c, err);
	if (syscall(SYS_pidfd_send_signal, c->pidfd, sig, NULL, 0) == 0)
		return 0;
	/* Some engines look for the one word here, some for the other. */
	if (errno == ESRCH)
		return not_running(c, err), err_wrap(err, "no such process");
	return err_sys(err, "cannot send signal %d to %s", sig, c->record.name);
}

int bundle_delete(struct container *c, bool force, struct err *err)
{
	struct spec spec = {0};
	struct hook_setting to = {0};
	autofree char *state = NULL;
	autofd int dir = -1;
	enum bundle_status status;
	bool hooks = c->record.late_hooks;
	int r;

	if (bundle_status(c, &status, err) < 0)
		return -1;
	if (!force && (status == BUNDLE_RUNNING || status == BUNDLE_PAUSED))
		return err_set(err, "cannot delete container %s that is not stopped: %s",
			c->record.name, bundle_status_name(status));
	if (status != BUNDLE_STOPPED && status != BUNDLE_CREATING && end(c, err) < 0)
		return -1;
	/* What they are told is gone when they are run. A create that died early has written neither. */
	if (hooks && (bundle_spec(c, &spec, err) < 0 ||
			     !(state = bundle_state(c, BUNDLE_STOPPED, STATE_COMPACT, err)))) {
		if (status != BUNDLE_CREATING || err->sys != ENOENT)
			warn("hooks of %s are not run: %s", c->record.name, err->text);
		hooks = false;
	}
	to.dir_fd = dir = hooks ? bundle_dir_open(c->record.bundle) : -1;
	r = container_release(c, -1, err);
	if (r == 0 && hooks)
		hooks_run_all(&spec.hooks, HOOK_POSTSTOP, state, &to);
	spec_free(&spec);
	return r;
}

int bundle_each(const struct store *store, int (*f)(const char *id, void *arg, struct err *err),
	void *arg, struct err *err)
{
	autodir DIR *d = dir_open_at(store->state_fd, ".");
	struct dirent *e;
	int r;

	if (!d)
		return err_sys(err, "read %s", store->state);
	while ((errno = 0, e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		r = f(e->d_name, arg, err);
		if (r != 0)
			return r;
	}
	return errno ? err_sys(err, "read %s", store->state) : 0;
}
