#include "oci/command.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/jsonwide.h"
#include "cgroup/devices.h"
#include "cgroup/effective.h"
#include "cgroup/stats.h"
#include "container/engine.h"
#include "container/limit.h"
#include "spec/config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct update_options {
	const char *resources;
	const char *memory, *reservation, *swap, *quota, *period, *shares, *cpus, *mems, *pids;
};

static const struct option update_table[] = {
	{"resources", 'r', OPTION_STRING, offsetof(struct update_options, resources),
		"file with linux.resources, or - for standard input"},
	{"memory", 0, OPTION_STRING, offsetof(struct update_options, memory), "bytes"},
	{"memory-reservation", 0, OPTION_STRING, offsetof(struct update_options, reservation),
		"bytes"},
	{"memory-swap", 0, OPTION_STRING, offsetof(struct update_options, swap),
		"bytes of memory and swap together"},
	{"cpu-quota", 0, OPTION_STRING, offsetof(struct update_options, quota),
		"microseconds in each period"},
	{"cpu-period", 0, OPTION_STRING, offsetof(struct update_options, period), "microseconds"},
	{"cpu-share", 0, OPTION_STRING, offsetof(struct update_options, shares),
		"weight, 1024 is usual"},
	{"cpu-shares", 0, OPTION_STRING, offsetof(struct update_options, shares), "the same"},
	{"cpuset-cpus", 0, OPTION_STRING, offsetof(struct update_options, cpus), "0-3,5"},
	{"cpuset-mems", 0, OPTION_STRING, offsetof(struct update_options, mems), "0-1"},
	{"pids-limit", 0, OPTION_STRING, offsetof(struct update_options, pids), "processes"},
	{NULL},
};

static int read_text(const char *file, char **ret, size_t *ret_len, struct err *err)
{
	if (strcmp(file, "-") != 0)
		return file_read_given(file, JSON_WIDE_MAX_BYTES, ret, ret_len, err);
	return file_read_fd(STDIN_FILENO, "standard input", JSON_WIDE_MAX_BYTES, ret, ret_len, err);
}

/* A number as it is, anything else for the reader of the document to refuse. */
static int put(json_t *root, const char *group, const char *name, const char *value,
	struct err *err)
{
	json_t *inner = json_object_get(root, group), *v;

	if (!value)
		return 0;
	if (!inner) {
		inner = json_object();
		json_object_set_new(root, group, inner);
	}
	v = strcmp(name, "cpus") != 0 && strcmp(name, "mems") != 0
		    ? json_loads(value, JSON_DECODE_ANY, NULL)
		    : json_string(value);
	if (!v)
		return err_set(err, "%s: '%.60s' is not a number", name, value);
	return json_object_set_new(inner, name, v);
}

static int text_of_options(const struct update_options *o, char **ret, size_t *ret_len,
	struct err *err)
{
	autojson json_t *root = json_object();

	if (put(root, "memory", "limit", o->memory, err) < 0 ||
		put(root, "memory", "reservation", o->reservation, err) < 0 ||
		put(root, "memory", "swap", o->swap, err) < 0 ||
		put(root, "cpu", "quota", o->quota, err) < 0 ||
		put(root, "cpu", "period", o->period, err) < 0 ||
		put(root, "cpu", "shares", o->shares, err) < 0 ||
		put(root, "cpu", "cpus", o->cpus, err) < 0 ||
		put(root, "cpu", "mems", o->mems, err) < 0 ||
		put(root, "pids", "limit", o->pids, err) < 0)
		return -1;
	*ret = json_text(root, JSON_COMPACT, err);
	*ret_len = *ret ? strlen(*ret) : 0;
	return *ret ? 0 : -1;
}

/* cgroup v2 would kill for it. */
static int check_memory(const struct container *c, const struct limits *l, struct err *err)
{
	struct cgroup_stats stats;

	if (!l->memory_check || !l->memory)
		return 0;
	if (cgroup_stats(c->group_fd, &stats, err) < 0)
		return -1;
	if (stats.memory_current.known && stats.memory_current.value > l->memory)
		return err_set(err, "cannot limit the memory of %s to %llu bytes: it uses %llu",
			c->record.name, (unsigned long long)l->memory,
			(unsigned long long)stats.memory_current.value);
	return 0;
}

static int replace_devices(const struct container *c, const struct spec *asked, struct err *err)
{
	return !asked->device_rule_count ? 0
					 : cgroup_devices_replace(c->group_fd, asked->device_rules,
						   asked->device_rule_count, err);
}

/* All of it, or nothing. What is not asked for stays as it is. */
static int apply(struct container *c, const struct spec *asked, struct err *err)
{
	autolimit struct container_limit done = {.scope = {.unit = ""}};
	struct limits limits = asked->limits;

	if (limits.cpu_quota_us || limits.cpu_period_us)
		cgroup_quota_complete(c->group_fd, &limits);
	if (check_memory(c, &limits, err) < 0 || container_limit_change(c, &limits, &done, err) < 0)
		return -1;
	if (replace_devices(c, asked, err) == 0)
		return 0;
	container_limit_undo(c, &done);
	return -1;
}

static int update_open(struct container *c, const struct update_options *o, struct err *err)
{
	autofree char *text = NULL;
	enum bundle_status status;
	struct spec base, asked;
	size_t len = 0;
	int r;

	if (bundle_status(c, &status, err) < 0)
		return -1;
	if (status == BUNDLE_STOPPED || status == BUNDLE_CREATING)
		return err_set(err, "cannot update a container that is %s: %s",
			bundle_status_name(status), c->record.name);
	if (c->group_fd < 0)
		return err_set(err, "cannot update %s: it has no cgroup", c->record.name);
	if ((o->resources ? read_text(o->resources, &text, &len, err)
			  : text_of_options(o, &text, &len, err)) < 0 ||
		bundle_spec(c, &base, err) < 0)
		return -1;
	r = config_read_resources(o->resources ? o->resources : "options", text, len, &base, &asked,
		err);
	if (r == 0) {
		for (size_t i = 0; i < asked.warning_count; i++)
			warn("%s", asked.warnings[i]);
		r = apply(c, &asked, err);
		spec_free(&asked);
	}
	spec_free(&base);
	return r;
}

static int update(struct oci *oci, void *options, char **words, struct err *err)
{
	struct container c;
	int r;

	if (bundle_open(&oci->store, words[0], CLAIM_WAIT, &c, err) < 0)
		return -1;
	r = update_open(&c, options, err);
	container_close(&c);
	return r;
}

const struct oci_command oci_update = {
	.name = "update",
	.summary = "Change the limits of a container",
	.arguments = "ID",
	.options = update_table,
	.options_size = sizeof(struct update_options),
	.words_min = 1,
	.words_max = 1,
	.run = update,
};
