#include "container/engine.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/json.h"
#include "base/jsonwide.h"
#include "cgroup/group.h"
#include "cgroup/tree.h"
#include "container/signal.h"
#include "launch/hooks.h"
#include "launch/startsocket.h"
#include "spec/config.h"
#include "state/cgroup.h"
#include "state/configfile.h"
#include "state/kill.h"
#include "state/release.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

enum { KILL_SECONDS = 10 };

const char *bundle_status_name(enum container_status s)
{
	return s == CONTAINER_EXITED ? "stopped" : container_status_name(s);
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

int bundle_do(const struct store *store, const char *id, enum namelock_wait wait, bundle_fn *f,
	void *arg, struct err *err)
{
	enum container_status status;
	struct container c;
	int r;

	if (bundle_open(store, id, wait, &c, err) < 0)
		return -1;
	r = container_status(&c, &status, err) < 0 ? -1 : f(&c, status, arg, err);
	container_close(&c);
	return r;
}

char *bundle_state(const struct container *c, enum container_status status,
	enum oci_state_form form, struct err *err)
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
	json_object_set_new(j, "pid", json_integer(status == CONTAINER_EXITED ? 0 : c->record.pid));
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
	state = bundle_state(c, CONTAINER_RUNNING, STATE_COMPACT, err);
	to.dir_fd = dir = bundle_dir_open(c->record.bundle);
	r = state ? hooks_run(&spec.hooks, HOOK_POSTSTART, state, &to, err) : -1;
	spec_free(&spec);
	return r;
}

int bundle_destroy(struct container *c)
{
	struct err second;

	if (bundle_delete(c, true, &second) < 0)
		warn("%s", second.text);
	return -1;
}

int bundle_started(struct container *c, struct err *err)
{
	return run_poststart_hooks(c, err) < 0 ? bundle_destroy(c) : 0;
}

int bundle_start(struct container *c, struct err *err)
{
	enum container_status status;

	if (container_status(c, &status, err) < 0)
		return -1;
	if (status == CONTAINER_PAUSED && start_socket_is_there(c->state_fd))
		return err_set(err, "cannot start a container that is paused: %s", c->record.name);
	if (status == CONTAINER_RUNNING || status == CONTAINER_PAUSED)
		return err_set(err, "cannot start an already running container: %s",
			c->record.name);
	if (status != CONTAINER_CREATED)
		return err_set(err, "cannot start a container that has stopped: %s",
			c->record.name);
	if (start_socket_connect(c->state_fd, err) < 0)
		return err->sys == HOOK_FAILED ? bundle_destroy(c) : -1;
	return bundle_started(c, err);
}

static int not_running(const struct container *c, struct err *err)
{
	err_set(err, "container not running: %s", c->record.name);
	err->sys = ESRCH;
	return -1;
}

int bundle_kill(struct container *c, enum container_status status, int sig, bool all,
	struct err *err)
{
	const bool each = all || sig == SIGKILL;

	/* Without a pid namespace the first process may have left others behind. */
	if (each && status == CONTAINER_EXITED && container_open_cgroup(c, err) < 0)
		return -1;
	if (each && c->group_fd >= 0 && (all || c->pidfd >= 0 || cgroup_populated(c->group_fd) > 0))
		return cgroup_signal(c->group_fd, sig, err);
	if (c->pidfd < 0)
		return all && status == CONTAINER_EXITED ? 0 : not_running(c, err);
	if (container_signal(c, sig, err) == 0)
		return 0;
	/* Some engines look for the one word here, some for the other. */
	return err->sys != ESRCH ? -1 : (not_running(c, err), err_wrap(err, "no such process"));
}

int bundle_delete(struct container *c, bool force, struct err *err)
{
	struct spec spec = {0};
	struct hook_setting to = {0};
	autofree char *state = NULL;
	autofd int dir = -1;
	enum container_status status;
	bool hooks = c->record.late_hooks;
	int r;

	if (container_status(c, &status, err) < 0)
		return -1;
	if (!force && (status == CONTAINER_RUNNING || status == CONTAINER_PAUSED))
		return err_set(err, "cannot delete container %s that is not stopped: %s",
			c->record.name, bundle_status_name(status));
	if (c->pidfd >= 0 && container_kill(c, KILL_SECONDS, err) < 0)
		return -1;
	/* What they are told is gone when they are run. A create that died early has written neither. */
	if (hooks && (bundle_spec(c, &spec, err) < 0 ||
			     !(state = bundle_state(c, CONTAINER_EXITED, STATE_COMPACT, err)))) {
		if (status != CONTAINER_CREATING || err->sys != ENOENT)
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
