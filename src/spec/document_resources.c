#include "spec/document.h"

#include "base/num.h"
#include "base/numlist.h"
#include "spec/limitflag.h"

#include <stdio.h>
#include <string.h>

/* A file of the cgroup, not a path to somewhere else. */
static const char *unified_check(const char *s)
{
	return *s ? NULL : "a value for a file of the cgroup";
}

static const struct field memory[] = {
	{"limit", FIELD_I64, 0, AT(document, resources.memory), .min = -1, .max = INT64_MAX},
	{"reservation", FIELD_I64, 0, AT(document, resources.reservation), .min = -1,
		.max = INT64_MAX},
	{"swap", FIELD_I64, 0, AT(document, resources.swap), .min = -1, .max = INT64_MAX},
	{"kernel", FIELD_I64, 0, AT(document, resources.kernel), .min = -1, .max = INT64_MAX},
	{"kernelTCP", FIELD_I64, 0, AT(document, resources.kernel_tcp), .min = -1,
		.max = INT64_MAX},
	{"swappiness", FIELD_U64, FIELD_PRESENT, AT(document, resources.swappiness),
		N(document, resources.has_swappiness)},
	{"disableOOMKiller", FIELD_BOOL, 0, AT(document, resources.oom_killer_off)},
	{"useHierarchy", FIELD_BOOL, FIELD_PRESENT, AT(document, resources.hierarchy),
		N(document, resources.has_hierarchy)},
	{"checkBeforeUpdate", FIELD_BOOL, 0, AT(document, spec.limits.memory_check)},
	{NULL},
};

static const struct field cpu[] = {
	{"shares", FIELD_U64, 0, AT(document, resources.shares)},
	{"quota", FIELD_I64, 0, AT(document, resources.quota), .min = -1, .max = INT64_MAX},
	{"period", FIELD_U64, 0, AT(document, spec.limits.cpu_period_us), .max = 1000000},
	{"burst", FIELD_U64, FIELD_PRESENT, AT(document, resources.burst),
		N(document, resources.has_burst)},
	{"realtimeRuntime", FIELD_I64, 0, AT(document, resources.realtime_runtime)},
	{"realtimePeriod", FIELD_U64, 0, AT(document, resources.realtime_period)},
	{"cpus", FIELD_STRING, FIELD_FILLED, AT(document, spec.limits.cpuset_cpus)},
	{"mems", FIELD_STRING, FIELD_FILLED, AT(document, spec.limits.cpuset_mems)},
	{"idle", FIELD_I64, FIELD_PRESENT, AT(document, resources.idle),
		N(document, resources.has_idle), .max = 1},
	{NULL},
};

static const struct field pids[] = {
	{"limit", FIELD_I64, FIELD_PRESENT, AT(document, resources.pids),
		N(document, resources.has_pids), .min = -1, .max = INT64_MAX},
	{NULL},
};

static const char *page_size_check(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n && n < 8 && s[0] != '0' && s[n] && strchr("KMGT", s[n]) && !strcmp(s + n + 1, "B")
		       ? NULL
		       : "a size such as \"2MB\"";
}

static const struct field hugepage[] = {
	{"pageSize", FIELD_STRING, FIELD_REQUIRED, AT(document_hugepage, size),
		.check = page_size_check},
	{"limit", FIELD_U64, FIELD_REQUIRED | FIELD_ALWAYS, AT(document_hugepage, limit)},
	{NULL},
};

static const char *rdma_check(const char *s)
{
	return *s && strlen(s) < 64 && !strpbrk(s, " \t\r\n\\/") ? NULL : "the name of a device";
}

static const struct field rdma[] = {
	{"hcaHandles", FIELD_U32, FIELD_PRESENT, AT(document_rdma, handles),
		N(document_rdma, has_handles)},
	{"hcaObjects", FIELD_U32, FIELD_PRESENT, AT(document_rdma, objects),
		N(document_rdma, has_objects)},
	{NULL},
};

/* Classes of packets went with cgroup v1; nftables can match the cgroup itself. */
static const struct field network[] = {
	{"classID", FIELD_REFUSED, .why = "cgroup v2 has no net_cls controller"},
	{"priorities", FIELD_REFUSED, .why = "cgroup v2 has no net_prio controller"},
	{NULL},
};

const struct field document_resource_fields[] = {
	{"devices", FIELD_ARRAY, 0, AT(document, resources.rules),
		N(document, resources.rule_count), EACH(document_rule, document_rule_fields)},
	{"memory", FIELD_OBJECT, .fields = memory},
	{"cpu", FIELD_OBJECT, .fields = cpu},
	{"pids", FIELD_OBJECT, .fields = pids},
	{"blockIO", FIELD_OBJECT, .fields = document_block_fields},
	{"hugepageLimits", FIELD_ARRAY, 0, AT(document, resources.hugepages),
		N(document, resources.hugepage_count), EACH(document_hugepage, hugepage)},
	{"network", FIELD_OBJECT, .fields = network},
	{"rdma", FIELD_MAP, 0, AT(document, resources.rdma), N(document, resources.rdma_count),
		EACH(document_rdma, rdma), .key = offsetof(struct document_rdma, device),
		.check = rdma_check},
	{"unified", FIELD_PAIRS, 0, AT(document, resources.unified),
		N(document, resources.unified_count), .check = unified_check},
	{NULL},
};

/* Files of the cgroup that are limits of ours. OCI's own words for the weights are in the scales of
 * cgroup v1, where not every weight of v2 has a counterpart. */
static const struct own {
	const char *file;
	size_t at;
	uint64_t min, max;
} own[] = {
	{"cpu.weight", offsetof(struct limits, cpu_weight), 1, 10000},
	{"io.weight", offsetof(struct limits, io_weight), 1, 10000},
	{"memory.high", offsetof(struct limits, memory_high), 1, INT64_MAX},
};
enum { OWN = sizeof(own) / sizeof(own[0]) };

static uint64_t *own_limit(struct limits *l, const struct own *o)
{
	return (uint64_t *)((char *)l + o->at);
}

/* Without a limit on memory OCI has no word for one on swap. */
static bool swap_own(struct limits *l, const char *file, const char *value)
{
	if (strcmp(file, "memory.swap.max") || l->memory || l->memory_swap_set)
		return false;
	if (!strcmp(value, "max"))
		l->memory_swap = UINT64_MAX;
	else if (num_parse_u64(value, &l->memory_swap) < 0)
		return false;
	return l->memory_swap_set = true;
}

static bool unified_own(struct limits *l, const char *file, const char *value)
{
	uint64_t n;

	if (!strcmp(file, "memory.oom.group") && !strcmp(value, "1"))
		return l->oom_group = true;
	if (swap_own(l, file, value))
		return true;
	for (size_t i = 0; i < OWN; i++)
		if (!strcmp(file, own[i].file) && num_parse_u64(value, &n) == 0 &&
			n >= own[i].min && n <= own[i].max)
			return *own_limit(l, &own[i]) = n, true;
	return false;
}

static int unified_read(struct walk *w, struct document *d)
{
	struct limits *l = &d->spec.limits;

	walk_enter(w, "unified", 0);
	for (size_t i = 0; i < d->resources.unified_count; i++) {
		struct key_value kv = d->resources.unified[i];

		if (!kv.key[0] || kv.key[0] == '.' || strchr(kv.key, '/') || !strchr(kv.key, '.'))
			return walk_fail(w, "\"%.80s\" is not a file of a cgroup", kv.key);
		if (!unified_own(l, kv.key, kv.value))
			arena_push(w->arena, l->conf, l->conf_count, kv);
	}
	return 0;
}

static const char *number(struct walk *w, uint64_t n)
{
	return n == UINT64_MAX ? "max" : arena_printf(w->arena, "%llu", (unsigned long long)n);
}

void document_conf_add(struct walk *w, struct limits *l, const char *file, const char *value)
{
	arena_push(w->arena, l->conf, l->conf_count, ((struct key_value){file, value}));
}

static int swap_read(struct walk *w, const struct document_resources *r, struct limits *l)
{
	uint64_t limit = r->memory ? l->memory : r->memory_before;

	walk_enter(w, "memory.swap", 0);
	if (r->swap == 0)
		return 0;
	if (r->swap > 0 && !limit)
		return walk_fail(w, "counts memory as well and needs memory.limit");
	if (r->swap > 0 && (uint64_t)r->swap < limit)
		return walk_fail(w, "%lld is less than memory.limit, which it includes",
			(long long)r->swap);
	l->memory_swap = r->swap < 0 ? UINT64_MAX : (uint64_t)r->swap - limit;
	l->memory_swap_set = true;
	return 0;
}

static int memory_v1_read(struct walk *w, const struct document_resources *r)
{
	size_t here = walk_enter(w, "memory.disableOOMKiller", 0);

	if (r->oom_killer_off)
		return walk_fail(w, "cgroup v2 cannot switch the OOM killer off");
	walk_leave(w, here);
	walk_enter(w, "memory.swappiness", 0);
	/* What docker makes of -1, "as the system has it". */
	if (r->has_swappiness && r->swappiness != UINT64_MAX)
		return walk_fail(w, "cgroup v2 has no swappiness of a group");
	walk_leave(w, here);
	walk_enter(w, "memory.kernel", 0);
	if (r->kernel > 0)
		walk_warn(w, "is ignored: cgroup v2 counts it as part of memory.limit");
	walk_leave(w, here);
	walk_enter(w, "memory.kernelTCP", 0);
	if (r->kernel_tcp > 0)
		walk_warn(w, "is ignored: cgroup v2 counts it as part of memory.limit");
	walk_leave(w, here);
	walk_enter(w, "memory.useHierarchy", 0);
	if (r->has_hierarchy && !r->hierarchy)
		walk_warn(w, "is ignored: a group of cgroup v2 always counts those below it");
	walk_leave(w, here);
	return 0;
}

static int memory_read(struct walk *w, const struct document_resources *r, struct limits *l)
{
	if (memory_v1_read(w, r) < 0)
		return -1;
	if (r->memory)
		l->memory = r->memory > 0 ? (uint64_t)r->memory : 0;
	if (r->memory < 0)
		document_conf_add(w, l, "memory.max", "max");
	if (r->reservation)
		l->memory_low = r->reservation > 0 ? (uint64_t)r->reservation : 0;
	if (r->reservation < 0)
		document_conf_add(w, l, "memory.low", "max");
	return swap_read(w, r, l);
}

int document_list_read(struct walk *w, const char *name, const char **list)
{
	size_t here = walk_enter(w, name, 0), len = 0, n;
	char *plain;

	if (!*list)
		return walk_leave(w, here), 0;
	plain = arena_strdup(w->arena, *list);
	for (const char *s = *list; *(s += strspn(s, ", \t\n")); s += n) {
		n = strcspn(s, ", \t\n");
		len += (size_t)sprintf(plain + len, "%s%.*s", len ? "," : "", (int)n, s);
	}
	plain[len] = '\0';
	if (!numlist_valid(plain))
		return walk_fail(w, "\"%.80s\" must be a list such as \"0-3,5\"", *list);
	*list = plain;
	walk_leave(w, here);
	return 0;
}

static int cpu_read(struct walk *w, const struct document_resources *r, struct limits *l)
{
	size_t here = walk_enter(w, "cpu", 0);

	if (r->realtime_runtime || r->realtime_period) {
		walk_enter(w, r->realtime_runtime ? "realtimeRuntime" : "realtimePeriod", 0);
		return walk_fail(w, "cgroup v2 does not control realtime scheduling");
	}
	if (document_list_read(w, "cpus", &l->cpuset_cpus) < 0 ||
		document_list_read(w, "mems", &l->cpuset_mems) < 0)
		return -1;
	if (r->shares)
		l->cpu_weight = cpu_weight_from_shares(r->shares);
	if (r->quota)
		l->cpu_quota_us = r->quota > 0 ? (uint64_t)r->quota : 0;
	if (r->quota < 0)
		document_conf_add(w, l, "cpu.max", "max");
	if (r->has_burst)
		document_conf_add(w, l, "cpu.max.burst",
			arena_printf(w->arena, "%llu", (unsigned long long)r->burst));
	if (r->has_idle)
		document_conf_add(w, l, "cpu.idle", r->idle ? "1" : "0");
	walk_leave(w, here);
	return 0;
}

/* Up to 1.2 callers wrote 0 for "no limit"; from 1.3 on it is a limit, and 1 does what it says:
 * with 0 there would be no first process either. */
static void pids_read(const struct document *d, struct limits *l)
{
	int64_t n = d->resources.pids;
	unsigned minor = 0;

	if (!d->resources.has_pids)
		return;
	if (d->version)
		sscanf(d->version, "1.%u", &minor);
	l->pids_none = n == 0 && minor >= 3;
	if (l->pids_none)
		n = 1;
	l->pids = n > 0 ? (uint64_t)n : UINT64_MAX;
}

static int hugepages_read(struct walk *w, const struct document_resources *r, struct limits *l)
{
	size_t here = walk_enter(w, "hugepageLimits", 0);

	for (size_t i = 0; i < r->hugepage_count; i++) {
		const struct document_hugepage *h = &r->hugepages[i];
		const char *value = number(w, h->limit);

		for (size_t k = 0; k < i; k++)
			if (!strcmp(r->hugepages[k].size, h->size)) {
				size_t list = walk_enter(w, NULL, i);
				if (!w->lenient)
					return walk_fail(w, "%s is there twice", h->size);
				walk_warn(w, "%s is there twice, and the last counts", h->size);
				walk_leave(w, list);
			}
		document_conf_add(w, l, arena_printf(w->arena, "hugetlb.%s.max", h->size), value);
		document_conf_add(w, l, arena_printf(w->arena, "hugetlb.%s.rsvd.max", h->size),
			value);
	}
	walk_leave(w, here);
	return 0;
}

static const char *rdma_value(struct walk *w, bool has, uint32_t n)
{
	return has ? number(w, n) : "max";
}

static void rdma_read(struct walk *w, const struct document_resources *r, struct limits *l)
{
	for (size_t i = 0; i < r->rdma_count; i++) {
		const struct document_rdma *from = &r->rdma[i];

		document_conf_add(w, l, "rdma.max",
			arena_printf(w->arena, "%s hca_handle=%s hca_object=%s", from->device,
				rdma_value(w, from->has_handles, from->handles),
				rdma_value(w, from->has_objects, from->objects)));
	}
}

int document_resources_read(struct walk *w, struct document *d, const char *place)
{
	const struct document_resources *r = &d->resources;
	struct limits *l = &d->spec.limits;
	size_t here = *place ? walk_enter(w, place, 0) : w->len, top = w->len;

	l->of_document = w->lenient;
	if (memory_read(w, r, l) < 0)
		return -1;
	walk_leave(w, top);
	if (cpu_read(w, r, l) < 0)
		return -1;
	walk_leave(w, top);
	pids_read(d, l);
	if (document_block_read(w, r, l) < 0)
		return -1;
	walk_leave(w, top);
	if (hugepages_read(w, r, l) < 0)
		return -1;
	rdma_read(w, r, l);
	if (document_rules_read(w, d) < 0)
		return -1;
	walk_leave(w, top);
	if (unified_read(w, d) < 0)
		return -1;
	walk_leave(w, here);
	return 0;
}

static void unified_put(struct walk *w, struct document_resources *r, const char *file,
	const char *value)
{
	size_t i = 0, last;

	while (i < r->unified_count && strcmp(r->unified[i].key, file) < 0)
		i++;
	if (i < r->unified_count && !strcmp(r->unified[i].key, file)) {
		r->unified[i].value = value;
		return;
	}
	last = r->unified_count;
	arena_push(w->arena, r->unified, r->unified_count, ((struct key_value){file, value}));
	memmove(&r->unified[i + 1], &r->unified[i], (last - i) * sizeof(r->unified[0]));
	r->unified[i] = (struct key_value){file, value};
}

/* A file that is written to more than once, a device at a time, has no form in an object. */
static int conf_check(struct walk *w, const struct limits *l)
{
	for (size_t i = 0; i < l->conf_count; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(l->conf[i].key, l->conf[k].key))
				return walk_fail(w, "linux.resources.unified: %s is there twice",
					l->conf[i].key);
	return 0;
}

/* In the order of the names, so that it does not matter which of them are ours. */
static void unified_write(struct walk *w, struct document *d)
{
	struct limits *l = &d->spec.limits;

	for (size_t i = 0; i < OWN; i++)
		if (*own_limit(l, &own[i]))
			unified_put(w, &d->resources, own[i].file,
				number(w, *own_limit(l, &own[i])));
	if (l->oom_group)
		unified_put(w, &d->resources, "memory.oom.group", "1");
	if (l->memory_swap_set && !l->memory)
		unified_put(w, &d->resources, "memory.swap.max", number(w, l->memory_swap));
	for (size_t i = 0; i < l->conf_count; i++)
		unified_put(w, &d->resources, l->conf[i].key, l->conf[i].value);
}

static int64_t clamp(uint64_t n)
{
	return n > INT64_MAX ? INT64_MAX : (int64_t)n;
}

static void memory_write(struct document_resources *r, const struct limits *l)
{
	uint64_t swap;

	r->memory = clamp(l->memory);
	r->reservation = clamp(l->memory_low);
	if (!l->memory || !l->memory_swap_set)
		return;
	if (__builtin_add_overflow(l->memory, l->memory_swap, &swap) || swap > INT64_MAX)
		r->swap = -1;
	else
		r->swap = (int64_t)swap;
}

int document_resources_write(struct walk *w, struct document *d)
{
	struct limits *l = &d->spec.limits;

	if (conf_check(w, l) < 0)
		return -1;
	memory_write(&d->resources, l);
	d->resources.quota = clamp(l->cpu_quota_us);
	d->resources.has_pids = l->pids > 0;
	d->resources.pids = l->pids == UINT64_MAX ? -1 : clamp(l->pids);
	document_block_write(w, d);
	document_rules_write(w, d);
	unified_write(w, d);
	return 0;
}
