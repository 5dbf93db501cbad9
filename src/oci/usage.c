#include "oci/usage.h"

#include "base/dents.h"
#include "base/fd.h"
#include "base/file.h"
#include "cgroup/keyed.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { PAGE_SIZE_MAX = 32 }; /* bytes of its name */

/* More than JSON libraries hold is no limit to any of them. */
static json_t *number(uint64_t v)
{
	return json_integer(v > INT64_MAX ? INT64_MAX : (json_int_t)v);
}

static json_t *count(struct cgroup_count c)
{
	return c.known ? number(c.value) : NULL;
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
	put(throttling, "periods", count(s->cpu_periods));
	put(throttling, "throttledPeriods", count(s->cpu_throttled_periods));
	put(throttling, "throttledTime", nanoseconds(s->cpu_throttled_us));
	put(all, "usage", usage);
	put(all, "throttling", throttling);
	return all;
}

/* Every line of memory.stat, whatever the kernel counts. */
static json_t *kinds(int group_fd)
{
	char text[CGROUP_TEXT_SIZE], key[CGROUP_KEY_SIZE];
	const char *at = text;
	uint64_t value;
	json_t *all;

	if (cgroup_text(group_fd, "memory.stat", text) < 0)
		return NULL;
	all = json_object();
	while (cgroup_keyed_next(&at, key, &value))
		if (*key)
			put(all, key, number(value));
	return all;
}

static json_t *memory(int group_fd, const struct cgroup_stats *s)
{
	json_t *usage = json_object(), *swap = json_object(), *all = json_object();
	json_t *raw = kinds(group_fd), *cache = json_object_get(raw, "file");

	put(usage, "usage", count(s->memory_current));
	put(usage, "max", count(s->memory_peak));
	put(usage, "limit", count(s->memory_max));
	put(usage, "failcnt", count(s->oom_kills));
	put(swap, "usage", count(s->swap_current));
	put(swap, "limit", count(s->swap_max));
	put(all, "cache", cache ? json_incref(cache) : NULL);
	put(all, "usage", usage);
	put(all, "swap", swap);
	put(all, "raw", raw);
	return all;
}

static json_t *pids(const struct cgroup_stats *s)
{
	json_t *all = json_object();

	put(all, "current", count(s->pids_current));
	put(all, "limit", count(s->pids_max));
	return all;
}

static void add_operation(json_t *to, const char *line, size_t len, const char *key, const char *op)
{
	unsigned major, minor;
	uint64_t value;

	if (cgroup_nested_parse(line, len, key, &value) == 0 &&
		sscanf(line, "%u:%u ", &major, &minor) == 2)
		json_array_append_new(to, json_pack("{si si ss so}", "major", (int)major, "minor",
						  (int)minor, "op", op, "value", number(value)));
}

static json_t *block_devices(int group_fd)
{
	char text[CGROUP_TEXT_SIZE];
	json_t *bytes, *times;

	if (cgroup_text(group_fd, "io.stat", text) < 0)
		return NULL;
	bytes = json_array();
	times = json_array();
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");

		add_operation(bytes, line, len, "rbytes", "Read");
		add_operation(bytes, line, len, "wbytes", "Write");
		add_operation(bytes, line, len, "dbytes", "Discard");
		add_operation(times, line, len, "rios", "Read");
		add_operation(times, line, len, "wios", "Write");
		add_operation(times, line, len, "dios", "Discard");
		line += len + (line[len] == '\n');
	}
	return json_pack("{so so}", "ioServiceBytesRecursive", bytes, "ioServicedRecursive", times);
}

/* "2MB" of "hugetlb.2MB.current": whether the name is such a one. */
static bool page_size(const char *name, char ret[PAGE_SIZE_MAX])
{
	const char *size = name + strlen("hugetlb.");
	size_t len;

	if (strncmp(name, "hugetlb.", strlen("hugetlb.")) != 0)
		return false;
	len = strcspn(size, ".");
	if (len >= PAGE_SIZE_MAX || strcmp(size + len, ".current") != 0)
		return false;
	snprintf(ret, PAGE_SIZE_MAX, "%.*s", (int)len, size);
	return true;
}

static bool page_file(int group_fd, const char *size, const char *file, char ret[64])
{
	char name[PAGE_SIZE_MAX + 24];

	snprintf(name, sizeof(name), "hugetlb.%s.%s", size, file);
	return file_peek(group_fd, name, ret, 64) >= 0;
}

static json_t *pages_of(int group_fd, const char *size)
{
	json_t *one = json_object();
	char text[64];
	uint64_t v;

	if (page_file(group_fd, size, "current", text) && cgroup_value_parse(text, &v) == 0)
		put(one, "usage", number(v));
	if (page_file(group_fd, size, "max", text) && cgroup_value_parse(text, &v) == 0)
		put(one, "limit", number(v));
	if (page_file(group_fd, size, "events", text) && cgroup_keyed_parse(text, "max", &v) == 0)
		put(one, "failcnt", number(v));
	return one;
}

/* Of each size that this kernel has. */
static json_t *huge_pages(int group_fd)
{
	autofd int dir = openat(group_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char size[PAGE_SIZE_MAX];
	json_t *all = NULL;
	struct dents names;
	unsigned char type;
	const char *name;

	if (dir < 0)
		return NULL;
	dents_init(&names, dir);
	while ((name = dents_next(&names, &type))) {
		if (!page_size(name, size))
			continue;
		if (!all)
			all = json_object();
		put(all, size, pages_of(group_fd, size));
	}
	return all;
}

json_t *usage_json(int group_fd, const struct cgroup_stats *s)
{
	json_t *all = json_object();

	put(all, "cpu", cpu(s));
	put(all, "memory", memory(group_fd, s));
	put(all, "pids", pids(s));
	put(all, "blkio", block_devices(group_fd));
	put(all, "hugetlb", huge_pages(group_fd));
	return all;
}
