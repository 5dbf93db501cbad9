#include "base/fd.h"
#include "image/commands.h"
#include "image/gc.h"
#include "image/option.h"
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

static int run(const struct command *self, int root_fd, int argc, char **argv, struct err *err)
{
	bool idle = false;
	const struct option_def defs[] = {
		{"idle", 0, NULL, "only if nobody uses the store now, and without a word", &idle,
			NULL},
	};
	int r = command_begin(self, defs, 1, &argc, argv, 0, 0, err);
	struct gc_result done = {0};
	autofd int lock = -1;

	if (r)
		return r < 0 ? -1 : 0;
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
	"gc",
	"[--idle]",
	"Remove what interrupted commands left, and what no image or container uses",
	"  ctr image gc\n",
	run,
};
