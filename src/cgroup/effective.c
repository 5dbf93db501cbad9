#include "cgroup/effective.h"

#include "cgroup/keyed.h"
#include "cgroup/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int cgroup_cpu_max_parse(const char *text, uint64_t *ret_quota_us, uint64_t *ret_period_us)
{
	const char *blank = strchr(text, ' ');
	char quota[24];
	uint64_t q, p;

	if (!blank || (size_t)(blank - text) >= sizeof(quota))
		return -1;
	snprintf(quota, sizeof(quota), "%.*s", (int)(blank - text), text);
	if (cgroup_value_parse(quota, &q) < 0 || cgroup_value_parse(blank + 1, &p) < 0)
		return -1;
	*ret_quota_us = q;
	*ret_period_us = p;
	return 0;
}

/* Digits up to `end`; advances behind it. */
static int device_number(const char **s, char end, uint32_t *ret)
{
	const char *start = *s;
	uint64_t v = 0;

	for (; **s >= '0' && **s <= '9' && v <= UINT32_MAX; (*s)++)
		v = v * 10 + (uint64_t)(**s - '0');
	if (*s == start || **s != end || v > UINT32_MAX)
		return -1;
	*s += 1;
	*ret = (uint32_t)v;
	return 0;
}

int cgroup_io_max_parse(const char *line, struct io_max *ret)
{
	const char *p = line;
	struct io_max m;
	size_t len;

	if (device_number(&p, ':', &m.major) < 0 || device_number(&p, ' ', &m.minor) < 0)
		return -1;
	p--;
	len = strcspn(p, "\n");
	if (cgroup_nested_parse(p, len, "rbps", &m.rbps) < 0 ||
		cgroup_nested_parse(p, len, "wbps", &m.wbps) < 0 ||
		cgroup_nested_parse(p, len, "riops", &m.riops) < 0 ||
		cgroup_nested_parse(p, len, "wiops", &m.wiops) < 0)
		return -1;
	*ret = m;
	return 0;
}

static int value_read(int group_fd, const char *file, uint64_t *ret, struct err *err)
{
	char text[64];

	if (cgroup_text(group_fd, file, text, sizeof(text), err) < 0)
		return -1;
	if (cgroup_value_parse(text, ret) < 0)
		*ret = 0;
	return 0;
}

static int values_read(int group_fd, struct limits *l, struct err *err)
{
	uint64_t oom_group = 0;
	const struct {
		const char *file;
		uint64_t *value;
	} values[] = {
		{"memory.max", &l->memory},
		{"memory.high", &l->memory_high},
		{"memory.low", &l->memory_low},
		{"memory.swap.max", &l->memory_swap},
		{"memory.oom.group", &oom_group},
		{"cpu.weight", &l->cpu_weight},
		{"pids.max", &l->pids},
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		if (value_read(group_fd, values[i].file, values[i].value, err) < 0)
			return -1;
	l->memory_swap_set = faccessat(group_fd, "memory.swap.max", F_OK, 0) == 0;
	l->oom_group = oom_group == 1;
	return 0;
}

static int quota_read(int group_fd, uint64_t *ret_quota_us, uint64_t *ret_period_us,
	struct err *err)
{
	char text[64];

	if (cgroup_text(group_fd, "cpu.max", text, sizeof(text), err) < 0)
		return -1;
	if (cgroup_cpu_max_parse(text, ret_quota_us, ret_period_us) < 0)
		*ret_quota_us = *ret_period_us = 0;
	return 0;
}

/* Empty: nothing was asked for, whatever the groups above leave. */
static int cpuset_read(int group_fd, struct arena *a, const char *file, const char *effective,
	const char **ret, struct err *err)
{
	char text[4096];

	*ret = NULL;
	if (cgroup_text(group_fd, file, text, sizeof(text), err) < 0)
		return -1;
	if (!*text)
		return 0;
	if (cgroup_text(group_fd, effective, text, sizeof(text), err) < 0)
		return -1;
	*ret = *text ? arena_strdup(a, text) : NULL;
	return 0;
}

static int io_read(int group_fd, struct arena *a, struct limits *l, struct err *err)
{
	char text[CGROUP_TEXT_SIZE];

	if (cgroup_text(group_fd, "io.weight", text, sizeof(text), err) < 0)
		return -1;
	if (cgroup_keyed_parse(text, "default", &l->io_weight) < 0)
		l->io_weight = 0;
	if (cgroup_text(group_fd, "io.max", text, sizeof(text), err) < 0)
		return -1;
	for (const char *line = text; *line;) {
		struct io_max m;

		if (cgroup_io_max_parse(line, &m) == 0)
			arena_push(a, l->io_max, l->io_max_count, m);
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return 0;
}

static int conf_read(int group_fd, const struct limits *asked, struct arena *a, struct limits *l,
	struct err *err)
{
	for (size_t i = 0; asked && i < asked->conf_count; i++) {
		const char *key = asked->conf[i].key;
		char text[4096];

		if (strchr(key, '/'))
			continue;
		if (cgroup_text(group_fd, key, text, sizeof(text), err) < 0)
			return -1;
		/* Several lines, or none, are no value that could be written back. */
		if (*text && !strchr(text, '\n')) {
			struct key_value kv = {.key = arena_strdup(a, key),
				.value = arena_strdup(a, text)};
			arena_push(a, l->conf, l->conf_count, kv);
		}
	}
	return 0;
}

int cgroup_quota_complete(int group_fd, struct limits *l, struct err *err)
{
	uint64_t quota, period;

	if (quota_read(group_fd, &quota, &period, err) < 0)
		return -1;
	if (!l->cpu_quota_us)
		l->cpu_quota_us = quota;
	if (!l->cpu_period_us)
		l->cpu_period_us = period;
	return 0;
}

int cgroup_read_limits(int group_fd, const struct limits *asked, struct arena *arena,
	struct limits *ret, struct err *err)
{
	struct limits l = {0};

	if (faccessat(group_fd, "cgroup.events", F_OK, 0) < 0)
		return err_sys(err, "read the limits of the cgroup");
	if (values_read(group_fd, &l, err) < 0 ||
		quota_read(group_fd, &l.cpu_quota_us, &l.cpu_period_us, err) < 0 ||
		cpuset_read(group_fd, arena, "cpuset.cpus", "cpuset.cpus.effective", &l.cpuset_cpus,
			err) < 0 ||
		cpuset_read(group_fd, arena, "cpuset.mems", "cpuset.mems.effective", &l.cpuset_mems,
			err) < 0 ||
		io_read(group_fd, arena, &l, err) < 0 ||
		conf_read(group_fd, asked, arena, &l, err) < 0)
		return -1;
	*ret = l;
	return 0;
}
