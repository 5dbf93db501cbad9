#include "cli/attach.h"

#include "base/clock.h"
#include "base/fd.h"
#include "cgroup/group.h"
#include "cgroup/stats.h"
#include "cli/command.h"
#include "cli/each.h"
#include "console/attach.h"
#include "console/console.h"
#include "console/foreground.h"
#include "container/life.h"
#include "container/signal.h"
#include "state/alive.h"
#include "state/configfile.h"

#include <stdio.h>
#include <unistd.h>

/* A container does not stand still for longer because of somebody who has only come to look. */
enum { PATIENCE_S = 60 };

struct target {
	struct container c;
	int ended_by; /* the signal in whose place the container was ended */
	bool told;    /* that a signal does nothing */
};

static int pass_signal(void *arg, int sig)
{
	struct target *t = arg;
	struct err ignored;

	if (!t->told && foreground_shrugs_off(&t->c, sig)) {
		t->told = true;
		tell_shrugged_off(&t->c, sig, ", which ctr stop does");
	}
	return container_signal(&t->c, sig, &ignored);
}

static int pass_or_end(void *arg, int sig)
{
	struct target *t = arg;
	int ended_by = foreground_pass_on(&t->c, sig);

	if (!t->ended_by)
		t->ended_by = ended_by;
	return 0;
}

/* Before anyone removes the group; the supervisor reports first, then cleans up. */
static void tell_oom(const struct container *c)
{
	if (c->group_fd >= 0 && cgroup_oom_killed(c->group_fd))
		warn("%s ran out of memory: the kernel killed a process in it", c->record.name);
}

/* The supervisor, or what we hear of it, has gone before the container had. */
static int tell_lost(const struct store *store, const char *name, struct err *err)
{
	struct container c;
	autofd int sock = -1;

	if (container_open_running(store, name, "attach to", &c, err) < 0) {
		err_set(err, "lost the console of %s before its end", name);
		return err_hint(err, "ctr wait %s has the status, ctr logs %s the output", name,
			name);
	}
	sock = attach_connect(c.state_fd, ATTACH_SOCKET, err);
	container_close(&c);
	if (sock < 0)
		return err_set(err, "lost the console of %s: its supervisor is gone", name);
	err_set(err, "lost the console of %s: nobody took its output for too long", name);
	return err_hint(err,
		"it runs on; ctr logs %s has what is missing, ctr attach %s comes back", name,
		name);
}

/* The cursor may be anywhere. */
static void tell_detached(const char *name)
{
	fprintf(stderr, "\nctr: detached from %s, which runs on; ctr attach %s comes back\n", name,
		name);
}

static int attach_ended(const struct store *store, const char *name, enum attach_how how,
	int status, struct err *err)
{
	if (how == ATTACH_LOST)
		return tell_lost(store, name, err);
	if (how == ATTACH_DETACHED)
		tell_detached(name);
	if (how == ATTACH_EXITED && container_settle(store, name, err) < 0)
		return -1;
	return status;
}

int attach_container(const struct store *store, const char *name, int sock,
	const struct console_options *o, struct err *err)
{
	struct detach_keys detach;
	struct target target = {.ended_by = 0};
	struct attach_options options = {
		.tty = o->tty,
		.ours = o->ours,
		.stdin_fd = o->with_stdin ? STDIN_FILENO : -1,
		.stdout_fd = STDOUT_FILENO,
		.stderr_fd = STDERR_FILENO,
		.patience_s = o->ours ? ATTACH_PATIENCE_ENDLESS : PATIENCE_S,
		.until_ns = deadline_after(o->timeout_ns),
		.end_fd = -1,
	};
	enum attach_how how;
	int status = 0, r;
	bool alive;

	if (detach_keys_parse(o->keys ? o->keys : DETACH_KEYS_DEFAULT, &detach, err) < 0)
		return -1;
	options.detach_keys = &detach;
	alive = container_open_running(store, name, "attach to", &target.c, err) == 0;
	if (alive) {
		options.forward = o->ours ? pass_or_end : o->proxy ? pass_signal : NULL;
		options.forward_arg = &target;
		options.end_fd = target.c.pidfd;
	}
	r = attach_run(sock, &options, &status, &how, err);
	if (alive) {
		if (r == 0 && how == ATTACH_EXITED)
			tell_oom(&target.c);
		container_close(&target.c);
	}
	if (r < 0)
		return -1;
	r = attach_ended(store, name, how, status, err);
	return r >= 0 && how == ATTACH_EXITED && target.ended_by ? 128 + target.ended_by : r;
}

struct attach_flags {
	const char *keys;
	bool no_stdin, proxy, proxy_chosen;
};

static int set_proxy(void *to, const char *what, const char *value, struct err *err)
{
	struct attach_flags *f = to;

	f->proxy_chosen = true;
	return flag_bool(&f->proxy, what, value, err);
}

static const struct flag flags[] = {
	{"detach-keys", 0, "KEYS", "leave with these (ctrl-p,ctrl-q)", flag_keys,
		offsetof(struct attach_flags, keys)},
	{"no-stdin", 0, NULL, "only watch", FLAG_BOOL(attach_flags, no_stdin)},
	{"sig-proxy", 0, NULL, "pass signals on (unless --no-stdin)", set_proxy},
	{0},
};

/* How to leave. Not in a file, where nobody leaves. */
static void tell_attached(const char *name, const struct console_options *o)
{
	const char *keys = o->keys ? o->keys : DETACH_KEYS_DEFAULT;

	if (!isatty(STDERR_FILENO))
		return;
	if (o->tty && o->with_stdin && isatty(STDIN_FILENO) && *keys)
		fprintf(stderr, "ctr: attached to %s; %s leaves it running\n", name, keys);
	else if (o->tty && o->with_stdin && isatty(STDIN_FILENO))
		fprintf(stderr, "ctr: attached to %s; closing this terminal leaves it running\n",
			name);
	else if (o->proxy)
		fprintf(stderr,
			"ctr: attached to %s, which gets Ctrl-C; closing this terminal leaves it running, "
			"and so does Ctrl-C with --sig-proxy=false\n",
			name);
	else
		fprintf(stderr, "ctr: attached to %s; Ctrl-C leaves it running\n", name);
}

/* A container whose config.json cannot be read can be stood at all the same. */
static const char *keys_of_run(const struct store *store, const char *name, struct spec *spec)
{
	struct err ignored = {0};

	return container_spec(store, name, spec, &ignored) < 0 ? NULL : spec->process.detach_keys;
}

/* The socket of its supervisor; says whether it has a terminal. */
static int open_console(const struct store *store, const char *name, bool *ret_tty, struct err *err)
{
	struct container c;
	int sock = -1;

	if (container_open_running(store, name, "attach to", &c, err) < 0)
		return -1;
	*ret_tty = c.record.terminal;
	if (cgroup_frozen(c.group_fd) > 0)
		warn("%s is paused: it says and hears nothing until ctr resume %s", name, name);
	if (container_is_forsaken(&c.record, c.state_fd)) {
		err_set(err,
			"the supervisors of %s are gone (killed?): its output is lost, nobody can attach",
			name);
		err_hint(err, "it runs, and ctr exec, ctr stop and ctr rm -f work as before");
	} else if (c.record.supervised)
		sock = attach_connect(c.state_fd, ATTACH_SOCKET, err);
	else
		err_set(err, "%s runs in the foreground of another ctr", name);
	container_close(&c);
	return sock;
}

int attach_running(const struct store *store, const char *name, struct console_options o,
	struct err *err)
{
	autofd int sock = open_console(store, name, &o.tty, err);
	struct spec spec = {0};
	int r;

	if (sock < 0)
		return -1;
	if (o.tty && !o.keys)
		o.keys = keys_of_run(store, name, &spec);
	/* What is typed from here on is for the container, as we say. */
	foreground_block_signals(NULL);
	tell_attached(name, &o);
	r = attach_container(store, name, sock, &o, err);
	spec_free(&spec);
	return r;
}

static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	const struct attach_flags *f = options;
	struct console_options console = {
		.with_stdin = !f->no_stdin,
		.proxy = f->proxy_chosen ? f->proxy : !f->no_stdin,
		.keys = f->keys,
	};
	char name[SPEC_NAME_MAX + 1];

	if (argc != 1)
		return err_set(err, "attach takes one container");
	return container_find(&cli->store, argv[0], name, err) < 0
		       ? -1
		       : attach_running(&cli->store, name, console, err);
}

const struct command command_attach = {
	.name = "attach",
	.summary = "Stand at the console of a detached container",
	.arguments = "CONTAINER",
	.examples = "  ctr attach web          ctrl-p ctrl-q leaves it running\n",
	.flags = flags,
	.run = run,
	.options_size = sizeof(struct attach_flags),
	.use = STORE_CHANGE,
};
