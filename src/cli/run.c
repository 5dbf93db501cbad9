#include "cli/runspec.h"

#include "base/fd.h"
#include "base/program.h"
#include "cgroup/hierarchy.h"
#include "cgroup/stats.h"
#include "cli/attach.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "console/console.h"
#include "console/foreground.h"
#include "container/deadline.h"
#include "container/foresee.h"
#include "container/life.h"
#include "container/prepare.h"
#include "launch/plan.h"
#include "launch/program.h"
#include "launch/start.h"
#include "launch/supervise.h"
#include "launch/volumes.h"
#include "state/connection.h"
#include "state/events.h"
#include "state/metadata.h"
#include "state/namelock.h"
#include "state/release.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_ATTEMPTS = 20 };

static int write_cidfile(const char *path, const char *id, struct err *err)
{
	mode_t ours = umask(program_users_umask());
	autofd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	umask(ours);
	if (fd < 0 || fd_write_all(fd, id, strlen(id)) < 0)
		return err_sys(err, "--cidfile %s", path);
	return 0;
}

/* A process that vanishes for want of memory says nothing itself. */
static bool ran_out_of_memory(const struct container *c, const struct spec *spec, int status)
{
	return (spec->limits.memory || status == 128 + SIGKILL) && c->group_fd >= 0 &&
	       cgroup_oom_killed(c->group_fd);
}

/* From now on they are its, and not the container's. */
static int take_names(struct container *c, char *program, size_t size, struct nameservice *ret,
	struct err *err)
{
	*ret = NAMESERVICE_NONE;
	if (!c->connection || c->connection->resolver[0] < 0)
		return 0;
	if (program_path("ctr-resolver", program, size, err) < 0)
		return -1;
	*ret = (struct nameservice){.program = program,
		.udp = take_fd(&c->connection->resolver[0]),
		.tcp = take_fd(&c->connection->resolver[1]),
		.state = c->state_fd,
		.first = c->pidfd,
		.prepare = program_reset_signals,
		.group = cgroup_supervisors_open,
		.fd = -1};
	return 0;
}

static int run_foreground(struct cli *cli, struct spec *spec, struct plan *plan, int image_lock,
	struct err *err)
{
	struct start_io io = {.tend_pool = true, .image_lock = image_lock};
	struct piping piping;
	struct container c;
	struct err second = {0};
	struct nameservice names;
	char resolver[4096];
	bool timed_out = false, out_of_memory;
	int status, r;

	if (spec->die_with_parent && prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
		return err_sys(err, "--die-with-parent");
	foreground_block_signals(NULL);
	if (piping_open(&piping, spec->process.open_stdin, err) < 0)
		return -1;
	memcpy(io.streams, piping.payload, sizeof(io.streams));
	if (container_start(&cli->store, spec, plan, &io, &c, err) < 0)
		return foreground_give_up(&piping);
	container_tell_started(&c, spec);
	if (spec->timeout_ns && deadline_guard(&c, spec->timeout_ns, &second) < 0)
		warn("%s", second.text);
	if (take_names(&c, resolver, sizeof(resolver), &names, &second) < 0)
		warn("%s", second.text);
	r = foreground_wait(&c, &piping, &names, spec->timeout_ns, &status, &timed_out, err);
	nameservice_end(&names);
	if (r == 0 && exit_file_write(c.state_fd, status, &second) < 0)
		warn("%s", second.text);
	out_of_memory = r == 0 && ran_out_of_memory(&c, spec, status);
	if (container_release(&c, r < 0 ? -1 : status, r < 0 ? &(struct err){0} : err) < 0)
		r = -1;
	container_close(&c);
	if (r < 0) {
		piping_close(&piping);
		return -1;
	}
	r = foreground_finish(&piping, status, err);
	if (out_of_memory && !piping.stuck)
		warn("%s ran out of memory: the kernel killed a process in it", spec->name);
	if (timed_out && !piping.stuck)
		warn("%s was killed after its --timeout", spec->name);
	return r;
}

/* A container whose id could not be printed is removed: nobody could name it. */
static int undo_detached(struct cli *cli, const struct spec *spec, struct err *err)
{
	struct err second = {0};
	struct err why = *err;

	if (container_remove(&cli->store, spec->name, REMOVE_FORCE | REMOVE_VOLUMES, &second) < 0 &&
		!spec->remove)
		warn("%s", second.text);
	return err_set(err, "%s was ended and removed, as its id could not be written: %s",
		spec->name, why.text);
}

static int run_created(struct cli *cli, struct run_options *o, struct plan *plan, int image_lock,
	struct err *err)
{
	if (container_create(&cli->store, &o->spec, plan, image_lock, err) < 0)
		return -1;
	puts(o->spec.id);
	return output_end(err) < 0 ? undo_detached(cli, &o->spec, err) : 0;
}

static int run_detached(struct cli *cli, struct spec *spec, struct plan *plan, int image_lock,
	struct err *err)
{
	if (container_supervise(&cli->store, spec, plan,
		    &(struct supervision){.image_lock = image_lock}, err) < 0)
		return -1;
	puts(spec->id);
	return output_end(err) < 0 ? undo_detached(cli, spec, err) : 0;
}

static int run_attached(struct cli *cli, struct spec *spec, struct plan *plan, int image_lock,
	struct err *err)
{
	autofd int sock = -1;

	if (container_supervise(&cli->store, spec, plan,
		    &(struct supervision){.image_lock = image_lock, .ret_attach = &sock}, err) < 0)
		return -1;
	return attach_container(&cli->store, spec->name, sock,
		&(struct console_options){
			.tty = spec->process.terminal,
			.with_stdin = spec->process.open_stdin,
			.ours = true,
			.keys = spec->process.detach_keys,
			.timeout_ns = spec->timeout_ns,
		},
		err);
}

static int start_planned(struct cli *cli, struct run_options *o, struct plan *plan, int image_lock,
	struct err *err)
{
	if (o->create)
		return run_created(cli, o, plan, image_lock, err);
	if (o->detach)
		return run_detached(cli, &o->spec, plan, image_lock, err);
	if (o->spec.process.terminal || o->spec.restart || o->spec.health.test_count)
		return run_attached(cli, &o->spec, plan, image_lock, err);
	return run_foreground(cli, &o->spec, plan, image_lock, err);
}

/* Only now, when all else that was asked for is known to make sense. */
static int replace_old(struct cli *cli, const struct run_options *o, struct err *err)
{
	char name[SPEC_NAME_MAX + 1];
	struct err none;

	if (!o->replace || container_find(&cli->store, o->name, name, &none) < 0 ||
		strcmp(name, o->name) != 0)
		return 0;
	return container_remove(&cli->store, name, REMOVE_FORCE, err);
}

static int run_planned(struct cli *cli, struct run_options *o, int image_lock, struct err *err)
{
	struct plan plan;
	int r;

	if (container_plan(&o->spec, &plan, err) < 0)
		return -1;
	if (o->dry_run) {
		plan_print(&o->spec, &plan, stdout);
		return container_foresee(&cli->store, &o->spec, &plan, o->name && !o->replace, err);
	}
	if (!o->create && program_in_reach(&o->spec) && program_protect(cli->argv, err) < 0)
		return -1;
	if (volumes_prepare(&cli->store, &o->spec, err) < 0 ||
		container_plan_filter(&cli->store, &o->spec, &plan, err) < 0)
		return -1;
	if (replace_old(cli, o, err) < 0)
		return -1;
	if (o->cidfile && write_cidfile(o->cidfile, o->spec.id, err) < 0)
		return -1;
	r = start_planned(cli, o, &plan, image_lock, err);
	if (r < 0 && o->cidfile)
		unlink(o->cidfile);
	container_plan_free(&plan);
	return r;
}

/* A name that was free when we made it up may be another start's by now. */
static int run_named(struct cli *cli, struct run_options *o, int image_lock, struct err *err)
{
	int r = run_planned(cli, o, image_lock, err);

	for (int i = 0; r < 0 && err->sys == NAMELOCK_TAKEN && i < NAME_ATTEMPTS &&
			run_options_rename(o, &cli->store, err);
		i++)
		r = run_planned(cli, o, image_lock, err);
	return r;
}

static int run(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	struct run_options *o = options;
	struct image image = {0};
	int image_lock = -1, r = -1;

	if (run_options_finish(o, &cli->store, argc, argv, &image, &image_lock, err) == 0 &&
		terminal_check(o->spec.process.terminal && !o->detach && !o->create,
			o->spec.process.open_stdin, err) == 0)
		r = run_named(cli, o, image_lock, err);
	if (r < 0)
		volumes_abandon(&cli->store, &o->spec);
	image_free(&image);
	spec_free(&o->spec);
	return r;
}

const struct command command_run = {
	.name = "run",
	.summary = "Run a command in a new container",
	.arguments = "IMAGE [COMMAND…] | --rootfs DIR COMMAND…",
	.examples = "  ctr run --rm busybox echo hello\n"
		    "  ctr run --rm -it -v $PWD:/src -w /src -m 512m debian bash\n"
		    "  ctr run --rm --rootfs / -- gcc --version\n"
		    "  ctr run -d --name web -v /srv/www:/www:ro busybox httpd -f -h /www\n",
	.flags = run_flags,
	.run = run,
	.init = run_options_init,
	.options_size = sizeof(struct run_options),
	.ends_flags_at_word = true,
	.use = STORE_MAKE,
};

static int create(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	struct run_options *o = options;

	o->create = true;
	if (o->detach)
		return err_set(err, "--detach: create starts nothing");
	if (o->spec.die_with_parent)
		return err_set(err,
			"--die-with-parent: what create makes is started by somebody else");
	return run(cli, options, argc, argv, err);
}

const struct command command_create = {
	.name = "create",
	.summary = "Make a container, for ctr start",
	.arguments = "IMAGE [COMMAND…] | --rootfs DIR COMMAND…",
	.examples =
		"  ctr create --name db -v /srv/db:/var/lib/db debian my-server && ctr start db\n",
	.flags = run_flags,
	.run = create,
	.init = run_options_init,
	.options_size = sizeof(struct run_options),
	.ends_flags_at_word = true,
	.use = STORE_MAKE,
};
