#include "container/engine.h"
#include "oci/match.h"
#include "spec/signame.h"
#include "state/gc.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

struct kill_options {
	bool all, regex;
	int sig;
};

static int kill_one(struct container *c, enum container_status status, void *arg, struct err *err)
{
	const struct kill_options *o = arg;

	return bundle_kill(c, status, o->sig, o->all, err);
}

static int kill_named(struct oci *oci, const char *id, void *arg, struct err *err)
{
	return bundle_do(&oci->store, id, NAMELOCK_NONE, kill_one, arg, err);
}

static int kill_it(struct oci *oci, void *options, char **words, struct err *err)
{
	struct kill_options *o = options;

	o->sig = SIGTERM;
	if (words[1] && strcmp(words[1], "0") == 0)
		o->sig = 0;
	else if (words[1] && (o->sig = signal_parse(words[1])) < 0)
		return err_value(err, "signal", words[1], "is none");
	return o->regex ? each_match(oci, words[0], kill_named, o, err)
			: kill_named(oci, words[0], o, err);
}

static const struct flag kill_table[] = {
	{"all", 'a', NULL, "to each of its processes", FLAG_BOOL(kill_options, all)},
	{"regex", 'r', NULL, "ID is a pattern: to each container that it fits",
		FLAG_BOOL(kill_options, regex)},
	{NULL},
};

const struct oci_command oci_kill = {
	.name = "kill",
	.summary = "Send a signal (SIGTERM) to a container",
	.arguments = "ID [SIGNAL]",
	.options = kill_table,
	.options_size = sizeof(struct kill_options),
	.words_min = 1,
	.words_max = 2,
	.run = kill_it,
};

struct delete_options {
	bool force, regex;
};

static int delete_named(struct oci *oci, const char *id, void *arg, struct err *err)
{
	const bool force = ((const struct delete_options *)arg)->force;
	struct container c;
	int r;

	if (bundle_open(&oci->store, id, NAMELOCK_WAIT, &c, err) < 0)
		/* containerd asks for it again once it is gone. */
		return force && err->sys == ENOENT ? 0 : -1;
	r = bundle_delete(&c, force, err);
	container_close(&c);
	return r;
}

/* A create or delete that was killed may have left a directory that bears no id. */
static int delete_it(struct oci *oci, void *options, char **words, struct err *err)
{
	const struct delete_options *o = options;
	struct err unswept;

	if ((o->regex ? each_match(oci, words[0], delete_named, options, err)
		      : delete_named(oci, words[0], options, err)) < 0)
		return -1;
	if (store_gc_leftovers(&oci->store, &unswept) < 0)
		warn("%s", unswept.text);
	return 0;
}

static const struct flag delete_table[] = {
	{"force", 'f', NULL, "kill it first; one that does not exist is deleted already",
		FLAG_BOOL(delete_options, force)},
	{"regex", 'r', NULL, "ID is a pattern: each container that it fits",
		FLAG_BOOL(delete_options, regex)},
	{NULL},
};

const struct oci_command oci_delete = {
	.name = "delete",
	.summary = "Remove what is left of a container",
	.arguments = "ID",
	.options = delete_table,
	.options_size = sizeof(struct delete_options),
	.words_min = 1,
	.words_max = 1,
	.makes_root = true,
	.run = delete_it,
};
