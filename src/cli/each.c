/* Commands that do one thing to each container they are given. */
#include "cli/each.h"
#include "base/fd.h"
#include "base/num.h"
#include "cgroup/group.h"
#include "cli/command.h"
#include "cli/once.h"
#include "console/foreground.h"
#include "container/health.h"
#include "container/life.h"
#include "container/signal.h"
#include "spec/defaults.h"
#include "spec/signame.h"
#include "state/configfile.h"
#include "state/events.h"
#include "state/identity.h"
#include "state/status.h"
#include "state/want.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int print_failure(const char *verb, const struct err *err)
{
	char name[64];

	snprintf(name, sizeof(name), "ctr: %s", verb);
	return err_print(err, name);
}

/* Whether there is no such container, or no longer. */
static bool is_gone(const struct store *store, const char *word)
{
	char name[SPEC_NAME_MAX + 1];
	struct err err;

	return container_find(store, word, name, &err) < 0 && err.sys == ENOENT;
}

/* 1 if it was done, 0 if there was nothing to do it to, or -1. A container that is renamed meanwhile is the one that
 * was meant: it is followed. */
static int try_one(struct cli *cli, enum each_flags flags, const char *word, void *options,
	each_fn *f, struct err *err)
{
	char name[SPEC_NAME_MAX + 1];
	struct identity meant;
	int r;

	*err = (struct err){0};
	r = container_find(&cli->store, word, name, err);
	if (r == 0) {
		identity_take(&cli->store, name, &meant);
		do
			r = f(cli, name, options, err);
		while ((r < 0 || (flags & EACH_AGAIN)) &&
			identity_moved(&meant, &cli->store, name));
		identity_drop(&meant);
	} else if ((flags & EACH_GONE) && err->sys == ENOENT) {
		r = f(cli, word, options, err);
	}
	if (r == 0)
		return 1;
	return (flags & EACH_IGNORE) && is_gone(&cli->store, word) ? 0 : -1;
}

enum { GONE_STATUS = 1 };

/* A process for each. 0, or -1 with err. */
static int begin(struct cli *cli, const char *verb, enum each_flags flags, const char *word,
	void *options, each_fn *f, pid_t *ret_pid, struct err *err)
{
	int r;

	*ret_pid = fork();
	if (*ret_pid < 0)
		return err_sys(err, "cannot make a process for %s", word);
	if (*ret_pid > 0)
		return 0;
	r = try_one(cli, flags, word, options, f, err);
	_exit(r > 0 ? 0 : r == 0 ? GONE_STATUS : print_failure(verb, err));
}

static int end_status(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* In lots, as each takes a process. */
static int side_by_side(struct cli *cli, const char *verb, enum each_flags flags, int argc,
	char **argv, void *options, each_fn *f, struct err *err)
{
	enum { LOT = 1024 };
	bool failed = false;
	pid_t pids[LOT];

	fflush(stdout);
	for (int at = 0, n; at < argc; at += n) {
		int r = 0;

		for (n = 0; n < LOT && at + n < argc && r == 0;)
			if ((r = begin(cli, verb, flags, argv[at + n], options, f, &pids[n],
				     err)) == 0)
				n++;
		for (int i = 0; i < n; i++) {
			int status = end_status(pids[i]);

			if (status == 0)
				puts(argv[at + i]);
			failed = failed || (status != 0 && status != GONE_STATUS);
		}
		if (r < 0)
			return -1;
	}
	return failed ? ERR_STATUS_OURS : 0;
}

static int none_given(const char *verb, struct err *err)
{
	err_set(err, "%s takes one or more containers", verb);
	return err_hint(err, "where $(ctr ps -q) can be empty: ctr ps %s | xargs -r ctr %s",
		strcmp(verb, "start") == 0 || strcmp(verb, "rm") == 0 ? "-aq" : "-q", verb);
}

int each_run(struct cli *cli, const char *verb, enum each_flags flags, int argc, char **argv,
	void *options, each_fn *f, struct err *err)
{
	autofree char **words = NULL;
	bool failed = false;

	if (argc < 1)
		return none_given(verb, err);
	if (argc > 1 && (argc = once_each(&cli->store, argc, argv, &words, err)) < 0)
		return -1;
	argv = words ? words : argv;
	if ((flags & EACH_SIDE) && argc > 1)
		return side_by_side(cli, verb, flags, argc, argv, options, f, err);
	for (int i = 0; i < argc; i++) {
		int r = try_one(cli, flags, argv[i], options, f, err);

		if (r > 0 && !(flags & EACH_SILENT))
			puts(argv[i]);
		if (r >= 0)
			continue;
		if (i == argc - 1)
			return -1;
		failed = true;
		print_failure(verb, err);
	}
	return failed ? ERR_STATUS_OURS : 0;
}

int for_each(struct cli *cli, const char *verb, int argc, char **argv, void *options, each_fn *f,
	struct err *err)
{
	return each_run(cli, verb, 0, argc, argv, options, f, err);
}

int for_chosen(struct cli *cli, const char *verb, unsigned states, enum each_flags flags, int argc,
	char **argv, void *options, each_fn *f, struct err *err)
{
	struct choice *c = options;
	struct arena a = {0};
	int r = choice_words(cli, c, states, &a, &argc, &argv, err);
	bool failed = r > 0;

	if (r >= 0)
		r = argc || !choice_is_made(c) ? each_run(cli, verb, flags | each_flags_of(c), argc,
							 argv, options, f, err)
					       : 0;
	arena_free(&a);
	return r == 0 && failed ? ERR_STATUS_OURS : r;
}

int stop_set_time(void *to, const char *what, const char *value, struct err *err)
{
	((struct stop_flags *)to)->timeout_given = true;
	return patience_parse(what, value, &((struct stop_flags *)to)->timeout_ns, err);
}

int stop_set_signal(void *to, const char *what, const char *value, struct err *err)
{
	int sig = signal_parse(value);

	((struct stop_flags *)to)->sig = sig;
	return sig < 0 ? err_set(err, "%s: '%.60s' is not a signal", what, value) : 0;
}

/* A config.json that makes no sense, too, is that of something which runs and must end. */
static int read_stop(const struct store *store, const char *name, struct stop_flags *f,
	struct err *err)
{
	struct spec spec;

	if (f->sig && f->timeout_given)
		return 0;
	if (container_spec(store, name, &spec, err) < 0) {
		if (err->sys)
			return -1;
		warn("%s; it is stopped as by default", err->text);
		spec_init(&spec);
	}
	f->sig = f->sig ? f->sig : spec.stop_signal;
	f->timeout_ns = f->timeout_given ? f->timeout_ns : spec.stop_timeout_ns;
	if (f->at_most_ns && f->timeout_ns > f->at_most_ns)
		f->timeout_ns = f->at_most_ns;
	spec_free(&spec);
	return 0;
}

void tell_shrugged_off(const struct container *c, int sig, const char *then)
{
	char name[SIGNAL_NAME_SIZE];

	warn("%s has no handler for %s, which does not end the first process of a container%s (ctr run --init: it does)",
		c->record.name, signal_format(sig, name), then);
}

/* 1; 0 if it does not run, or -1. What is being started meanwhile is stopped, too. */
static int open_to_stop(const struct store *store, const char *name, want_down *want,
	struct container *ret, struct err *err)
{
	for (int i = 0; i < 2; i++) {
		if (container_want_down(store, name, want, false, err) < 0)
			return -1;
		if (container_open_running(store, name, "stop", ret, err) == 0)
			return 1;
		if (err->sys != ESRCH || container_settle(store, name, err) < 0)
			return -1;
	}
	return 0;
}

int stop_one(struct cli *cli, const char *name, void *options, struct err *err)
{
	struct stop_flags f = *(struct stop_flags *)options;
	char id[sizeof(((struct record *)0)->id)];
	struct container c;
	int r;

	r = open_to_stop(&cli->store, name, f.want ? f.want : want_stopped, &c, err);
	if (r <= 0)
		return r;
	r = read_stop(&cli->store, name, &f, err);
	if (r == 0 && f.timeout_ns && foreground_shrugs_off(&c, f.sig))
		tell_shrugged_off(&c, f.sig,
			f.timeout_ns == DURATION_FOREVER ? ", which ctr kill does"
							 : ": it is killed after the wait");
	if (r == 0)
		r = container_stop(&c, f.sig, f.timeout_ns, err);
	memcpy(id, c.record.id, sizeof(id));
	container_close(&c);
	if (r < 0 || container_settle(&cli->store, name, err) < 0)
		return -1;
	container_tell_named(&cli->store, id, name, "stop", NULL, NULL);
	return 0;
}

static int stop(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	return for_chosen(cli, "stop", ~CHOICE_OF(CONTAINER_EXITED), EACH_SIDE | EACH_AGAIN, argc,
		argv, options, stop_one, err);
}

static const struct flag stop_flag_table[] = {
	CHOICE_ALL("all that run"),
	CHOICE_CIDFILE,
	CHOICE_FILTER('f'),
	CHOICE_IGNORE,
	{"signal", 's', "SIGNAL", "(the container's --stop-signal)", stop_set_signal},
	{"time", 't', "SECONDS", "wait so long (-1: for ever), then kill (its --stop-timeout)",
		stop_set_time},
	{"timeout", 0, "SECONDS", "the same", stop_set_time},
	{0},
};
const struct command command_stop = {
	.name = "stop",
	.summary = "Ask containers to end, kill them after a while",
	.arguments = "CONTAINER…",
	.examples = "  ctr stop web\n  ctr stop -t 60 db\n",
	.flags = stop_flag_table,
	.run = stop,
	.options_size = sizeof(struct stop_flags),
	.use = STORE_CHANGE,
};

/* A container that does not run may be about to be started again: that is called off. */
static int call_off(struct cli *cli, const char *name, struct err *err)
{
	struct err not_running = *err;
	int r = container_call_off(&cli->store, name, err);

	if (r == 0)
		*err = not_running;
	return r > 0 ? 0 : -1;
}

/* A signal that asks it to end, and not only to reload: then it is not started again. 1, 0 or -1. */
static int is_stop(const struct store *store, const char *name, int sig, struct err *err)
{
	struct stop_flags usual = {.timeout_given = true};

	if (sig != SIGKILL && read_stop(store, name, &usual, err) < 0)
		return -1;
	return sig == SIGKILL || sig == usual.sig;
}

/* Nothing of it is there to be signalled; it must not come back all the same. */
static int kill_due(struct cli *cli, const char *name, int sig, struct err *err)
{
	struct err second;

	return err->sys == ESRCH && is_stop(&cli->store, name, sig, &second) > 0
		       ? call_off(cli, name, err)
		       : -1;
}

static int kill_one(struct cli *cli, const char *name, void *options, struct err *err)
{
	struct stop_flags *f = options;
	struct container c;
	int sig = f->sig, r;
	bool shrugs_off;

	if (container_open_running(&cli->store, name, "kill", &c, err) < 0)
		return kill_due(cli, name, sig, err);
	r = sig == SIGKILL || want_exists(&cli->store, name) ? is_stop(&cli->store, name, sig, err)
							     : 0;
	if (r < 0 || (r > 0 && want_stopped(&cli->store, name, err) < 0)) {
		container_close(&c);
		return -1;
	}
	/* Before the signal: what ends, or has, shows nothing of the kind. */
	shrugs_off = foreground_shrugs_off(&c, sig);
	/* SIGKILL means the whole container, also where it shares the host's process ids; and whoever asked
	 * for that goes on as if it were gone, with rm or with its name. */
	r = sig == SIGKILL ? container_stop(&c, sig, 0, err) : container_signal(&c, sig, err);
	if (r == 0 && shrugs_off)
		tell_shrugged_off(&c, sig, "");
	container_close(&c);
	return r == 0 && sig == SIGKILL ? container_settle(&cli->store, name, err) : r;
}

static int kill_(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	return for_chosen(cli, "kill", CHOICE_OF(CONTAINER_RUNNING) | CHOICE_OF(CONTAINER_PAUSED),
		0, argc, argv, options, kill_one, err);
}

/* As with kill(2), 0 is none, and asks whether it runs. */
static int set_kill_signal(void *to, const char *what, const char *value, struct err *err)
{
	uint32_t number;

	if (num_parse_u32(value, &number) < 0 || number != 0)
		return stop_set_signal(to, what, value, err);
	((struct stop_flags *)to)->sig = 0;
	return 0;
}

static void kill_init(void *options)
{
	((struct stop_flags *)options)->sig = SIGKILL;
}

static const struct flag kill_flag_table[] = {
	CHOICE_ALL("all that run"),
	CHOICE_CIDFILE,
	CHOICE_FILTER('f'),
	{"signal", 's', "SIGNAL", "(KILL); 0: only see whether it runs", set_kill_signal},
	{0},
};
const struct command command_kill = {
	.name = "kill",
	.summary = "Send a signal to containers",
	.arguments = "CONTAINER…",
	.examples = "  ctr kill web\n  ctr kill -s HUP web\n",
	.flags = kill_flag_table,
	.run = kill_,
	.init = kill_init,
	.options_size = sizeof(struct stop_flags),
	.use = STORE_CHANGE,
};

struct rm_flags {
	struct choice choice; /* first */
	bool force, volumes;
};

static int rm_one(struct cli *cli, const char *name, void *options, struct err *err)
{
	const struct rm_flags *f = options;

	return container_remove(&cli->store, name,
		(f->force ? REMOVE_FORCE : 0) | (f->volumes ? REMOVE_VOLUMES : 0), err);
}

static int rm(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	return for_chosen(cli, "rm", CHOICE_ANY, 0, argc, argv, options, rm_one, err);
}

static const struct flag rm_flag_table[] = {
	CHOICE_ALL("all there are"),
	CHOICE_CIDFILE,
	CHOICE_FILTER(0),
	CHOICE_IGNORE,
	{"force", 'f', NULL, "kill it first if it runs", FLAG_BOOL(rm_flags, force)},
	{"volumes", 'v', NULL, "with the volumes that were made for it alone",
		FLAG_BOOL(rm_flags, volumes)},
	{0},
};
const struct command command_rm = {
	.name = "rm",
	.summary = "Remove containers and what they have written",
	.arguments = "CONTAINER…",
	.examples = "  ctr rm web\n  ctr rm -f web db\n",
	.flags = rm_flag_table,
	.run = rm,
	.options_size = sizeof(struct rm_flags),
	.use = STORE_CHANGE,
};

struct wait_flags {
	enum health_status wanted; /* HEALTH_NONE: the end */
};

static int set_condition(void *to, const char *what, const char *value, struct err *err)
{
	enum health_status s = health_status_parse(value);

	if (s == HEALTH_STARTING ||
		(s == HEALTH_NONE && strcmp(value, "exited") != 0 && strcmp(value, "stopped") != 0))
		return err_value(err, what, value, "is not exited, healthy or unhealthy");
	((struct wait_flags *)to)->wanted = s;
	return 0;
}

static int wait_one(struct cli *cli, const char *name, void *options, struct err *err)
{
	const struct wait_flags *f = options;
	char here[SPEC_NAME_MAX + 1];
	int status;

	if (f->wanted && container_find(&cli->store, name, here, err) < 0)
		return -1;
	if (f->wanted)
		return container_wait_health(&cli->store, name, f->wanted, err);
	if (container_wait(&cli->store, name, &status, err) < 0)
		return -1;
	if (status < 0)
		return err_set(err, "nobody saw how %s ended", name);
	printf("%d\n", status);
	fflush(stdout);
	return 0;
}

static int wait_(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	return each_run(cli, "wait", EACH_SILENT | EACH_GONE, argc, argv, options, wait_one, err);
}

static const struct flag wait_flag_table[] = {
	{"condition", 0, "CONDITION", "exited, healthy or unhealthy (exited)", set_condition},
	{0},
};
const struct command command_wait = {
	.name = "wait",
	.summary = "Wait for containers to end, print their status",
	.arguments = "CONTAINER…",
	.examples = "  ctr wait job && echo done\n  ctr wait --condition healthy web\n",
	.flags = wait_flag_table,
	.run = wait_,
	.options_size = sizeof(struct wait_flags),
	.use = STORE_CHANGE,
};

static int freeze_one(struct cli *cli, const char *name, bool on, struct err *err)
{
	struct container c;
	int r;

	if (container_open_running(&cli->store, name, on ? "pause" : "resume", &c, err) < 0)
		return -1;
	if ((cgroup_frozen(c.group_fd) > 0) == on)
		r = err_set(err, "%s is %s paused", name, on ? "already" : "not");
	else
		r = container_freeze(&c, on, err);
	if (r < 0 && (err->sys == ENODEV || err->sys == ENOENT))
		err_set(err, "cannot %s %s: the container is not running", on ? "pause" : "resume",
			name);
	container_close(&c);
	return r;
}

static int pause_one(struct cli *cli, const char *name, void *options, struct err *err)
{
	(void)options;
	return freeze_one(cli, name, true, err);
}

static int resume_one(struct cli *cli, const char *name, void *options, struct err *err)
{
	(void)options;
	return freeze_one(cli, name, false, err);
}

static int pause_(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	return for_chosen(cli, "pause", CHOICE_OF(CONTAINER_RUNNING), 0, argc, argv, options,
		pause_one, err);
}

static int resume_(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	return for_chosen(cli, "resume", CHOICE_OF(CONTAINER_PAUSED), 0, argc, argv, options,
		resume_one, err);
}

static const struct flag pause_flags[] = {
	CHOICE_ALL("all that run"),
	CHOICE_CIDFILE,
	CHOICE_FILTER('f'),
	{0},
};
static const struct flag resume_flags[] = {
	CHOICE_ALL("all that are paused"),
	CHOICE_CIDFILE,
	CHOICE_FILTER('f'),
	{0},
};
const struct command command_pause = {
	.name = "pause",
	.summary = "Freeze containers",
	.arguments = "CONTAINER…",
	.examples = "  ctr pause web\n",
	.flags = pause_flags,
	.run = pause_,
	.options_size = sizeof(struct choice),
	.use = STORE_CHANGE,
};
const struct command command_resume = {
	.name = "resume",
	.summary = "Let frozen containers go on",
	.arguments = "CONTAINER…",
	.examples = "  ctr resume web\n",
	.flags = resume_flags,
	.run = resume_,
	.options_size = sizeof(struct choice),
	.use = STORE_CHANGE,
};
