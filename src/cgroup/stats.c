#include "cgroup/stats.h"

#include "base/file.h"
#include "cgroup/keyed.h"
#include "cgroup/text.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void keyed_count(const char *text, const char *key, struct cgroup_count *ret)
{
	ret->known = cgroup_keyed_parse(text, key, &ret->value) == 0;
}

void cgroup_cpu_stat_parse(const char *text, struct cgroup_stats *ret)
{
	keyed_count(text, "usage_usec", &ret->cpu_usage_us);
	keyed_count(text, "user_usec", &ret->cpu_user_us);
	keyed_count(text, "system_usec", &ret->cpu_system_us);
	keyed_count(text, "throttled_usec", &ret->cpu_throttled_us);
	keyed_count(text, "nr_periods", &ret->cpu_periods);
	keyed_count(text, "nr_throttled", &ret->cpu_throttled_periods);
}

/* What docker and podman show: the kernel takes that cache back before it kills. The two files are not of
 * one moment. */
void cgroup_memory_stat_parse(const char *text, struct cgroup_stats *ret)
{
	struct cgroup_count cache = {0};

	keyed_count(text, "inactive_file", &cache);
	ret->memory_used = ret->memory_current;
	if (cache.known && cache.value < ret->memory_current.value)
		ret->memory_used.value -= cache.value;
	else if (cache.known)
		ret->memory_used.value = 0;
}

static void add_nested(const char *line, size_t len, const char *key, struct cgroup_count *sum)
{
	uint64_t v;

	if (cgroup_nested_parse(line, len, key, &v) < 0)
		return;
	if (__builtin_add_overflow(sum->value, v, &sum->value))
		sum->value = UINT64_MAX;
}

/* No line at all is a group that has done no I/O yet. */
void cgroup_io_stat_parse(const char *text, struct cgroup_stats *ret)
{
	static const struct cgroup_count none = {.value = 0, .known = true};

	ret->io_read_bytes = ret->io_write_bytes = ret->io_reads = ret->io_writes = none;
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		add_nested(line, len, "rbytes", &ret->io_read_bytes);
		add_nested(line, len, "wbytes", &ret->io_write_bytes);
		add_nested(line, len, "rios", &ret->io_reads);
		add_nested(line, len, "wios", &ret->io_writes);
		line += len + (line[len] == '\n');
	}
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "12.34" as 1234: the kernel prints two places, and never more than 100.00. */
static int percent_parse(const char *s, uint64_t *ret)
{
	uint64_t v = 0;
	int digits = 0;

	for (; is_digit(*s) && digits < 3; s++, digits++)
		v = v * 10 + (uint64_t)(*s - '0');
	if (digits == 0 || *s != '.' || !is_digit(s[1]) || !is_digit(s[2]) || is_digit(s[3]))
		return -1;
	*ret = v * 100 + (uint64_t)(s[1] - '0') * 10 + (uint64_t)(s[2] - '0');
	return 0;
}

static void avg10_parse(const char *text, const char *prefix, struct cgroup_count *ret)
{
	size_t n = strlen(prefix);

	for (const char *p = text; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, prefix, n) != 0)
			continue;
		ret->known = percent_parse(p + n, &ret->value) == 0;
		return;
	}
}

void cgroup_pressure_parse(const char *text, struct cgroup_pressure *ret)
{
	avg10_parse(text, "some avg10=", &ret->some_avg10);
	avg10_parse(text, "full avg10=", &ret->full_avg10);
}

static int count_read(int group_fd, const char *file, struct cgroup_count *ret, struct err *err)
{
	char text[64];
	int r = cgroup_text(group_fd, file, text, sizeof(text), err);

	ret->known = r > 0 && cgroup_value_parse(text, &ret->value) == 0;
	return r < 0 ? -1 : 0;
}

static int counts_read(int group_fd, struct cgroup_stats *s, struct err *err)
{
	const struct {
		const char *file;
		struct cgroup_count *count;
	} single[] = {
		{"memory.current", &s->memory_current},
		{"memory.peak", &s->memory_peak},
		{"memory.max", &s->memory_max},
		{"memory.swap.current", &s->swap_current},
		{"memory.swap.max", &s->swap_max},
		{"pids.current", &s->pids_current},
		{"pids.max", &s->pids_max},
	};

	for (size_t i = 0; i < sizeof(single) / sizeof(*single); i++)
		if (count_read(group_fd, single[i].file, single[i].count, err) < 0)
			return -1;
	return 0;
}

static void oom_kills_parse(const char *text, struct cgroup_stats *ret)
{
	keyed_count(text, "oom_kill", &ret->oom_kills);
}

static void cpu_pressure_parse(const char *text, struct cgroup_stats *ret)
{
	cgroup_pressure_parse(text, &ret->cpu_pressure);
}

static void memory_pressure_parse(const char *text, struct cgroup_stats *ret)
{
	cgroup_pressure_parse(text, &ret->memory_pressure);
}

static void io_pressure_parse(const char *text, struct cgroup_stats *ret)
{
	cgroup_pressure_parse(text, &ret->io_pressure);
}

static int lines_read(int group_fd, struct cgroup_stats *s, struct err *err)
{
	static const struct {
		const char *file;
		void (*parse)(const char *text, struct cgroup_stats *ret);
	} many[] = {
		{"cpu.stat", cgroup_cpu_stat_parse},
		{"memory.stat", cgroup_memory_stat_parse},
		{"memory.events", oom_kills_parse},
		{"io.stat", cgroup_io_stat_parse},
		{"cpu.pressure", cpu_pressure_parse},
		{"memory.pressure", memory_pressure_parse},
		{"io.pressure", io_pressure_parse},
	};
	char text[CGROUP_TEXT_SIZE];

	for (size_t i = 0; i < sizeof(many) / sizeof(*many); i++) {
		int r = cgroup_text(group_fd, many[i].file, text, sizeof(text), err);

		if (r < 0)
			return -1;
		if (r > 0)
			many[i].parse(text, s);
	}
	return 0;
}

int cgroup_stats(int group_fd, struct cgroup_stats *ret, struct err *err)
{
	struct cgroup_stats s = {0};

	/* In every group, whatever the controllers. */
	if (faccessat(group_fd, "cpu.stat", F_OK, 0) < 0)
		return err_sys(err, "read the use of the cgroup");
	if (counts_read(group_fd, &s, err) < 0)
		return -1;
	s.memory_used = s.memory_current;
	if (lines_read(group_fd, &s, err) < 0)
		return -1;
	*ret = s;
	return 0;
}

bool cgroup_oom_killed(int group_fd)
{
	char text[1024];
	uint64_t kills;

	return file_peek(group_fd, "memory.events", text, sizeof(text)) >= 0 &&
	       cgroup_keyed_parse(text, "oom_kill", &kills) == 0 && kills > 0;
}
