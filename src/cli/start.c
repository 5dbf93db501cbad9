#include "base/num.h"
#include "cli/attach.h"
#include "cli/each.h"
#include "cli/terminal.h"
#include "console/attach.h"
#include "console/console.h"
#include "container/life.h"
#include "container/prepare.h"
#include "container/restart.h"
#include "container/shutdown.h"
#include "launch/program.h"
#include "state/configfile.h"
#include "state/events.h"
#include "state/gc.h"
#include "state/namelock.h"
#include "state/status.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	UP = CHOICE_OF(CONTAINER_RUNNING) | CHOICE_OF(CONTAINER_PAUSED),
	DOWN = CHOICE_OF(CONTAINER_CREATED) | CHOICE_OF(CONTAINER_RESTARTING) |
	       CHOICE_OF(CONTAINER_EXITED),
};

struct start_flags {
	struct choice choice; /* first */
	bool attach, interactive;
	const char *keys;
};

static const struct flag start_flags[] = {
	{"attach", 'a', NULL, "stand at its console until it ends", FLAG_BOOL(start_flags, attach)},
	{"interactive", 'i', NULL, "and pass standard input on",
		FLAG_BOOL(start_flags, interactive)},
	{"all", 0, NULL, "all that do not run", FLAG_BOOL(choice, all)},
	CHOICE_FILTER('f'),
	{"detach-keys", 0, "KEYS", "leave with these (ctrl-p,ctrl-q)", flag_keys,
		offsetof(struct start_flags, keys)},
	{0},
};

/* Before anything is done: what goes on in a copy of ours begins anew. */
static int protect_first(struct cli *cli, int argc, char **argv, struct err *err)
{
	for (int i = 0; i < argc; i++) {
		char name[SPEC_NAME_MAX + 1];
		struct err ignored;
		struct spec spec;
		bool in_reach;

		if (container_find(&cli->store, argv[i], name, &ignored) < 0 ||
			container_spec(&cli->store, name, &spec, &ignored) < 0)
			continue;
		in_reach = program_in_reach(&spec);
		spec_free(&spec);
		if (in_reach)
			return program_protect(cli->argv, err);
	}
	return 0;
}

/* 1, 0 or -1. */
static int runs(const struct store *store, const char *name, struct err *err)
{
	struct container c;
	int r = container_hurry(store, name, err);

	if (r != 0)
		return r;
	if (container_open_running(store, name, "start", &c, err) < 0)
		return err->sys == ESRCH ? 0 : -1;
	container_close(&c);
	return 1;
}

static int start_one(struct cli *cli, const char *name, void *options, struct err *err)
{
	autoconfiglock struct config_lock lock = CONFIG_LOCK_NONE;
	struct spec spec;
	int r = runs(&cli->store, name, err);

	(void)options;
	if (r != 0)
		return r < 0 ? -1 : 0;
	if (container_spec_again(&cli->store, name, &spec, &lock, err) < 0)
		return -1;
	r = container_start_again(&cli->store, &spec, NULL, err);
	spec_free(&spec);
	return r;
}

static int start_attached(struct cli *cli, const struct start_flags *f, const char *word,
	struct err *err)
{
	autoconfiglock struct config_lock lock = CONFIG_LOCK_NONE;
	char name[SPEC_NAME_MAX + 1];
	struct spec spec;
	int sock = -1, r;

	if (container_find(&cli->store, word, name, err) < 0 ||
		(r = runs(&cli->store, name, err)) < 0)
		return -1;
	if (r > 0)
		return attach_running(&cli->store, name,
			(struct console_options){
				.with_stdin = f->interactive,
				.proxy = true,
				.keys = f->keys,
			},
			err);
	if (container_spec_again(&cli->store, name, &spec, &lock, err) < 0)
		return -1;
	r = terminal_check(spec.process.terminal && f->interactive, spec.process.open_stdin, err);
	if (r == 0)
		r = container_start_again(&cli->store, &spec, &sock, err);
	config_unlock(&lock);
	if (r == 0)
		r = attach_container(&cli->store, name, sock,
			&(struct console_options){
				.tty = spec.process.terminal,
				.with_stdin = f->interactive,
				.proxy = true,
				.keys = f->keys ? f->keys : spec.process.detach_keys,
			},
			err);
	if (sock >= 0)
		close(sock);
	spec_free(&spec);
	return r;
}

static int start_words(struct cli *cli, struct start_flags *f, int argc, char **argv,
	struct err *err)
{
	if (!argc && choice_is_made(&f->choice))
		return 0;
	if (protect_first(cli, argc, argv, err) < 0)
		return -1;
	if (!f->attach && !f->interactive)
		return each_run(cli, "start", each_flags_of(&f->choice), argc, argv, f, start_one,
			err);
	if (argc != 1)
		return err_set(err, "start --attach takes one container");
	return start_attached(cli, f, argv[0], err);
}

static int start(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	struct start_flags *f = options;
	struct arena a = {0};
	int r = choice_words(cli, &f->choice, DOWN, &a, &argc, &argv, err);
	bool failed = r > 0;

	if (r >= 0)
		r = start_words(cli, f, argc, argv, err);
	arena_free(&a);
	return r == 0 && failed ? ERR_STATUS_OURS : r;
}

const struct command command_start = {
	.name = "start",
	.summary = "Start containers that exist",
	.arguments = "CONTAINER…",
	.examples = "  ctr start web db\n"
		    "  ctr start -ai job       stands at its console; its status is ours\n",
	.flags = start_flags,
	.run = start,
	.options_size = sizeof(struct start_flags),
	.use = STORE_CHANGE,
};

struct restart_flags {
	struct stop_flags stop; /* first */
	bool running;
};

static const struct flag restart_flags[] = {
	CHOICE_ALL("all there are"),
	{"running", 0, NULL, "all that run", FLAG_BOOL(restart_flags, running)},
	CHOICE_CIDFILE,
	CHOICE_FILTER('f'),
	{"time", 't', "SECONDS", "how long before it is killed", stop_set_time},
	{"timeout", 0, "SECONDS", "the same", stop_set_time},
	{"signal", 's', "SIGNAL", "the signal that asks it to end", stop_set_signal},
	{0},
};

static int restart_one(struct cli *cli, const char *name, void *options, struct err *err)
{
	struct container c;

	if (namelock_open(&cli->store, name, NAMELOCK_NONE, &c, err) == 0) {
		bool goes = c.record.remove;

		container_close(&c);
		if (goes)
			return err_set(err, "%s is removed when it is stopped (--rm)", name);
	}
	if (stop_one(cli, name, options, err) < 0 || start_one(cli, name, NULL, err) < 0)
		return -1;
	container_tell_known(&cli->store, name, "restart");
	return 0;
}

static int restart(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	struct restart_flags *f = options;
	struct choice *c = &f->stop.choice;
	struct arena a = {0};
	bool failed;
	int r;

	c->all = c->all || f->running;
	r = choice_words(cli, c, f->running ? UP : CHOICE_ANY, &a, &argc, &argv, err);
	failed = r > 0;
	if (r >= 0 && (r = protect_first(cli, argc, argv, err)) == 0 &&
		(argc || !choice_is_made(c)))
		r = each_run(cli, "restart", EACH_SIDE | each_flags_of(c), argc, argv, options,
			restart_one, err);
	arena_free(&a);
	return r == 0 && failed ? ERR_STATUS_OURS : r;
}

const struct command command_restart = {
	.name = "restart",
	.summary = "Stop containers, and start them again",
	.arguments = "CONTAINER…",
	.examples = "  ctr restart -t 30 db\n",
	.flags = restart_flags,
	.run = restart,
	.options_size = sizeof(struct restart_flags),
	.use = STORE_CHANGE,
};

static void tell_failed(const char *name, struct err *err)
{
	err_wrap(err, "autostart: %s", name);
	err_print(err, "ctr");
}

struct autostart_flags {
	bool stop;
	uint64_t at_most_ns;
};

static int autostop(struct cli *cli, const struct autostart_flags *f, struct err *err)
{
	struct stop_flags how = {.at_most_ns = f->at_most_ns, .want = want_resting};
	struct arena arena = {0};
	char **names;
	size_t n;
	int r = container_supervised(&cli->store, &arena, &names, &n, err);

	if (r == 0 && n)
		r = each_run(cli, "autostart", EACH_SIDE | EACH_IGNORE, (int)n, names, &how,
			stop_one, err);
	arena_free(&arena);
	return r;
}

static int autostart(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	const struct autostart_flags *f = options;
	struct gc_report report;
	size_t started, failed;

	(void)argv;
	if (argc)
		return err_set(err, "autostart takes no words");
	if (f->stop)
		return autostop(cli, f, err);
	/* Needed if any of them can reach our program; at a boot nobody minds the time, so it is always done. */
	if (program_protect(cli->argv, err) < 0)
		return -1;
	if (store_gc(&cli->store, &report, err) < 0 ||
		container_autostart(&cli->store, tell_failed, &started, &failed, err) < 0)
		return -1;
	printf("%zu started\n", started);
	return failed ? ERR_STATUS_OURS : 0;
}

static const struct flag autostart_flags[] = {
	{"stop", 0, NULL,
		"stop them until the next boot, and all others that run in the background",
		FLAG_BOOL(autostart_flags, stop)},
	{"time", 't', "SECONDS", "with --stop: wait at most so long, then kill", flag_duration,
		FLAG_OF(autostart_flags, at_most_ns, uint64_t)},
	{0},
};

const struct command command_autostart = {
	.name = "autostart",
	.summary = "Start what is to run after a reboot",
	.arguments = "",
	.examples = "  ctr autostart     at boot: contrib/systemd/ctr-autostart.service\n"
		    "  ctr autostart --stop -t 60     before the machine goes down\n",
	.flags = autostart_flags,
	.run = autostart,
	.options_size = sizeof(struct autostart_flags),
	.use = STORE_CHANGE,
};
