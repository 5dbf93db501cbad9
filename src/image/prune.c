#include "base/fd.h"
#include "image/commands.h"
#include "image/gc.h"
#include "image/store.h"

#include <errno.h>
#include <stdio.h>

static int collect(int root_fd, int *lock, struct gc_result *ret, struct err *err)
{
	struct gc_wanted w;
	int r;

	if (gc_survey(root_fd, &w, err) < 0)
		return -1;
	r = gc_run(root_fd, &w, lock, ret, err);
	gc_wanted_free(&w);
	return r;
}

static const struct flag flags[] = {
	{"idle", 0, NULL, "only if nobody uses the store now, and without a word", flag_bool},
	{0},
};

static int run(int root_fd, void *options, int argc, char **argv, struct err *err)
{
	const bool idle = *(bool *)options;
	struct gc_result done = {0};
	autofd int lock = -1;

	(void)argc, (void)argv;
	lock = image_lock(root_fd, idle ? IMAGE_EXCLUSIVE_NOW : IMAGE_EXCLUSIVE, err);
	if (lock < 0)
		return idle && err->sys == EWOULDBLOCK ? 0 : -1;
	if (collect(root_fd, &lock, &done, err) < 0)
		return -1;
	if (idle)
		return 0;
	printf("removed %llu layers, %llu blobs, %llu unfinished imports\n",
		(unsigned long long)done.layers, (unsigned long long)done.blobs,
		(unsigned long long)done.stages);
	return 0;
}

const struct command image_gc = {
	.name = "gc",
	.synopsis = "[--idle]",
	.summary = "Remove what interrupted commands left, and what no image or container uses",
	.examples = "  ctr image gc\n",
	.flags = flags,
	.options_size = sizeof(bool),
	.run = run,
};
