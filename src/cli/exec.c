#include "launch/exec.h"
#include "base/fd.h"
#include "cgroup/group.h"
#include "cli/command.h"
#include "cli/environment.h"
#include "cli/terminal.h"
#include "console/console.h"
#include "console/foreground.h"
#include "console/ptyproxy.h"
#include "container/life.h"
#include "launch/program.h"
#include "process/seccomp.h"
#include "spec/capname.h"
#include "spec/environment.h"
#include "spec/farid.h"
#include "spec/name.h"
#include "spec/usercaps.h"
#include "state/configfile.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct exec_flags {
	struct arena arena;
	bool terminal, interactive, detach;
	const char *user, *workdir, *detach_keys;
	struct environment environment;
};

static int set_env(void *to, const char *what, const char *value, struct err *err)
{
	struct exec_flags *f = to;

	(void)what, (void)err;
	arena_push(&f->arena, f->environment.words, f->environment.count, value);
	return 0;
}

static int set_env_file(void *to, const char *what, const char *value, struct err *err)
{
	struct exec_flags *f = to;

	(void)what, (void)err;
	arena_push(&f->arena, f->environment.files, f->environment.file_count, value);
	return 0;
}

static const struct flag flags[] = {
	{"detach", 'd', NULL, "do not wait for it", FLAG_BOOL(exec_flags, detach)},
	{"env", 'e', "KEY[=VALUE]", "set, or pass on, a variable", set_env},
	{"env-file", 0, "FILE", "variables, one to a line", set_env_file},
	{"interactive", 'i', NULL, "keep standard input open", FLAG_BOOL(exec_flags, interactive)},
	{"tty", 't', NULL, "give it a terminal", FLAG_BOOL(exec_flags, terminal)},
	{"user", 'u', "USER[:GROUP]", "(the container's)", user_set,
		offsetof(struct exec_flags, user)},
	{"workdir", 'w', "DIR", "(the container's)", flag_absolute,
		FLAG_OF(exec_flags, workdir, const char *)},
	{0},
};

/* An id above the private range is there if the container was started with it. */
static int check_user(const struct spec *spec, const char *user, struct err *err)
{
	const struct namespaces *ns = &spec->ns;
	struct namespaces asked = {0};
	uint32_t outside;

	if (!ns->uid_map_count || far_id_add_user(&asked, "--user", user, err) < 0)
		return 0;
	for (size_t i = 0; i < asked.far_id_count; i++)
		if (!id_map_find(ns->uid_maps, ns->uid_map_count, asked.far_ids[i], &outside)) {
			err_value(err, "--user", user, "is not among the container's ids");
			return err_hint(err,
				"ctr run -u %u, or a volume that belongs to it, takes it in at the start",
				asked.far_ids[i]);
		}
	return 0;
}

/* The container's own process with another command. */
static int make_process(struct spec *spec, const struct exec_flags *f, int argc, char **argv,
	struct err *err)
{
	struct process_spec *p = &spec->process;

	p->argv = argv;
	p->argc = (size_t)argc;
	p->terminal = f->terminal;
	p->open_stdin = f->interactive;
	spec->init = false;
	spec->die_with_parent = false;
	if (f->user && check_user(spec, f->user, err) < 0)
		return -1;
	if (f->user)
		p->user = f->user;
	usercaps_set(p, p->caps[CAPSET_AMBIENT] | (p->caps[CAPSET_BOUNDING] & ~caps_default()));
	if (f->workdir)
		p->cwd = f->workdir;
	if (f->terminal)
		terminal_name_take(spec);
	return environment_take(&f->environment, spec, err);
}

static int attend(struct container *c, pid_t pid, int pidfd, int console, struct piping *piping,
	bool with_stdin, struct err *err)
{
	struct container child = *c;
	bool timed_out;
	int status, r;

	child.pidfd = pidfd;
	child.record.pid = pid;
	child.group_fd = -1;
	r = console >= 0 ? pty_proxy(&child, console, with_stdin, &status, err)
			 : foreground_wait(&child, piping, NULL, 0, &status, &timed_out, err);
	if (r < 0)
		piping_close(piping);
	return r < 0 ? -1 : foreground_finish(piping, status, err);
}

static int run_in(struct container *c, const struct spec *spec, struct plan *plan,
	const struct exec_flags *f, struct err *err)
{
	autofd int console = -1, pidfd = -1;
	struct exec_io io = {.ret_console = &console};
	struct piping piping;
	pid_t pid;

	if (cgroup_frozen(c->group_fd) > 0) {
		err_set(err, "cannot exec in %s: the container is paused", c->record.name);
		return err_hint(err, "ctr resume %s", c->record.name);
	}
	foreground_block_signals(NULL);
	if (f->detach || f->terminal)
		piping_none(&piping);
	else if (piping_open(&piping, f->interactive, err) < 0)
		return -1;
	memcpy(io.streams, piping.payload, sizeof(io.streams));
	if (container_exec(c, spec, plan, &io, &pid, &pidfd, err) < 0)
		return foreground_give_up(&piping);
	return f->detach ? 0 : attend(c, pid, pidfd, console, &piping, f->interactive, err);
}

static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	struct exec_flags *f = options;
	char name[SPEC_NAME_MAX + 1];
	struct container c;
	struct spec spec;
	struct plan plan;
	int r = -1;

	/* "exec NAME -- COMMAND", as other programs have it. */
	if (argc > 1 && strcmp(argv[1], "--") == 0) {
		argv[1] = argv[0];
		argc--;
		argv++;
	}
	if (argc < 2) {
		err_set(err, "exec takes a container and a command");
		return err_hint(err,
			"ctr exec CONTAINER COMMAND, such as ctr exec -it CONTAINER sh");
	}
	if (terminal_check(f->terminal && !f->detach, f->interactive, err) < 0)
		return -1;
	if (container_find(&cli->store, argv[0], name, err) < 0 ||
		container_open_running(&cli->store, name, "exec in", &c, err) < 0)
		return -1;
	if (container_spec(&cli->store, name, &spec, err) < 0) {
		container_close(&c);
		return -1;
	}
	if ((!program_in_reach(&spec) || program_protect(cli->argv, err) == 0) &&
		make_process(&spec, f, argc - 1, argv + 1, err) == 0 &&
		plan_make(&spec, NULL, &plan, &spec.arena, err) == 0) {
		if (seccomp_resolve(&spec.process, cli->store.root_fd, &plan.filter, err) == 0) {
			r = run_in(&c, &spec, &plan, f, err);
			seccomp_free(&plan.filter);
		}
		cgroup_plan_free(&plan.cgroup);
	}
	spec_free(&spec);
	arena_free(&f->arena);
	container_close(&c);
	return r;
}

const struct command command_exec = {
	.name = "exec",
	.summary = "Run a command in a running container",
	.arguments = "CONTAINER COMMAND…",
	.examples = "  ctr exec web ps\n  ctr exec -it web sh\n",
	.flags = flags,
	.run = run,
	.options_size = sizeof(struct exec_flags),
	.ends_flags_at_word = true,
	.use = STORE_CHANGE,
};
