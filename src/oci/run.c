#include "oci/create.h"

#include "base/fd.h"
#include "console/foreground.h"
#include "console/ptyproxy.h"
#include "container/engine.h"
#include "launch/notify.h"
#include "state/namelock.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static int wait_for_end(struct container *c, int console, int *ret_status, struct err *err)
{
	bool timed_out;

	return console >= 0 ? pty_proxy(c, console, true, ret_status, err)
			    : foreground_wait(c, NULL, NULL, 0, ret_status, &timed_out, err);
}

/* Meanwhile others may pause it, or delete it before we come to that. */
static int attend(struct container *c, int console, int *ret_status, struct err *err)
{
	if (namelock_let_go(c, err) < 0)
		return -1;
	return wait_for_end(c, console, ret_status, err);
}

/* No error if somebody else has deleted it first. */
static int delete_left(struct container *c, struct err *err)
{
	if (namelock_retake(c, err) < 0)
		return err->sys == ENOENT ? 0 : -1;
	return bundle_delete(c, true, err);
}

/* Beside us, who have the payload's streams to see to: a process that passes on that it is ready. */
static pid_t notify_aside(struct container *c, int sock)
{
	struct err err = {0};
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (notify_wait(c, sock, &err) < 0)
		warn("%s", err.text);
	_exit(0);
}

/* Starts it and waits in the foreground. What was restored from a checkpoint runs already. */
static int start_in_front(struct container *c, const struct create_options *o, int console,
	int *ret_status, struct err *err)
{
	autofd int sock = o->from ? -1 : notify_listen(c, err);
	pid_t aside = -1;
	int r;

	if (!o->from && ((sock < 0 && err->text[0]) || bundle_start(c, err) < 0))
		return -1;
	if (sock >= 0)
		aside = notify_aside(c, sock);
	r = attend(c, console, ret_status, err);
	if (aside > 0)
		while (waitpid(aside, NULL, 0) < 0 && errno == EINTR)
			;
	return r;
}

/* Whatever happens to us from here on: it is not left running with nobody waiting for it. */
static int run_created(struct container *c, const struct create_options *o, int console,
	struct err *err)
{
	const pid_t pid = c->record.pid;
	struct err second;
	int status = 0, r;

	if (o->detach)
		r = o->from ? 0 : start_notified(c, err);
	else
		r = start_in_front(c, o, console, &status, err);
	if (r == 0 && o->detach)
		return 0;
	if ((r < 0 || !o->keep) && delete_left(c, r < 0 ? &second : err) < 0)
		r = -1;
	/* Reaps it if it has ended: a process that adopts our children may not wait for those that it did not
	 * start. */
	if (r < 0)
		waitpid(pid, NULL, WNOHANG);
	return r < 0 ? -1 : status;
}

int run_container(struct oci *oci, const struct create_options *o, const char *id, struct err *err)
{
	autofd int console = -1;
	struct container c;
	struct spec spec;
	int r;

	foreground_block_signals(NULL);
	if (create_container(oci, o, id, &spec, o->detach ? NULL : &console, &c, err) < 0)
		return -1;
	spec_free(&spec);
	r = run_created(&c, o, console, err);
	container_close(&c);
	return r;
}

static int run(struct oci *oci, void *options, char **words, struct err *err)
{
	return run_container(oci, options, words[0], err);
}

static const struct flag options[] = {
	CREATE_OPTIONS,
	{"detach", 'd', NULL, "do not wait for its end", FLAG_BOOL(create_options, detach)},
	{"keep", 0, NULL, "do not delete it at its end", FLAG_BOOL(create_options, keep)},
	{NULL},
};

const struct oci_command oci_run = {
	.name = "run",
	.summary = "Make a container, start it, wait for it and delete it",
	.arguments = "ID",
	.options = options,
	.options_size = sizeof(struct create_options),
	.words_min = 1,
	.words_max = 1,
	.makes_root = true,
	.run = run,
};
