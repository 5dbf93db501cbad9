#include "oci/usage.h"

#include "base/dents.h"
#include "base/fd.h"
#include "cgroup/keyed.h"
#include "cgroup/text.h"

#include <errno.h>
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
static int put_kinds(json_t *memory, int group_fd, struct err *err)
{
	char text[CGROUP_TEXT_SIZE], key[CGROUP_KEY_SIZE];
	int r = cgroup_text(group_fd, "memory.stat", text, sizeof(text), err);
	const char *at = text;
	uint64_t value;
	json_t *all;

	if (r <= 0)
		return r;
	all = json_object();
	while (cgroup_keyed_next(&at, key, &value))
		if (*key)
			put(all, key, number(value));
	put(memory, "raw", all);
	put(memory, "cache", json_incref(json_object_get(all, "file")));
	return 0;
}

static json_t *memory(const struct cgroup_stats *s)
{
	json_t *usage = json_object(), *swap = json_object(), *all = json_object();

	put(usage, "usage", count(s->memory_current));
	put(usage, "max", count(s->memory_peak));
	put(usage, "limit", count(s->memory_max));
	put(usage, "failcnt", count(s->oom_kills));
	put(swap, "usage", count(s->swap_current));
	put(swap, "limit", count(s->swap_max));
	put(all, "usage", usage);
	put(all, "swap", swap);
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

static int put_block_devices(json_t *usage, int group_fd, struct err *err)
{
	char text[CGROUP_TEXT_SIZE];
	int r = cgroup_text(group_fd, "io.stat", text, sizeof(text), err);
	json_t *bytes, *times;

	if (r <= 0)
		return r;
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
	put(usage, "blkio",
		json_pack("{so so}", "ioServiceBytesRecursive", bytes, "ioServicedRecursive",
			times));
	return 0;
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

static int page_file(int group_fd, const char *size, const char *file, char ret[64],
	struct err *err)
{
	char name[PAGE_SIZE_MAX + 24];

	snprintf(name, sizeof(name), "hugetlb.%s.%s", size, file);
	return cgroup_text(group_fd, name, ret, 64, err);
}

static int put_pages_of(json_t *pages, int group_fd, const char *size, struct err *err)
{
	json_t *one = json_object();
	char text[64];
	uint64_t v;

	put(pages, size, one);
	if (page_file(group_fd, size, "current", text, err) < 0)
		return -1;
	if (cgroup_value_parse(text, &v) == 0)
		put(one, "usage", number(v));
	if (page_file(group_fd, size, "max", text, err) < 0)
		return -1;
	if (cgroup_value_parse(text, &v) == 0)
		put(one, "limit", number(v));
	if (page_file(group_fd, size, "events", text, err) < 0)
		return -1;
	if (cgroup_keyed_parse(text, "max", &v) == 0)
		put(one, "failcnt", number(v));
	return 0;
}

/* The use of huge pages, for each size that this kernel has. */
static int put_huge_pages(json_t *usage, int group_fd, struct err *err)
{
	autofd int dir = openat(group_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autojson json_t *pages = json_object();
	char size[PAGE_SIZE_MAX];
	struct dents names;
	unsigned char type;
	const char *name;

	if (dir < 0)
		return err_sys(err, "look at the cgroup");
	dents_init(&names, dir);
	while ((name = dents_next(&names, &type)))
		if (page_size(name, size) && put_pages_of(pages, group_fd, size, err) < 0)
			return -1;
	if (errno)
		return err_sys(err, "look at the cgroup");
	if (json_object_size(pages))
		put(usage, "hugetlb", json_incref(pages));
	return 0;
}

json_t *usage_json(int group_fd, const struct cgroup_stats *s, struct err *err)
{
	autojson json_t *all = json_object();
	json_t *used = memory(s);

	put(all, "cpu", cpu(s));
	put(all, "memory", used);
	put(all, "pids", pids(s));
	if (put_kinds(used, group_fd, err) < 0 || put_block_devices(all, group_fd, err) < 0 ||
		put_huge_pages(all, group_fd, err) < 0)
		return NULL;
	return json_incref(all);
}
