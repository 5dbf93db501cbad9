/* ctr gc: what killed commands have left; and, for a supervisor, the end of its container. */
#include "state/gc.h"
#include "base/fd.h"
#include "base/num.h"
#include "base/program.h"
#include "cli/command.h"
#include "container/life.h"
#include "container/restart.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct gc_flags {
	const char *container;
	uint32_t lock_fd;
};

static int set_lock_fd(void *to, const char *what, const char *value, struct err *err)
{
	return num_parse_u32(value, &((struct gc_flags *)to)->lock_fd) < 0
		       ? err_set(err, "%s: '%.60s' is not a descriptor", what, value)
		       : 0;
}

/* What interrupted image commands left is theirs to know. Returns only on failure. */
static int gc_images(struct cli *cli, struct err *err)
{
	char path[4096];
	char *const words[] = {(char *)"ctr-image", (char *)"--root", (char *)cli->store.root,
		(char *)"gc", (char *)"--idle", NULL};

	if (program_path("ctr-image", path, sizeof(path), err) < 0)
		return -1;
	if (fflush(stdout) != 0 || ferror(stdout))
		return err_sys(err, "write to standard output");
	execv(path, words);
	return err_sys(err, "cannot execute %s", path);
}

static int sweep(struct cli *cli, struct err *err)
{
	struct gc_report report;

	if (store_gc(&cli->store, &report, err) < 0)
		return -1;
	printf("%zu released, %zu removed\n", report.released, report.removed);
	if (cli->store.root_fd < 0)
		return 0;
	if (faccessat(cli->store.root_fd, "images", F_OK, 0) == 0)
		return gc_images(cli, err);
	return errno == ENOENT ? 0 : err_sys(err, "look for %s/images", cli->store.root);
}

static int sweep_one(struct cli *cli, const struct gc_flags *f, struct err *err)
{
	return f->lock_fd
		       ? container_after(&cli->store, f->container, (int)f->lock_fd, cli->argv, err)
		       : container_settle(&cli->store, f->container, err);
}

enum { LAST_TRY = 5, TRY_AGAIN_US = 200000 };

/* What a supervisor has left to us, at the end of its container, nobody else does: so memory or descriptors that are
 * short for a moment, the store's own too, are waited for. */
static int gc(struct cli *cli, void *options, int argc, char **argv, struct err *err)
{
	const struct gc_flags *f = options;
	/* The lock goes last: whoever waits for it may unmount the store. */
	autofd int last = f->lock_fd ? fcntl((int)f->lock_fd, F_DUPFD_CLOEXEC, 0) : -1;

	(void)argv;
	(void)last;
	if (argc)
		return err_set(err, "gc takes no words");
	for (int tries = 1;; tries++) {
		int r = store_open(cli->root, cli->state, STORE_CHANGE, &cli->store, err);

		if (r == 0) {
			r = f->container ? sweep_one(cli, f, err) : sweep(cli, err);
			store_close(&cli->store);
		}
		if (r >= 0 || !f->container || tries == LAST_TRY)
			return r;
		usleep(TRY_AGAIN_US);
		*err = (struct err){0};
	}
}

static const struct flag gc_flag_table[] = {
	{"container", 0, "NAME", "only this one", FLAG_TEXT(gc_flags, container)},
	{"lock-fd", 0, "N", "its lock is already held by this descriptor", set_lock_fd},
	{0},
};
const struct command command_gc = {
	.name = "gc",
	.summary = "Clean up after commands that were killed",
	.arguments = "",
	.examples = "  ctr gc\n",
	.flags = gc_flag_table,
	.run = gc,
	.options_size = sizeof(struct gc_flags),
	.stateless = true,
};
