#include "base/fd.h"
#include "image/commands.h"
#include "image/store.h"
#include "image/sweep.h"

#include <stdio.h>

static int collect(int root_fd, struct sweep_result *ret, struct err *err)
{
	autofd int lock = image_lock(root_fd, IMAGE_EXCLUSIVE, err);
	struct sweep_wanted w;
	int r;

	if (lock < 0 || sweep_survey(root_fd, &w, err) < 0)
		return -1;
	r = sweep_run(root_fd, &w, &lock, ret, err);
	sweep_wanted_free(&w);
	return r;
}

static int run(const struct command *self, int root_fd, int argc, char **argv, struct err *err)
{
	int r = command_begin(self, NULL, 0, &argc, argv, 0, 0, err);
	struct sweep_result done = {0};

	if (r)
		return r < 0 ? -1 : 0;
	if (collect(root_fd, &done, err) < 0)
		return -1;
	printf("removed %llu layers, %llu blobs, %llu unfinished imports\n",
		(unsigned long long)done.layers, (unsigned long long)done.blobs,
		(unsigned long long)done.stages);
	return 0;
}

const struct command image_collect = {
	"gc",
	"",
	"Remove what interrupted commands left, and what no image or container uses",
	"  ctr image gc\n",
	run,
};
