#include "oci/create.h"
#include "oci/preserved.h"
#include "oci/process.h"

#include "base/fd.h"
#include "base/fdpass.h"
#include "base/streams.h"
#include "cgroup/path.h"
#include "console/foreground.h"
#include "console/ptyproxy.h"
#include "container/engine.h"
#include "launch/exec.h"
#include "launch/program.h"
#include "process/seccomp.h"
#include "state/configfile.h"

#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

enum { EXEC_FAILED = 255 };

static const struct flag exec_table[] = {
	{"process", 'p', "VALUE", "process.json: what to run", FLAG_TEXT(exec_options, process)},
	{"pid-file", 0, "VALUE", "where to write the process id",
		FLAG_TEXT(exec_options, pid_file)},
	{"console-socket", 0, "VALUE", "socket that takes the terminal",
		FLAG_TEXT(exec_options, console_socket)},
	{"pidfd-socket", 0, "VALUE", "socket that takes a pidfd",
		FLAG_TEXT(exec_options, pidfd_socket)},
	{"preserve-fds", 0, "VALUE", "so many descriptors, from 3 on, are passed on",
		FLAG_TEXT(exec_options, preserve_fds)},
	{"detach", 'd', NULL, "do not wait for its end", FLAG_BOOL(exec_options, detach)},
	{"tty", 't', NULL, "give it a terminal", option_choice,
		FLAG_OF(exec_options, tty, enum choice)},
	{"user", 'u', "VALUE", "UID[:GID]", FLAG_TEXT(exec_options, user)},
	{"cwd", 0, "VALUE", "working directory", FLAG_TEXT(exec_options, cwd)},
	{"env", 'e', "VALUE", "KEY=VALUE", option_list_add,
		FLAG_OF(exec_options, env, struct option_list)},
	{"no-new-privs", 0, NULL, "set no_new_privs", option_choice,
		FLAG_OF(exec_options, no_new_privs, enum choice)},
	{"cap", 'c', "VALUE", "one more capability", option_list_add,
		FLAG_OF(exec_options, caps, struct option_list)},
	{"additional-gids", 'g', "VALUE", "one more group", option_list_add,
		FLAG_OF(exec_options, gids, struct option_list)},
	{"cgroup", 0, "VALUE", "a group that is there below the container's",
		FLAG_TEXT(exec_options, cgroup)},
	{"apparmor", 0, "VALUE", "profile", FLAG_TEXT(exec_options, apparmor)},
	{"process-label", 0, "VALUE", "label of SELinux", FLAG_TEXT(exec_options, label)},
	{"ignore-paused", 0, NULL, "in a paused container, too: it begins when that is resumed",
		FLAG_BOOL(exec_options, ignore_paused)},
	{NULL},
};

static int hand_out(const struct exec_options *o, int console, int pidfd, struct err *err)
{
	autofd int console_sock = -1, pidfd_sock = -1;

	if (console >= 0 && o->console_socket) {
		console_sock = socket_connect("--console-socket", o->console_socket, err);
		if (console_sock < 0 || fds_send(console_sock, &console, 1, err) < 0)
			return -1;
	}
	if (o->pidfd_socket) {
		pidfd_sock = socket_connect("--pidfd-socket", o->pidfd_socket, err);
		if (pidfd_sock < 0 || fds_send(pidfd_sock, &pidfd, 1, err) < 0)
			return -1;
	}
	return 0;
}

static int attend(struct container *c, const struct exec_options *o, int console, int pidfd,
	pid_t pid, struct err *err)
{
	struct container child = *c;
	bool timed_out;
	int status, r;

	if ((o->pid_file && pid_file_write(o->pid_file, pid, err) < 0) ||
		hand_out(o, console, pidfd, err) < 0) {
		kill(pid, SIGKILL);
		return -1;
	}
	if (o->detach)
		return 0;
	child.pidfd = pidfd;
	child.record.pid = pid;
	child.group_fd = -1;
	r = console >= 0 && !o->console_socket
		    ? pty_proxy(&child, console, true, &status, err)
		    : foreground_wait(&child, NULL, NULL, 0, &status, &timed_out, err);
	return r < 0 ? -1 : status;
}

/* "sub", "/sub" and "" are the same to others, as to whom the container's own group is the top. */
static int subgroup_parse(const char *option, char ret[CGROUP_PATH_SIZE], struct err *err)
{
	ret[0] = '\0';
	if (!option || !option[strspn(option, "/")])
		return 0;
	if (strchr(option, ':'))
		return err_value(err, "--cgroup", option,
			"names a controller; in cgroup v2 all are in one group");
	return cgroup_path_parse(option, ret, CGROUP_PATH_SIZE, err) < 0 ? err_wrap(err, "--cgroup")
									 : 0;
}

static int exec_planned(struct oci *oci, struct container *c, const struct exec_options *o,
	struct spec *spec, struct plan *plan, struct err *err)
{
	autofd int cache = cache_open(oci), console = -1, pidfd = -1;
	autofree char *state = bundle_state(c, CONTAINER_RUNNING, STATE_COMPACT, err);
	char subgroup[CGROUP_PATH_SIZE];
	struct exec_io io = {
		.streams = {STREAM_INHERITED, STREAM_INHERITED, STREAM_INHERITED},
		.ret_console = &console,
		.state = state,
	};
	pid_t pid;
	int r;

	if (!state || subgroup_parse(o->cgroup, subgroup, err) < 0 ||
		preserved_fds(o->preserve_fds, spec, &io.keep_fds, err) < 0 ||
		seccomp_resolve(&spec->process, cache, &plan->filter, err) < 0)
		return -1;
	io.subgroup = subgroup[0] ? subgroup : NULL;
	r = container_exec(c, spec, plan, &io, &pid, &pidfd, err);
	seccomp_free(&plan->filter);
	return r < 0 ? -1 : attend(c, o, console, pidfd, pid, err);
}

static int exec_in(struct oci *oci, struct container *c, const struct exec_options *o, char **args,
	struct spec *spec, struct err *err)
{
	struct plan plan;
	int r;

	if (process_make(o, args, spec, err) < 0)
		return -1;
	caps_confine_to_host(spec);
	if (spec->process.terminal && o->detach && !o->console_socket)
		return err_set(err, "a detached terminal needs --console-socket");
	spec->process.open_stdin = true;
	spec->process.plain_lines = !o->console_socket && !isatty(STDOUT_FILENO);
	if (plan_make(spec, NULL, &plan, &spec->arena, err) < 0)
		return -1;
	r = exec_planned(oci, c, o, spec, &plan, err);
	cgroup_plan_free(&plan.cgroup);
	return r;
}

static int exec_it(struct oci *oci, void *options, char **words, struct err *err)
{
	const struct exec_options *o = options;
	enum container_status status;
	struct container c;
	struct spec spec;
	int r = -1;

	foreground_block_signals(NULL);
	if (bundle_open(&oci->store, words[0], NAMELOCK_NONE, &c, err) < 0)
		return -1;
	if (container_status(&c, &status, err) == 0) {
		if (status != CONTAINER_RUNNING && status != CONTAINER_CREATED &&
			!(status == CONTAINER_PAUSED && o->ignore_paused))
			err_set(err, "cannot exec in a %s container: %s",
				bundle_status_name(status), words[0]);
		else if (bundle_spec(&c, &spec, err) == 0) {
			if (!program_in_reach(&spec) || program_protect(oci->argv, err) == 0)
				r = exec_in(oci, &c, o, words + 1, &spec, err);
			spec_free(&spec);
		}
	}
	container_close(&c);
	return r;
}

const struct oci_command oci_exec = {
	.name = "exec",
	.summary = "Run another process in a container",
	.arguments = "ID [COMMAND…]",
	.options = exec_table,
	.options_size = sizeof(struct exec_options),
	.words_min = 1,
	.words_max = INT32_MAX,
	.failure = EXEC_FAILED,
	.run = exec_it,
};
