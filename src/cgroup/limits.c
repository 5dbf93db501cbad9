#include "cgroup/limits.h"

#include "base/fd.h"
#include "base/file.h"
#include "base/num.h"
#include "base/numlist.h"
#include "cgroup/controller.h"
#include "spec/limitflag.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	WEIGHT_MAX = 10000,
	WEIGHT_DEFAULT = 100, /* of the kernel */
	PERIOD_DEFAULT_US = 100000,
	PERIOD_MIN_US = 1000,
	PERIOD_MAX_US = 1000000,
	QUOTA_MIN_US = 1000,
	PIDS_MAX = 4194304, /* PID_MAX_LIMIT */
	VALUE_MAX = 4095,   /* one page, less the end of the string */
};

static void plan_add(struct cgroup_plan *p, struct cgroup_write w)
{
	arena_push(&p->arena, p->writes, p->count, w);
}

static const struct {
	const char *flag, *member;
} names[] = {
	{"--memory", "memory.limit"},
	{"--memory-swap", "memory.swap"},
	{"--memory-reservation", "memory.reservation"},
	{"--memory-high", "unified memory.high"},
	{"--oom-group", "unified memory.oom.group"},
	{"--cpus", "cpu.quota"},
	{"--cpu-period", "cpu.period"},
	{"--cpu-weight", "cpu.shares"},
	{"--cpuset-cpus", "cpu.cpus"},
	{"--cpuset-mems", "cpu.mems"},
	{"--pids-limit", "pids.limit"},
	{"--io-weight", "blockIO.weight"},
	{"--io-max", "blockIO"},
};

/* The name of a limit in the words of whoever asked: a flag, or a member of config.json. */
static const char *name_of(const struct limits *l, struct cgroup_plan *p, const char *flag)
{
	for (size_t i = 0; l->of_document && i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i].flag, flag))
			return arena_printf(&p->arena, "linux.resources.%s", names[i].member);
	return flag;
}

static const char *number_text(struct cgroup_plan *p, uint64_t n)
{
	return n == UINT64_MAX ? "max" : arena_printf(&p->arena, "%llu", (unsigned long long)n);
}

/* Exact, in the largest unit that divides it. */
static const char *size_text(struct cgroup_plan *p, uint64_t bytes)
{
	static const char units[] = {'\0', 'K', 'M', 'G', 'T'};
	size_t u = 0;

	if (bytes == UINT64_MAX)
		return "unlimited";
	for (; bytes && bytes % 1024 == 0 && u + 1 < sizeof(units); u++)
		bytes /= 1024;
	return arena_printf(&p->arena, "%llu%.1s", (unsigned long long)bytes, &units[u]);
}

/* No limit, and the kernel's own weight, are what a group has without the controller too: containerd's
 * client always asks for that weight. */
static void plan_size(const struct limits *l, struct cgroup_plan *p, const char *file,
	const char *flag, const char *verb, uint64_t bytes)
{
	plan_add(p, (struct cgroup_write){
			    .file = file,
			    .value = number_text(p, bytes),
			    .flag = name_of(l, p, flag),
			    .action = arena_printf(&p->arena, "%s %s", verb, size_text(p, bytes)),
			    .optional = bytes == UINT64_MAX && strcmp(file, "memory.low") != 0,
		    });
}

/* The swap that docker gives beside --memory when nobody asked is no reason to refuse a kernel
 * without swap accounting. */
static void plan_swap(struct cgroup_plan *p, const struct limits *l)
{
	plan_size(l, p, "memory.swap.max", "--memory-swap", "limit swap to", l->memory_swap);
	p->writes[p->count - 1].optional |= l->memory_swap_default;
}

static int plan_memory(const struct limits *l, struct cgroup_plan *p, struct err *err)
{
	if (limit_memory_check(name_of(l, p, "--memory"), size_text(p, l->memory), l->memory, err) <
		0)
		return -1;
	if (l->memory && l->memory_low > l->memory)
		return err_set(err, "%s %s: more than %s %s allows",
			name_of(l, p, "--memory-reservation"), size_text(p, l->memory_low),
			name_of(l, p, "--memory"), size_text(p, l->memory));
	if (l->memory)
		plan_size(l, p, "memory.max", "--memory", "limit memory to", l->memory);
	if (l->memory_swap_set)
		plan_swap(p, l);
	if (l->memory_high)
		plan_size(l, p, "memory.high", "--memory-high", "slow down above", l->memory_high);
	if (l->memory_low)
		plan_size(l, p, "memory.low", "--memory-reservation", "protect memory up to",
			l->memory_low);
	if (l->oom_group)
		plan_add(p, (struct cgroup_write){
				    .file = "memory.oom.group",
				    .value = "1",
				    .action = "end all processes together when out of memory",
				    .flag = name_of(l, p, "--oom-group"),
			    });
	return 0;
}

static int plan_weight(const struct limits *l, struct cgroup_plan *p, const char *file,
	const char *flag, const char *prefix, uint64_t weight, struct err *err)
{
	flag = name_of(l, p, flag);
	if (weight == 0)
		return 0;
	if (weight > WEIGHT_MAX)
		return err_set(err, "%s %llu: a weight is from 1 to %d", flag,
			(unsigned long long)weight, WEIGHT_MAX);
	plan_add(p, (struct cgroup_write){
			    .file = file,
			    .flag = flag,
			    .value = arena_printf(&p->arena, "%s%llu", prefix,
				    (unsigned long long)weight),
			    .action = arena_printf(&p->arena, "set %s to %llu", file,
				    (unsigned long long)weight),
			    .optional = weight == WEIGHT_DEFAULT,
		    });
	return 0;
}

static int plan_quota(const struct limits *l, struct cgroup_plan *p, struct err *err)
{
	uint64_t quota = l->cpu_quota_us ? l->cpu_quota_us : UINT64_MAX;
	uint64_t period = l->cpu_period_us ? l->cpu_period_us : PERIOD_DEFAULT_US;
	const char *action = "lift the limit of CPU time";

	if (l->cpu_quota_us == 0 && l->cpu_period_us == 0)
		return 0;
	if (period < PERIOD_MIN_US || period > PERIOD_MAX_US)
		return err_set(err, "%s %llu: a period is from %d to %d microseconds",
			name_of(l, p, "--cpu-period"), (unsigned long long)period, PERIOD_MIN_US,
			PERIOD_MAX_US);
	if (quota < QUOTA_MIN_US)
		return err_set(err,
			"%s: %llu of %llu microseconds is too little, the kernel "
			"gives at least %d",
			name_of(l, p, "--cpus"), (unsigned long long)quota,
			(unsigned long long)period, QUOTA_MIN_US);
	if (quota != UINT64_MAX)
		action = arena_printf(&p->arena, "limit CPU time to %.6g CPUs",
			(double)quota / (double)period);
	plan_add(p, (struct cgroup_write){
			    .file = "cpu.max",
			    .flag = name_of(l, p, "--cpus"),
			    .action = action,
			    .value = arena_printf(&p->arena, "%s %llu", number_text(p, quota),
				    (unsigned long long)period),
			    .optional = quota == UINT64_MAX,
		    });
	return 0;
}

static int plan_cpuset(const struct limits *l, struct cgroup_plan *p, const char *file,
	const char *flag, const char *noun, const char *list, struct err *err)
{
	if (!list)
		return 0;
	flag = name_of(l, p, flag);
	if (*list && (strlen(list) > VALUE_MAX || !numlist_valid(list)))
		return err_set(err, "%s \"%s\": not a list such as 0-3,5", flag, list);
	plan_add(p, (struct cgroup_write){
			    .file = file,
			    .flag = flag,
			    /* The kernel ignores a write of no bytes at all. */
			    .value = *list ? arena_strdup(&p->arena, list) : "\n",
			    .action = arena_printf(&p->arena, "keep to %s %s", noun,
				    *list ? list : "of any kind"),
			    .optional = !*list,
		    });
	return 0;
}

static int plan_pids(const struct limits *l, struct cgroup_plan *p, struct err *err)
{
	if (l->pids == 0)
		return 0;
	if (l->pids > PIDS_MAX && l->pids != UINT64_MAX)
		return err_set(err, "%s %llu: the kernel has at most %d",
			name_of(l, p, "--pids-limit"), (unsigned long long)l->pids, PIDS_MAX);
	plan_add(p, (struct cgroup_write){
			    .file = "pids.max",
			    .flag = name_of(l, p, "--pids-limit"),
			    .value = number_text(p, l->pids),
			    .optional = l->pids_default || l->pids == UINT64_MAX,
			    .action = arena_printf(&p->arena, "limit processes to %s",
				    l->pids_none ? "0" : number_text(p, l->pids)),
		    });
	return 0;
}

/* All four, so that what an earlier plan limited and this one does not is free again. */
static void plan_io_max(const struct limits *l, struct cgroup_plan *p, const struct io_max *m)
{
	const uint64_t v[] = {m->rbps, m->wbps, m->riops, m->wiops};
	const char *s[4];

	for (int i = 0; i < 4; i++)
		s[i] = number_text(p, v[i] ? v[i] : UINT64_MAX);
	plan_add(p,
		(struct cgroup_write){
			.file = "io.max",
			.flag = name_of(l, p, "--io-max"),
			.action = arena_printf(&p->arena, "limit the I/O of device %u:%u", m->major,
				m->minor),
			.value = arena_printf(&p->arena, "%u:%u rbps=%s wbps=%s riops=%s wiops=%s",
				m->major, m->minor, s[0], s[1], s[2], s[3]),
		});
}

/* Why the file may not be set as a limit, or NULL. */
static const char *conf_refusal(const char *key)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";

	if (strchr(key, '/'))
		return "a file of the container's own cgroup has no '/' in its name";
	if (strspn(key, letters) != strlen(key) || *key == '.' || strlen(key) > 64 ||
		!strchr(key, '.') || strstr(key, ".."))
		return "not the name of a controller's file, such as memory.high";
	if (strcmp(key, "cgroup.max.descendants") == 0 || strcmp(key, "cgroup.max.depth") == 0)
		return NULL;
	if (strncmp(key, "cgroup.", 7) == 0)
		return "it moves, stops or kills processes or changes the tree, which is no limit";
	return NULL;
}

static void plan_conf_line(const struct limits *l, struct cgroup_plan *p, const char *file,
	const char *value)
{
	plan_add(p, (struct cgroup_write){
			    .file = arena_strdup(&p->arena, file),
			    .value = value,
			    /* Several members may have led to it. */
			    .flag = l->of_document ? "it in linux.resources" : "--cgroup-conf",
			    .action = arena_printf(&p->arena, "set %s to %.80s", file, value),
		    });
}

static const char *line_refusal(const char *line, size_t len)
{
	if (len > VALUE_MAX)
		return "the value is longer than the kernel takes";
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			return "the value has a control character in it";
	return NULL;
}

/* Files such as io.max take one device at a time: each line is a write of its own. */
static int plan_conf(const struct limits *l, struct cgroup_plan *p, const struct key_value *kv,
	struct err *err)
{
	const char *why = conf_refusal(kv->key);
	size_t before = p->count, len;

	for (const char *line = kv->value; !why && *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		why = line_refusal(line, len);
		if (!why && len)
			plan_conf_line(l, p, kv->key, arena_strndup(&p->arena, line, len));
	}
	if (!why && p->count == before)
		why = "the value is empty";
	if (why)
		return err_set(err, "%s %.*s: %s",
			l->of_document ? "linux.resources.unified" : "--cgroup-conf",
			(int)strcspn(kv->key, "\r\n"), kv->key, why);
	return 0;
}

static int plan_all(const struct limits *l, struct cgroup_plan *p, struct err *err)
{
	plan_add(p, (struct cgroup_write){
			    .file = "cgroup.max.descendants",
			    .value = number_text(p, CGROUP_DESCENDANTS_MAX),
			    .action = "limit the groups below",
		    });
	if (plan_memory(l, p, err) < 0 || plan_quota(l, p, err) < 0 ||
		plan_weight(l, p, "cpu.weight", "--cpu-weight", "", l->cpu_weight, err) < 0 ||
		plan_cpuset(l, p, "cpuset.cpus", "--cpuset-cpus", "CPUs", l->cpuset_cpus, err) <
			0 ||
		plan_cpuset(l, p, "cpuset.mems", "--cpuset-mems", "memory nodes", l->cpuset_mems,
			err) < 0 ||
		plan_pids(l, p, err) < 0 ||
		plan_weight(l, p, "io.weight", "--io-weight", "default ", l->io_weight, err) < 0)
		return -1;
	for (size_t i = 0; i < l->io_max_count; i++)
		plan_io_max(l, p, &l->io_max[i]);
	for (size_t i = 0; i < l->conf_count; i++)
		if (plan_conf(l, p, &l->conf[i], err) < 0)
			return -1;
	return 0;
}

int cgroup_plan(const struct limits *limits, struct cgroup_plan *ret, struct err *err)
{
	struct cgroup_plan p = {0};

	if (plan_all(limits, &p, err) < 0) {
		cgroup_plan_free(&p);
		return -1;
	}
	*ret = p;
	return 0;
}

void cgroup_plan_free(struct cgroup_plan *plan)
{
	arena_free(&plan->arena);
	*plan = (struct cgroup_plan){0};
}

static int no_file(const struct cgroup_write *w, struct err *err)
{
	err_set(err, "cannot %s: this kernel has no %s", w->action, w->file);
	if (strncmp(w->file, "memory.swap.", 12) == 0)
		return err_hint(err,
			"its swap accounting is off; boot with swapaccount=1, or leave "
			"out %s",
			w->flag);
	if (strcmp(w->file, "io.weight") == 0)
		return err_hint(err, "it was built without CONFIG_BLK_CGROUP_IOCOST; leave out %s",
			w->flag);
	return w->flag ? err_hint(err, "leave out %s", w->flag) : -1;
}

static int no_cpus(const struct cgroup_write *w, int group_fd, struct err *err)
{
	char file[64], have[512];

	err_set(err, "cannot %s: not all of them are there", w->action);
	snprintf(file, sizeof(file), "%s.effective", w->file);
	if (file_peek(group_fd, file, have, sizeof(have)) > 0)
		err_hint(err, "to be had here: %.200s", have);
	return -1;
}

static int write_failed(const struct cgroup_write *w, int group_fd, struct err *err)
{
	int sys = errno;

	if (sys == ENOENT)
		return no_file(w, err);
	if ((sys == EINVAL || sys == ERANGE) && strncmp(w->file, "cpuset.", 7) == 0)
		return no_cpus(w, group_fd, err);
	if (sys == EINVAL || sys == ERANGE)
		err_set(err, "cannot %s: the kernel does not take \"%.80s\" for %s", w->action,
			w->value, w->file);
	else if (sys == ENODEV && strcmp(w->file, "io.max") == 0)
		err_set(err,
			"cannot %s: this host has no such disk; a partition has no limit of "
			"its own",
			w->action);
	else if (sys == EBUSY)
		err_set(err, "cannot %s: what is in the group now stands against it (%s is busy)",
			w->action, w->file);
	else if (sys == EOPNOTSUPP)
		err_set(err, "cannot %s: %s does not work in a threaded group", w->action, w->file);
	else
		err_sys(err, "cannot %s: write %s", w->action, w->file);
	err->sys = sys;
	return -1;
}

/* The kernel takes CPUs that are offline or not ours, and then falls back on all of the parent's:
 * a limit that would be ignored. */
static int cpuset_check(const struct cgroup_write *w, int group_fd, struct err *err)
{
	char file[64], have[VALUE_MAX + 1];

	snprintf(file, sizeof(file), "%s.effective", w->file);
	if (file_peek(group_fd, file, have, sizeof(have)) < 0)
		return err_sys(err, "cannot %s: read %s", w->action, file);
	return numlist_within(w->value, have) ? 0 : no_cpus(w, group_fd, err);
}

/* The kernel takes a weight though no disk goes by it. Who sees a part of the tree only cannot know. */
static void weight_check(const struct cgroup_write *w, int hierarchy_fd)
{
	char have[4096];

	if (!w->optional && file_peek(hierarchy_fd, "io.cost.qos", have, sizeof(have)) >= 0 &&
		!strstr(have, "enable=1"))
		warn("io.weight has no effect yet: no disk of this host goes by it; to change that, "
		     "write \"MAJOR:MINOR enable=1\" to io.cost.qos at the top of the cgroup tree");
}

int cgroup_value_write(int group_fd, const char *file, const char *value)
{
	char path[64], all[VALUE_MAX + 1];

	if (file_poke(group_fd, file, value) == 0)
		return 0;
	if (errno != ENOSPC || *value != '\n')
		return -1;
	snprintf(path, sizeof(path), "../%s.effective", file);
	return file_peek(group_fd, path, all, sizeof(all)) <= 0 ? -1
								: file_poke(group_fd, file, all);
}

int cgroup_write_apply(struct cgroup_write *w, int hierarchy_fd, int group_fd, struct err *err)
{
	if (cgroup_value_write(group_fd, w->file, w->value) == 0)
		goto written;
	if (errno == ENOENT && strncmp(w->file, "cgroup.", 7) != 0) {
		int done = cgroup_controller_enable(hierarchy_fd, group_fd, w->file);

		w->skipped = w->optional && (done == CONTROLLER_ABSENT ||
						    (done == CONTROLLER_FAILED && errno == EBUSY));
		if (w->skipped)
			return 0;
		if (done != CONTROLLER_ENABLED)
			return cgroup_controller_explain(w->file, done, w->action, w->flag, err);
		if (file_poke(group_fd, w->file, w->value) == 0)
			goto written;
	}
	return write_failed(w, group_fd, err);
written:
	if (strcmp(w->file, "io.weight") == 0)
		weight_check(w, hierarchy_fd);
	return 0;
}

/* Whether it asks for some CPUs or memory nodes: a line feed alone takes the bound off. */
static bool is_cpuset(const struct cgroup_write *w)
{
	return (strcmp(w->file, "cpuset.cpus") == 0 || strcmp(w->file, "cpuset.mems") == 0) &&
	       *w->value != '\n';
}

int cgroup_cpusets_check(int group_fd, const struct cgroup_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->count; i++)
		if (is_cpuset(&plan->writes[i]) &&
			cpuset_check(&plan->writes[i], group_fd, err) < 0)
			return -1;
	return 0;
}

static struct cgroup_write *find_write(const struct cgroup_plan *plan, const char *file)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->writes[i].file, file) == 0)
			return &plan->writes[i];
	return NULL;
}

void cgroup_order(int group_fd, struct cgroup_plan *plan)
{
	struct cgroup_write *quota = find_write(plan, "cpu.max");
	struct cgroup_write *burst = find_write(plan, "cpu.max.burst"), other;
	uint64_t now, wanted;
	char text[64];

	if (!quota || !burst || file_peek(group_fd, "cpu.max.burst", text, sizeof(text)) <= 0 ||
		num_parse_u64(text, &now) < 0 || sscanf(quota->value, "%" SCNu64, &wanted) != 1 ||
		now <= wanted)
		return;
	other = *quota;
	*quota = *burst;
	*burst = other;
}

int cgroup_apply(int hierarchy_fd, int group_fd, const struct cgroup_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->count; i++)
		if (cgroup_write_apply(&plan->writes[i], hierarchy_fd, group_fd, err) < 0)
			return -1;
	return cgroup_cpusets_check(group_fd, plan, err);
}

int cgroup_foresee(int hierarchy_fd, const struct cgroup_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct cgroup_write *w = &plan->writes[i];

		if (w->optional || strncmp(w->file, "cgroup.", 7) == 0)
			continue;
		if (!cgroup_controller_there(hierarchy_fd, w->file))
			return cgroup_controller_explain(w->file, CONTROLLER_ABSENT, w->action,
				w->flag, err);
	}
	return cgroup_cpusets_check(hierarchy_fd, plan, err);
}

bool cgroup_plan_skipped(const struct cgroup_plan *plan, const char *file)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->writes[i].skipped && strcmp(plan->writes[i].file, file) == 0)
			return true;
	return false;
}
