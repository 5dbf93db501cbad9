#include "spec/limitchange.h"

#include "spec/restart.h"

#include <string.h>

enum { WEIGHT_DEFAULT = 100, PERIOD_DEFAULT_US = 100000 };

/* Files of the group that an option is about, as bits. */
enum files {
	MEMORY = 1 << 0,
	SWAP = 1 << 1,
	HIGH = 1 << 2,
	LOW = 1 << 3,
	OOM = 1 << 4,
	CPU = 1 << 5,
	WEIGHT = 1 << 6,
	CPUS = 1 << 7,
	MEMS = 1 << 8,
	PIDS = 1 << 9,
	IO_WEIGHT = 1 << 10,
	IO_MAX = 1 << 11,
};
static const char *const file_names[] = {"memory.max", "memory.swap.max", "memory.high",
	"memory.low", "memory.oom.group", "cpu.max", "cpu.weight", "cpuset.cpus", "cpuset.mems",
	"pids.max", "io.weight", "io.max"};
enum { FILES = sizeof(file_names) / sizeof(file_names[0]) };

static int set_oom_group(struct spec *spec, const char *what, const char *value, struct err *err)
{
	bool on = strcmp(value, "true") == 0 || strcmp(value, "1") == 0;

	if (!on && strcmp(value, "false") != 0 && strcmp(value, "0") != 0)
		return err_value(err, what, value, "is neither true nor false");
	spec->limits.oom_group = on;
	return 0;
}

static int set_cpuset_cpus(struct spec *spec, const char *what, const char *value, struct err *err)
{
	spec->limits.cpuset_cpus = NULL;
	return *value ? limit_cpuset_cpus(spec, what, value, err) : 0;
}

static int set_cpuset_mems(struct spec *spec, const char *what, const char *value, struct err *err)
{
	spec->limits.cpuset_mems = NULL;
	return *value ? limit_cpuset_mems(spec, what, value, err) : 0;
}

static int set_restart(struct spec *spec, const char *what, const char *value, struct err *err)
{
	struct restart_policy policy;

	if (restart_parse(what, value, &policy, err) < 0)
		return -1;
	if (spec->remove && policy.kind != RESTART_NO)
		return err_set(err,
			"%s: one that is removed when it ends (--rm) is not started again", what);
	spec->restart = policy.kind == RESTART_NO ? NULL : arena_strdup(&spec->arena, value);
	return 0;
}

static const struct row {
	const char *name;
	int (*set)(struct spec *spec, const char *what, const char *value, struct err *err);
	const char *none; /* the value for no limit; NULL: it has none of its own */
	unsigned files;
} rows[] = {
	{"memory", limit_memory, "0", MEMORY | SWAP},
	{"memory-high", limit_memory_high, "0", HIGH},
	{"memory-reservation", limit_memory_low, "0", LOW},
	{"memory-swap", limit_memory_swap, "-1", SWAP},
	{"oom-group", set_oom_group, NULL, OOM},
	{"cpus", limit_cpus, "0", CPU},
	{"cpu-period", limit_cpu_period, "100000", CPU},
	{"cpu-quota", limit_cpu_quota, "-1", CPU},
	{"cpu-shares", limit_cpu_shares, NULL, WEIGHT},
	{"cpu-weight", limit_cpu_weight, NULL, WEIGHT},
	{"cpuset-cpus", set_cpuset_cpus, "", CPUS},
	{"cpuset-mems", set_cpuset_mems, "", MEMS},
	{"pids", limit_pids, "-1", PIDS},
	{"pids-limit", limit_pids, "-1", PIDS},
	{"io-weight", limit_io_weight, NULL, IO_WEIGHT},
	{"io-max", NULL, NULL, IO_MAX}, /* takes a resolver */
	{"cgroup-conf", limit_cgroup_conf, NULL, 0},
	{"ulimit", limit_ulimit, NULL, 0},
	{"restart", set_restart, NULL, 0},
};

static const struct row *find_row(const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

bool limit_option_exists(const char *name)
{
	return find_row(name);
}

static int set(struct spec *spec, const struct key_value *option, device_resolve_fn *resolve,
	struct err *err)
{
	const struct row *row = find_row(option->key);
	const char *what = arena_printf(&spec->arena, "--%s", option->key);
	const char *value = option->value;

	if (!row)
		return err_set(err, "%s is no limit", what);
	if (row->none && (strcmp(value, "max") == 0 || strcmp(value, "-1") == 0))
		value = row->none;
	return row->set ? row->set(spec, what, value, err)
			: limit_io_max(spec, what, value, resolve, err);
}

int limit_option_check(const char *name, const char *value, device_resolve_fn *resolve,
	struct err *err)
{
	struct spec scratch = {.name = NULL};
	int r = set(&scratch, &(struct key_value){name, value}, resolve, err);

	spec_free(&scratch);
	return r;
}

static unsigned files_of(const struct key_value *options, size_t count)
{
	unsigned files = 0;

	for (size_t i = 0; i < count; i++) {
		const struct row *row = find_row(options[i].key);

		files |= row ? row->files : 0;
	}
	return files;
}

static bool is_given(const struct key_value *options, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(options[i].key, name) == 0)
			return true;
	return false;
}

/* What was said of these files by --cgroup-conf, which would come after the limit that is given now. */
static void drop_conf(struct limits *l, unsigned files)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->conf_count; i++) {
		bool given = false;

		for (size_t k = 0; k < FILES; k++)
			given |= (files & 1U << k) && strcmp(l->conf[i].key, file_names[k]) == 0;
		if (!given)
			l->conf[kept++] = l->conf[i];
	}
	l->conf_count = kept;
}

static bool is_explicit(const struct limits *l)
{
	return l->memory_swap_set && !l->memory_swap_default;
}

/* As it was before limits_check(), which has taken memory off. */
static void swap_restore(struct limits *l)
{
	if (is_explicit(l) && l->memory && l->memory_swap != UINT64_MAX)
		l->memory_swap += l->memory;
}

/* Without --memory-swap: what nobody chose follows; a total stays one as long as there is memory to count in
 * it. */
static void swap_follow(const struct limits *was, struct limits *l)
{
	if (!is_explicit(was))
		l->memory_swap_set = l->memory_swap_default = false;
	else if (was->memory_swap == UINT64_MAX)
		return;
	else if (was->memory && !l->memory)
		l->memory_swap = was->memory_swap;
	else if (!was->memory && l->memory)
		l->memory_swap += l->memory;
}

/* Devices that are left without a rate: the group is to hear of it, the document has nothing to say. */
static void io_drop_empty(struct limits *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->io_max_count; i++) {
		const struct io_max m = l->io_max[i];

		if (m.rbps || m.wbps || m.riops || m.wiops)
			l->io_max[kept++] = m;
	}
	l->io_max_count = kept;
}

static bool io_same(const struct limits *was, const struct io_max *m)
{
	for (size_t i = 0; i < was->io_max_count; i++)
		if (memcmp(&was->io_max[i], m, sizeof(*m)) == 0)
			return true;
	return false;
}

static void conf_put(struct arena *a, struct limits *l, const char *file, const char *value)
{
	arena_push(a, l->conf, l->conf_count, ((struct key_value){file, value}));
}

static uint64_t or_none(uint64_t n, uint64_t none)
{
	return n ? n : none;
}

static void live_memory(struct arena *a, const struct limits *was, const struct limits *l,
	unsigned files, struct limits *live)
{
	if (files & MEMORY)
		live->memory = or_none(l->memory, UINT64_MAX);
	if (files & SWAP) {
		live->memory_swap_set = true;
		live->memory_swap = l->memory_swap_set ? l->memory_swap : UINT64_MAX;
		live->memory_swap_default = !l->memory_swap_set || l->memory_swap_default;
	}
	if (files & HIGH)
		live->memory_high = or_none(l->memory_high, UINT64_MAX);
	if (files & LOW)
		live->memory_low = l->memory_low;
	if ((files & LOW) && !l->memory_low && was->memory_low)
		conf_put(a, live, "memory.low", "0");
	if (files & OOM)
		live->oom_group = l->oom_group;
	if ((files & OOM) && !l->oom_group && was->oom_group)
		conf_put(a, live, "memory.oom.group", "0");
}

static void live_rest(const struct limits *l, unsigned files, struct limits *live)
{
	if (files & CPU) {
		live->cpu_quota_us = or_none(l->cpu_quota_us, UINT64_MAX);
		live->cpu_period_us = or_none(l->cpu_period_us, PERIOD_DEFAULT_US);
	}
	if (files & WEIGHT)
		live->cpu_weight = or_none(l->cpu_weight, WEIGHT_DEFAULT);
	if (files & CPUS)
		live->cpuset_cpus = l->cpuset_cpus ? l->cpuset_cpus : "";
	if (files & MEMS)
		live->cpuset_mems = l->cpuset_mems ? l->cpuset_mems : "";
	if (files & PIDS)
		live->pids = l->pids;
	if (files & IO_WEIGHT)
		live->io_weight = or_none(l->io_weight, WEIGHT_DEFAULT);
}

static void live_make(struct arena *a, const struct limits *was, const struct limits *l,
	const struct key_value *options, size_t count, struct limits *live)
{
	unsigned files = files_of(options, count);

	*live = (struct limits){.memory_check = true};
	live_memory(a, was, l, files, live);
	live_rest(l, files, live);
	for (size_t i = 0; (files & IO_MAX) && i < l->io_max_count; i++)
		if (!io_same(was, &l->io_max[i]))
			arena_push(a, live->io_max, live->io_max_count, l->io_max[i]);
	for (size_t i = 0; i < count; i++) {
		size_t key = strcspn(options[i].value, "=");

		for (size_t k = 0; strcmp(options[i].key, "cgroup-conf") == 0 && k < l->conf_count;
			k++)
			if (strlen(l->conf[k].key) == key &&
				strncmp(l->conf[k].key, options[i].value, key) == 0)
				conf_put(a, live, l->conf[k].key, l->conf[k].value);
	}
}

static void rlimits_make(const struct spec *spec, const struct key_value *options, size_t count,
	struct limit_change *ret, struct arena *a)
{
	for (size_t i = 0; i < count; i++) {
		char *name = arena_strndup(a, options[i].value, strcspn(options[i].value, "="));

		for (size_t k = 0;
			strcmp(options[i].key, "ulimit") == 0 && k < spec->process.rlimit_count;
			k++)
			if (spec->process.rlimits[k].resource == rlimit_number(name))
				arena_push(a, ret->rlimits, ret->rlimit_count,
					spec->process.rlimits[k]);
	}
}

/* --cpus says all that there is to say of time. */
static void forget_quota(struct limits *l, const struct key_value *options, size_t count)
{
	if (is_given(options, count, "cpus"))
		l->cpu_quota_us = l->cpu_period_us = 0;
}

/* Swap by itself, without a limit on memory, is no total. */
static int check(struct limits *l, bool total_given, struct err *err)
{
	bool alone = is_explicit(l) && !l->memory && !total_given;
	uint64_t swap = l->memory_swap;

	l->memory_swap_set = l->memory_swap_set && !alone;
	if (limits_check(l, err) < 0)
		return -1;
	if (alone) {
		l->memory_swap_set = true;
		l->memory_swap = swap;
	}
	return 0;
}

int limit_options_apply(struct spec *spec, const struct key_value *options, size_t count,
	device_resolve_fn *resolve, struct limit_change *ret, struct err *err)
{
	struct limits was = spec->limits, *l = &spec->limits;
	struct limit_change change = {.restart = is_given(options, count, "restart")};

	/* Single devices are overwritten, the others stay. */
	l->io_max = NULL;
	l->io_max_count = 0;
	for (size_t i = 0; i < was.io_max_count; i++)
		arena_push(&spec->arena, l->io_max, l->io_max_count, was.io_max[i]);
	drop_conf(l, files_of(options, count));
	forget_quota(l, options, count);
	swap_restore(l);
	for (size_t i = 0; i < count; i++)
		if (set(spec, &options[i], resolve, err) < 0)
			return -1;
	if (is_given(options, count, "memory-swap"))
		l->memory_swap_default = false;
	else
		swap_follow(&was, l);
	if (check(l, is_given(options, count, "memory-swap"), err) < 0)
		return -1;
	live_make(&spec->arena, &was, l, options, count, &change.limits);
	rlimits_make(spec, options, count, &change, &spec->arena);
	io_drop_empty(l);
	*ret = change;
	return 0;
}
