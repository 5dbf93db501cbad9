#include "base/await.h"
#include "base/clock.h"
#include "cgroup/stats.h"
#include "container/engine.h"
#include "oci/command.h"
#include "oci/usage.h"

#include "base/fd.h"
#include "base/json.h"
#include "base/num.h"
#include "base/output.h"

#include <stdio.h>
#include <string.h>

enum { DAY_MS = 86400000 };

struct events_options {
	bool stats;
	const char *interval;
};

static const struct flag events_table[] = {
	{"stats", 0, NULL, "once, then end", FLAG_BOOL(events_options, stats)},
	{"interval", 0, "VALUE", "time between two, as 5, 5s or 1m30s (5s)",
		FLAG_TEXT(events_options, interval)},
	{NULL},
};

static int print_event(const char *type, const char *id, json_t *data, struct err *err)
{
	autojson json_t *j = json_pack("{ss ss so*}", "type", type, "id", id, "data", data);
	autofree char *text = j ? json_text(j, JSON_COMPACT, err) : NULL;

	if (!text)
		return err_set(err, "cannot write an event");
	output_document(stdout, text);
	return fflush(stdout) == 0 ? 0 : err_sys(err, "standard output");
}

static int print_stats(struct container *c, uint64_t *oom_kills, struct err *err)
{
	struct cgroup_stats s;
	json_t *usage;

	if (cgroup_stats(c->group_fd, &s, err) < 0)
		return -1;
	if (s.oom_kills.known && s.oom_kills.value > *oom_kills &&
		print_event("oom", c->record.name, NULL, err) < 0)
		return -1;
	*oom_kills = s.oom_kills.value;
	usage = usage_json(c->group_fd, &s, err);
	return usage ? print_event("stats", c->record.name, usage, err) : -1;
}

static int watch(struct container *c, enum container_status status, void *options, struct err *err)
{
	const struct events_options *o = options;
	uint64_t oom_kills = 0;
	uint64_t ns = 5000 * MS_NS;

	(void)status;
	if (o->interval && duration_parse("--interval", o->interval, &ns, err) < 0)
		return -1;
	if (ns < MS_NS || ns > DAY_MS * MS_NS)
		return err_value(err, "--interval", o->interval, "is not from 1ms to 24h");
	if (c->pidfd < 0)
		return err_set(err, "container not running: %s", c->record.name);
	if (c->group_fd < 0)
		return err_set(err, "%s has no cgroup: nothing is counted", c->record.name);
	for (;;) {
		if (print_stats(c, &oom_kills, err) < 0)
			return -1;
		if (o->stats || await_readable(c->pidfd, deadline_after(ns)) > 0)
			return 0;
	}
}

static int events(struct oci *oci, void *options, char **words, struct err *err)
{
	return bundle_do(&oci->store, words[0], NAMELOCK_NONE, watch, options, err);
}

const struct oci_command oci_events = {
	.name = "events",
	.summary = "Print what a container uses",
	.arguments = "ID",
	.options = events_table,
	.options_size = sizeof(struct events_options),
	.words_min = 1,
	.words_max = 1,
	.run = events,
};
