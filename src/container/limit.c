#include "container/limit.h"

#include "base/file.h"
#include "cgroup/effective.h"
#include "cgroup/stats.h"
#include "ns/rights.h"
#include "state/cgrouppath.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SCOPE_NAP_MS = 10, SCOPE_PATIENCE_MS = 5000 };

static bool changes_quota(const struct limits *l)
{
	for (size_t i = 0; i < l->conf_count; i++)
		if (strcmp(l->conf[i].key, "cpu.max") == 0)
			return true;
	return l->cpu_quota_us || l->cpu_period_us;
}

static bool changes_file(const struct limits *l, const char *file)
{
	for (size_t i = 0; i < l->conf_count; i++)
		if (strcmp(l->conf[i].key, file) == 0)
			return true;
	return false;
}

/* Of the limits that the group has now, those that are about to change. */
static struct limits only_asked(const struct limits *now, const struct limits *asked)
{
	struct limits l = {.memory_swap_set = asked->memory_swap_set && now->memory_swap_set,
		.memory_swap = now->memory_swap};

	if (asked->memory || changes_file(asked, "memory.max"))
		l.memory = now->memory;
	if (asked->memory_high || changes_file(asked, "memory.high"))
		l.memory_high = now->memory_high;
	if (asked->memory_low || changes_file(asked, "memory.low"))
		l.memory_low = now->memory_low;
	if (changes_quota(asked)) {
		l.cpu_quota_us = now->cpu_quota_us;
		l.cpu_period_us = now->cpu_period_us;
	}
	l.cpu_weight = asked->cpu_weight ? now->cpu_weight : 0;
	l.io_weight = asked->io_weight ? now->io_weight : 0;
	l.pids = asked->pids ? now->pids : 0;
	if (asked->cpuset_cpus)
		l.cpuset_cpus = now->cpuset_cpus ? now->cpuset_cpus : "";
	if (asked->cpuset_mems)
		l.cpuset_mems = now->cpuset_mems ? now->cpuset_mems : "";
	return l;
}

static int scope_note(const struct container *c, const struct limits *asked,
	struct container_limit *l, struct err *err)
{
	char scope[CGROUP_PATH_SIZE], *slash;
	struct limits now, back;

	if (!container_cgroup_scope(&c->record, scope))
		return 0;
	slash = strrchr(scope, '/');
	l->scope.user = !rights_over_init();
	snprintf(l->scope.unit, sizeof(l->scope.unit), "%s", slash ? slash + 1 : scope);
	if (cgroup_read_limits(c->group_fd, NULL, &l->arena, &now, err) < 0)
		return -1;
	back = only_asked(&now, asked);
	scope_changes(&back, &l->arena, &l->before);
	return 0;
}

static int scope_apply(const struct container *c, const struct limits *asked,
	const struct container_limit *l, struct err *err)
{
	struct limits changed = *asked;
	struct arena a = {NULL};
	struct word_list properties;
	int r;

	if (!l->scope.unit[0])
		return 0;
	/* What was asked for may be half of it, or a word of the file's. */
	if (changes_quota(asked)) {
		changed.cpu_quota_us = changed.cpu_period_us = 0;
		if (cgroup_quota_complete(c->group_fd, &changed, err) < 0)
			return -1;
	}
	scope_changes(&changed, &a, &properties);
	r = properties.count ? scope_change(&l->scope, &properties, err) : 0;
	arena_free(&a);
	return r;
}

/* systemd answers before it has written. Until then a set that gains CPUs is one of none that the scope
 * has, for which the kernel takes all of the scope's. */
static int await_cpusets(const struct container *c, const struct cgroup_plan *plan, bool in_scope,
	struct err *err)
{
	const struct timespec nap = {.tv_nsec = SCOPE_NAP_MS * 1000000};
	unsigned left = in_scope ? SCOPE_PATIENCE_MS : 0;
	int r;

	while ((r = cgroup_cpusets_check(c->group_fd, plan, err)) < 0 && left) {
		nanosleep(&nap, NULL);
		left -= SCOPE_NAP_MS;
	}
	return r;
}

/* Above the limit: 1, with what is used; 0, or -1. */
static int exceeds(const struct container *c, uint64_t limit, uint64_t *ret_used, struct err *err)
{
	struct cgroup_stats stats;

	if (cgroup_stats(c->group_fd, &stats, err) < 0)
		return -1;
	*ret_used = stats.memory_current.value;
	return stats.memory_current.known && *ret_used > limit;
}

/* The kernel would kill for it. What it can do without, such as files that can be read again, goes first
 * (memory.reclaim, 5.19). */
static int check_memory(const struct container *c, const struct limits *l, struct err *err)
{
	uint64_t used;
	char text[24];
	int r;

	if (!l->memory_check || !l->memory || l->memory == UINT64_MAX)
		return 0;
	r = exceeds(c, l->memory, &used, err);
	if (r > 0) {
		snprintf(text, sizeof(text), "%" PRIu64, used - l->memory);
		file_poke(c->group_fd, "memory.reclaim", text);
		r = exceeds(c, l->memory, &used, err);
	}
	if (r <= 0)
		return r;
	err_set(err, "cannot limit the memory of %s to %" PRIu64 " bytes: it uses %" PRIu64,
		c->record.name, l->memory, used);
	return err_hint(err, "its processes would be killed for it; end some, or stop it first");
}

static int plan_change(const struct container *c, const struct limits *limits,
	struct cgroup_plan *ret, struct err *err)
{
	struct limits l = *limits;

	if ((l.cpu_quota_us || l.cpu_period_us) && cgroup_quota_complete(c->group_fd, &l, err) < 0)
		return -1;
	return check_memory(c, &l, err) < 0 ? -1 : cgroup_plan(&l, ret, err);
}

int container_limit_change(const struct container *c, const struct limits *limits,
	struct container_limit *ret, struct err *err)
{
	autocgroupplan struct cgroup_plan plan = {0};
	struct container_limit l = {.scope = {.unit = ""}};

	if (plan_change(c, limits, &plan, err) < 0 || scope_note(c, limits, &l, err) < 0 ||
		cgroup_change(c->hierarchy_fd, c->group_fd, &plan, &l.group, err) < 0) {
		container_limit_free(&l);
		return -1;
	}
	if (scope_apply(c, limits, &l, err) < 0 ||
		await_cpusets(c, &plan, l.scope.unit[0], err) < 0) {
		container_limit_undo(c, &l);
		container_limit_free(&l);
		return -1;
	}
	*ret = l;
	return 0;
}

void container_limit_undo(const struct container *c, const struct container_limit *done)
{
	struct err err;

	cgroup_change_undo(c->group_fd, &done->group);
	if (done->before.count && scope_change(&done->scope, &done->before, &err) < 0)
		warn("%s is not as it was: %s", done->scope.unit, err.text);
}

void container_limit_free(struct container_limit *done)
{
	cgroup_change_free(&done->group);
	arena_free(&done->arena);
}
