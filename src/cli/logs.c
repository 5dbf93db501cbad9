#include "base/fd.h"
#include "base/num.h"
#include "cli/command.h"
#include "cli/output.h"
#include "console/logfile.h"
#include "container/life.h"
#include "state/alive.h"
#include "state/metadata.h"
#include "state/namelock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

struct logs_flags {
	struct logfile_options log; /* first: what the setters of its fields are given */
	bool raw;
};

static void init(void *options)
{
	struct logfile_options *o = options;

	o->tail = LOGFILE_ALL;
	o->end_fd = -1;
	o->stdout_fd = STDOUT_FILENO;
	o->stderr_fd = STDERR_FILENO;
}

static int set_tail(void *to, const char *what, const char *value, struct err *err)
{
	uint64_t *tail = &((struct logfile_options *)to)->tail;

	if (strcmp(value, "all") == 0)
		*tail = LOGFILE_ALL;
	else if (num_parse_u64(value, tail) < 0)
		return err_value(err, what, value, "is not a number of lines, nor \"all\"");
	return 0;
}

static int no_log(const char *name, struct err *err)
{
	err_set(err, "%s has no log: its output went to the terminal or pipe it was run from",
		name);
	return err_hint(err, "containers started with ctr run -d, or with -t, have one");
}

struct source {
	const struct store *store;
	char name[SPEC_NAME_MAX + 1];
	struct record record;
	int state_fd, end_fd;
	bool alive; /* there is somebody who may still make a log */
	bool told;
	int looks; /* for a next life, in vain */
};

static void tell_forsaken(void *arg)
{
	struct source *s = arg;

	if (s->told || s->state_fd < 0 || !container_is_forsaken(&s->record, s->state_fd))
		return;
	s->told = true;
	warn("the supervisors of %s are gone (killed?): what it prints since is lost",
		s->record.name);
}

/* In its place among the lines. */
static void tell_lost(void *arg, uint64_t bytes)
{
	const struct source *s = arg;

	warn("%llu bytes of the log of %s are missing here: they were replaced before they could be read (ctr run --log-max-size keeps more)",
		(unsigned long long)bytes, s->name);
}

/* The end of the payload is as good as that of its supervisor, which has little to add then. */
static int open_end(const struct store *store, const char *name, struct source *ret,
	struct err *err)
{
	struct container c;
	int r;

	if (namelock_open(store, name, NAMELOCK_NONE, &c, err) < 0)
		return err->sys == ENOENT ? 0 : -1;
	r = container_is_alive(&c, err);
	if (r > 0) {
		r = c.record.supervised ? 0 : no_log(name, err);
		ret->alive = true;
		ret->end_fd = take_fd(&c.pidfd);
		ret->record = c.record;
		ret->state_fd = take_fd(&c.state_fd);
		if (r == 0)
			tell_forsaken(ret);
	}
	container_close(&c);
	return r;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(take_fd(fd));
}

/* Somebody makes its next life, waits to do so, or is still about the end of this one. */
static bool is_held(const struct source *s)
{
	struct container c;
	struct err err;
	bool held;

	if (namelock_open(s->store, s->name, NAMELOCK_NONE, &c, &err) < 0)
		return false;
	held = flock(c.state_fd, LOCK_SH | LOCK_NB) < 0;
	container_close(&c);
	return held;
}

/* Between the lives of a ctr restart nobody holds it for a moment. */
enum { LOOKS = 2 };

static bool look_for_next(void *arg, int *ret_end_fd)
{
	struct source *s = arg;
	struct err err;

	close_one(&s->end_fd);
	close_one(&s->state_fd);
	s->told = false;
	if (open_end(s->store, s->name, s, &err) < 0)
		return false;
	*ret_end_fd = s->end_fd;
	if (s->end_fd >= 0 || is_held(s))
		s->looks = 0;
	return s->looks++ < LOOKS;
}

/* Whether its output was to be logged: what was lost with a machine is not a log that never was. */
static int was_logged(const struct store *store, const char *name, struct err *err)
{
	struct metadata s;
	bool logged;

	if (container_metadata(store, name, &s, err) < 0)
		return -1;
	logged = s.logged;
	metadata_free(&s);
	return logged;
}

static int open_data(const struct store *store, const char *name, bool alive, struct err *err)
{
	autofd int fd = store_data_open(store, name);

	if (fd < 0)
		return err_sys(err, "open the log of %s", name);
	if (!alive && faccessat(fd, "log", F_OK, 0) < 0 && errno == ENOENT) {
		int logged = was_logged(store, name, err);

		if (logged <= 0)
			return logged < 0 ? -1 : no_log(name, err);
	}
	return take_fd(&fd);
}

static int print(const struct store *store, const char *container, struct logs_flags *f,
	struct source *s, struct err *err)
{
	struct logfile_options *o = &f->log;
	autofd int data = -1;
	const char *name = s->name;
	uint64_t damaged = 0;

	s->store = store;
	if (container_find(store, container, s->name, err) < 0 || open_end(store, name, s, err) < 0)
		return -1;
	data = open_data(store, name, s->alive, err);
	if (data < 0)
		return -1;
	o->end_fd = s->end_fd;
	o->look = tell_forsaken;
	o->lost = tell_lost;
	o->next = look_for_next;
	o->arg = s;
	o->clean_stdout = !f->raw && isatty(o->stdout_fd);
	o->clean_stderr = !f->raw && isatty(o->stderr_fd);
	if (logfile_print(data, o, &damaged, err) < 0)
		return err_wrap(err, "%s", name);
	if (damaged)
		warn("%llu damaged lines of the log of %s are left out",
			(unsigned long long)damaged, name);
	return 0;
}

static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	struct source source = {.state_fd = -1, .end_fd = -1};
	int r;

	if (argc != 1)
		return err_set(err, "takes one container");
	r = print(&cli->store, argv[0], options, &source, err);
	close_one(&source.state_fd);
	close_one(&source.end_fd);
	return r;
}

static const struct flag flags[] = {
	{"follow", 'f', NULL, "go on until the container ends, and is not started again",
		FLAG_BOOL(logfile_options, follow)},
	{"tail", 'n', "LINES", "only the last so many (all)", set_tail},
	{"since", 0, "TIME", "not what is older: 10m, 2026-01-31T12:00:00Z, seconds since 1970",
		flag_time, FLAG_OF(logfile_options, since_ns, uint64_t)},
	{"until", 0, "TIME", "not what is newer", flag_time,
		FLAG_OF(logfile_options, until_ns, uint64_t)},
	{"raw", 0, NULL, "all escape sequences, to a terminal too", FLAG_BOOL(logs_flags, raw)},
	{"timestamps", 't', NULL, "when it was written, in front of each line",
		FLAG_BOOL(logfile_options, timestamps)},
	{0},
};

const struct command command_logs = {
	.name = "logs",
	.summary = "Print what a detached container has written",
	.arguments = "CONTAINER",
	.examples = "  ctr logs -f --tail 20 web\n  ctr logs --since 10m -t web\n",
	.flags = flags,
	.run = run,
	.options_size = sizeof(struct logs_flags),
	.init = init,
};
