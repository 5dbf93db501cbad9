#include "container/engine.h"
#include "container/signal.h"
#include "oci/command.h"

static int freeze(struct container *c, enum container_status status, void *arg, struct err *err)
{
	const bool on = *(const bool *)arg;

	if (status == (on ? CONTAINER_RUNNING : CONTAINER_PAUSED) ||
		(on && status == CONTAINER_CREATED))
		return container_freeze(c, on, err);
	return err_set(err, "cannot %s %s: it is %s, not %s", on ? "pause" : "resume",
		c->record.name, bundle_status_name(status), on ? "running" : "paused");
}

static int pause_it(struct oci *oci, void *options, char **words, struct err *err)
{
	(void)options;
	return bundle_do(&oci->store, words[0], NAMELOCK_WAIT, freeze, &(bool){true}, err);
}

static int resume_it(struct oci *oci, void *options, char **words, struct err *err)
{
	(void)options;
	return bundle_do(&oci->store, words[0], NAMELOCK_WAIT, freeze, &(bool){false}, err);
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
