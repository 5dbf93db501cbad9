#include "cgroup/effective.h"

#include "base/file.h"
#include "cgroup/keyed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 32768 };

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

static uint64_t value_read(int group_fd, const char *file)
{
	char text[64];
	uint64_t v;

	if (file_peek(group_fd, file, text, sizeof(text)) < 0 || cgroup_value_parse(text, &v) < 0)
		return 0;
	return v;
}

static void memory_read(int group_fd, struct limits *l)
{
	l->memory = value_read(group_fd, "memory.max");
	l->memory_high = value_read(group_fd, "memory.high");
	l->memory_low = value_read(group_fd, "memory.low");
	l->memory_swap_set = faccessat(group_fd, "memory.swap.max", F_OK, 0) == 0;
	l->memory_swap = value_read(group_fd, "memory.swap.max");
	l->oom_group = value_read(group_fd, "memory.oom.group") == 1;
}

static void cpu_read(int group_fd, struct limits *l)
{
	char text[64];

	l->cpu_weight = value_read(group_fd, "cpu.weight");
	if (file_peek(group_fd, "cpu.max", text, sizeof(text)) >= 0)
		cgroup_cpu_max_parse(text, &l->cpu_quota_us, &l->cpu_period_us);
}

/* Empty: nothing was asked for, whatever the groups above leave. */
static const char *cpuset_read(int group_fd, struct arena *a, const char *file,
	const char *effective)
{
	char text[4096];

	if (file_peek(group_fd, file, text, sizeof(text)) <= 0)
		return NULL;
	if (file_peek(group_fd, effective, text, sizeof(text)) <= 0)
		return NULL;
	return arena_strdup(a, text);
}

static void io_read(int group_fd, struct arena *a, struct limits *l)
{
	char text[TEXT_MAX];

	if (file_peek(group_fd, "io.weight", text, sizeof(text)) >= 0 &&
		cgroup_keyed_parse(text, "default", &l->io_weight) < 0)
		l->io_weight = 0;
	if (file_peek(group_fd, "io.max", text, sizeof(text)) < 0)
		return;
	for (const char *line = text; *line;) {
		struct io_max m;

		if (cgroup_io_max_parse(line, &m) == 0)
			arena_push(a, l->io_max, l->io_max_count, m);
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
}

static void conf_read(int group_fd, const struct limits *asked, struct arena *a, struct limits *l)
{
	for (size_t i = 0; asked && i < asked->conf_count; i++) {
		const char *key = asked->conf[i].key;
		char text[4096];
		ssize_t n = -1;

		if (!strchr(key, '/'))
			n = file_peek(group_fd, key, text, sizeof(text));
		/* Several lines, or none, are no value that could be written back. */
		if (n > 0 && !strchr(text, '\n')) {
			struct key_value kv = {.key = arena_strdup(a, key),
				.value = arena_strdup(a, text)};
			arena_push(a, l->conf, l->conf_count, kv);
		}
	}
}

void cgroup_quota_complete(int group_fd, struct limits *l)
{
	uint64_t quota, period;
	char text[64];

	if (file_peek(group_fd, "cpu.max", text, sizeof(text)) <= 0 ||
		cgroup_cpu_max_parse(text, &quota, &period) < 0)
		return;
	if (!l->cpu_quota_us)
		l->cpu_quota_us = quota;
	if (!l->cpu_period_us)
		l->cpu_period_us = period;
}

int cgroup_read_limits(int group_fd, const struct limits *asked, struct arena *arena,
	struct limits *ret, struct err *err)
{
	struct limits l = {0};

	if (faccessat(group_fd, "cgroup.events", F_OK, 0) < 0)
		return err_sys(err, "read the limits of the cgroup");
	memory_read(group_fd, &l);
	cpu_read(group_fd, &l);
	l.cpuset_cpus = cpuset_read(group_fd, arena, "cpuset.cpus", "cpuset.cpus.effective");
	l.cpuset_mems = cpuset_read(group_fd, arena, "cpuset.mems", "cpuset.mems.effective");
	l.pids = value_read(group_fd, "pids.max");
	io_read(group_fd, arena, &l);
	conf_read(group_fd, asked, arena, &l);
	*ret = l;
	return 0;
}
