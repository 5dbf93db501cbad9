#include "oci/command.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/jsonwide.h"
#include "base/num.h"
#include "cgroup/devices.h"
#include "container/engine.h"
#include "container/limit.h"
#include "spec/config.h"
#include "state/configfile.h"

#include <string.h>
#include <unistd.h>

enum value { NUMBER, BYTES, TEXT };

#define EACH_OPTION(X)                                                                             \
	X(memory, "memory", BYTES, "memory", "limit", "bytes, or 512m and the like; -1: no limit") \
	X(reservation, "memory-reservation", BYTES, "memory", "reservation", "bytes")              \
	X(swap, "memory-swap", BYTES, "memory", "swap", "bytes of memory and swap together")       \
	X(kernel, "kernel-memory", BYTES, "memory", "kernel", "(counts as memory in cgroup v2)")   \
	X(tcp, "kernel-memory-tcp", BYTES, "memory", "kernelTCP", "(the same)")                    \
	X(quota, "cpu-quota", NUMBER, "cpu", "quota", "microseconds in each period")               \
	X(period, "cpu-period", NUMBER, "cpu", "period", "microseconds")                           \
	X(burst, "cpu-burst", NUMBER, "cpu", "burst", "microseconds saved up for later")           \
	X(shares, "cpu-share", NUMBER, "cpu", "shares", "weight, 1024 is usual")                   \
	X(idle, "cpu-idle", NUMBER, "cpu", "idle", "1: only what others leave")                    \
	X(rt_runtime, "cpu-rt-runtime", NUMBER, "cpu", "realtimeRuntime", "(cgroup v2 has none)")  \
	X(rt_period, "cpu-rt-period", NUMBER, "cpu", "realtimePeriod", "(cgroup v2 has none)")     \
	X(cpus, "cpuset-cpus", TEXT, "cpu", "cpus", "0-3,5")                                       \
	X(mems, "cpuset-mems", TEXT, "cpu", "mems", "0-1")                                         \
	X(weight, "blkio-weight", NUMBER, "blockIO", "weight", "of disks, 10 to 1000")             \
	X(pids, "pids-limit", NUMBER, "pids", "limit", "processes")

#define FIELD(field, name, value, group, member, help) const char *field;
struct update_options {
	const char *resources, *cache, *bandwidth;
	EACH_OPTION(FIELD)
};

#define ROW(field, name, value, group, member, help)                                               \
	{name, 0, "VALUE", help, FLAG_TEXT(update_options, field)},
static const struct flag update_table[] = {
	{"resources", 'r', "VALUE", "file with linux.resources, or - for standard input",
		FLAG_TEXT(update_options, resources)},
	EACH_OPTION(ROW){"cpu-shares", 0, "VALUE", "the same as --cpu-share",
		FLAG_TEXT(update_options, shares)},
	{"l3-cache-schema", 0, "VALUE", "(refused)", FLAG_TEXT(update_options, cache)},
	{"mem-bw-schema", 0, "VALUE", "(refused)", FLAG_TEXT(update_options, bandwidth)},
	{NULL},
};

#define PLACE(field, name, value, group, member, help)                                             \
	{"--" name, group, member, value, offsetof(struct update_options, field)},
static const struct place {
	const char *option, *group, *member;
	enum value value;
	size_t at;
} places[] = {EACH_OPTION(PLACE)};

static int read_text(const char *file, char **ret, size_t *ret_len, struct err *err)
{
	if (strcmp(file, "-") != 0)
		return file_read_given(file, JSON_WIDE_MAX_BYTES, ret, ret_len, err);
	return file_read_fd(STDIN_FILENO, "standard input", JSON_WIDE_MAX_BYTES, ret, ret_len, err);
}

/* What is no number is for the reader of the document to refuse. */
static json_t *value_make(const struct place *p, const char *text, struct err *err)
{
	uint64_t bytes;
	int64_t n;

	if (p->value == TEXT)
		return json_string(text);
	if (num_parse_i64(text, &n) == 0)
		return json_integer(n);
	if (p->value == NUMBER) {
		err_set(err, "%s: '%.60s' is not a number", p->option, text);
		return NULL;
	}
	if (size_parse(p->option, text, &bytes, err) < 0)
		return NULL;
	return json_integer(bytes > INT64_MAX ? INT64_MAX : (json_int_t)bytes);
}

static int put(json_t *root, const struct place *p, const char *text, struct err *err)
{
	json_t *inner = json_object_get(root, p->group), *v = value_make(p, text, err);

	if (!v)
		return -1;
	if (!inner) {
		inner = json_object();
		json_object_set_new(root, p->group, inner);
	}
	return json_object_set_new(inner, p->member, v);
}

static int text_of_options(const struct update_options *o, char **ret, size_t *ret_len,
	struct err *err)
{
	autojson json_t *root = json_object();

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *text = *(const char *const *)((const char *)o + places[i].at);

		if (text && put(root, &places[i], text, err) < 0)
			return -1;
	}
	*ret = json_text(root, JSON_COMPACT, err);
	*ret_len = *ret ? strlen(*ret) : 0;
	return *ret ? 0 : -1;
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

	if (container_limit_change(c, &asked->limits, &done, err) < 0)
		return -1;
	if (replace_devices(c, asked, err) == 0)
		return 0;
	container_limit_undo(c, &done);
	return -1;
}

static int update_one(struct container *c, enum container_status status, void *options,
	struct err *err)
{
	const struct update_options *o = options;
	autofree char *text = NULL;
	struct spec base, asked;
	size_t len = 0;
	int r;

	if (c->pidfd < 0)
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
	const struct update_options *o = options;

	if (o->cache || o->bandwidth)
		return err_set(err, "--%s: a class of RDT is set when the container is created",
			o->cache ? "l3-cache-schema" : "mem-bw-schema");
	return bundle_do(&oci->store, words[0], NAMELOCK_WAIT, update_one, options, err);
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
