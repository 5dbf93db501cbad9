#include "cgroup/stats.h"
#include "container/engine.h"
#include "oci/command.h"

#include "base/fd.h"
#include "base/json.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

struct events_options {
	bool stats;
	const char *interval;
};

static const struct option events_table[] = {
	{"stats", 0, OPTION_BOOL, offsetof(struct events_options, stats), "once, then end"},
	{"interval", 0, OPTION_STRING, offsetof(struct events_options, interval),
		"seconds between two (5)"},
	{NULL},
};

static json_t *count(struct cgroup_count c)
{
	/* More than JSON libraries hold is no limit to any of them. */
	if (!c.known)
		return NULL;
	return json_integer(c.value > INT64_MAX ? INT64_MAX : (json_int_t)c.value);
}

static void put(json_t *to, const char *name, json_t *value)
{
	if (value)
		json_object_set_new(to, name, value);
}

static json_t *nanoseconds(struct cgroup_count us)
{
	us.value *= 1000;
	return count(us);
}

static json_t *cpu(const struct cgroup_stats *s)
{
	json_t *usage = json_object(), *throttling = json_object(), *all = json_object();

	put(usage, "total", nanoseconds(s->cpu_usage_us));
	put(usage, "kernel", nanoseconds(s->cpu_system_us));
	put(usage, "user", nanoseconds(s->cpu_user_us));
	put(throttling, "throttledTime", nanoseconds(s->cpu_throttled_us));
	put(all, "usage", usage);
	put(all, "throttling", throttling);
	return all;
}

static json_t *memory(const struct cgroup_stats *s)
{
	json_t *usage = json_object(), *swap = json_object(), *all = json_object();

	put(usage, "usage", count(s->memory_current));
	put(usage, "max", count(s->memory_peak));
	put(usage, "limit", count(s->memory_max));
	put(usage, "failcnt", count(s->oom_kills));
	put(swap, "usage", count(s->swap_current));
	put(swap, "limit", count(s->swap_max));
	put(all, "usage", usage);
	put(all, "swap", swap);
	return all;
}

static json_t *pids(const struct cgroup_stats *s)
{
	json_t *all = json_object();

	put(all, "current", count(s->pids_current));
	put(all, "limit", count(s->pids_max));
	return all;
}

static int print_event(const char *type, const char *id, json_t *data, struct err *err)
{
	autojson json_t *j = json_pack("{ss ss so*}", "type", type, "id", id, "data", data);
	autofree char *text = j ? json_text(j, JSON_COMPACT, err) : NULL;

	if (!text)
		return err_set(err, "cannot write an event");
	puts(text);
	return fflush(stdout) == 0 ? 0 : err_sys(err, "standard output");
}

static int print_stats(struct container *c, uint64_t *oom_kills, struct err *err)
{
	struct cgroup_stats s;
	json_t *data;

	if (cgroup_stats(c->group_fd, &s, err) < 0)
		return -1;
	if (s.oom_kills.known && s.oom_kills.value > *oom_kills &&
		print_event("oom", c->record.name, NULL, err) < 0)
		return -1;
	*oom_kills = s.oom_kills.value;
	data = json_object();
	put(data, "cpu", cpu(&s));
	put(data, "memory", memory(&s));
	put(data, "pids", pids(&s));
	return print_event("stats", c->record.name, data, err);
}

static int watch(struct container *c, const struct events_options *o, struct err *err)
{
	enum bundle_status status;
	uint64_t oom_kills = 0;
	int seconds = 5;

	if (o->interval && option_number("--interval", o->interval, &seconds, err) < 0)
		return -1;
	if (seconds < 1 || seconds > 86400)
		return err_set(err, "--interval: %d s is not from 1 to 86400", seconds);
	if (bundle_status(c, &status, err) < 0)
		return -1;
	if (status == BUNDLE_STOPPED || status == BUNDLE_CREATING)
		return err_set(err, "container not running: %s", c->record.name);
	if (c->group_fd < 0)
		return err_set(err, "%s has no cgroup: nothing is counted", c->record.name);
	for (;;) {
		struct pollfd p = {.fd = c->pidfd, .events = POLLIN};

		if (print_stats(c, &oom_kills, err) < 0)
			return -1;
		if (o->stats || poll(&p, 1, seconds * 1000) > 0)
			return 0;
	}
}

static int events(struct oci *oci, void *options, char **words, struct err *err)
{
	struct container c;
	int r;

	if (bundle_open(&oci->store, words[0], CLAIM_NONE, &c, err) < 0)
		return -1;
	r = watch(&c, options, err);
	container_close(&c);
	return r;
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
