#include "container/engine.h"
#include "container/signal.h"
#include "oci/command.h"

static int freeze(struct oci *oci, const char *id, bool on, struct err *err)
{
	enum container_status status;
	struct container c;
	int r;

	if (bundle_open(&oci->store, id, NAMELOCK_WAIT, &c, err) < 0)
		return -1;
	r = container_status(&c, &status, err);
	if (r == 0 && status != (on ? CONTAINER_RUNNING : CONTAINER_PAUSED) &&
		!(on && status == CONTAINER_CREATED))
		r = err_set(err, "cannot %s %s: it is %s, not %s", on ? "pause" : "resume", id,
			bundle_status_name(status), on ? "running" : "paused");
	else if (r == 0)
		r = container_freeze(&c, on, err);
	container_close(&c);
	return r;
}

static int pause_it(struct oci *oci, void *options, char **words, struct err *err)
{
	(void)options;
	return freeze(oci, words[0], true, err);
}

static int resume_it(struct oci *oci, void *options, char **words, struct err *err)
{
	(void)options;
	return freeze(oci, words[0], false, err);
}

const struct oci_command oci_pause = {
	.name = "pause",
	.summary = "Freeze the processes of a container",
	.arguments = "ID",
	.words_min = 1,
	.words_max = 1,
	.run = pause_it,
};

const struct oci_command oci_resume = {
	.name = "resume",
	.summary = "Thaw the processes of a container",
	.arguments = "ID",
	.words_min = 1,
	.words_max = 1,
	.run = resume_it,
};
