#include "base/fd.h"
#include "cgroup/controller.h"
#include "cgroup/effective.h"
#include "cgroup/limits.h"

#include "cgroup/change.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *planned(const struct cgroup_plan *p, const char *file)
{
	const char *value = NULL;

	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->writes[i].file, file) == 0)
			value = p->writes[i].value;
	return value;
}

static void expect(const struct limits *l, const char *file, const char *value)
{
	struct err err = {0};
	autocgroupplan struct cgroup_plan p = {0};
	const char *got;

	cr_assert_eq(cgroup_plan(l, &p, &err), 0, "%s", err.text);
	got = planned(&p, file);
	cr_assert(got && strcmp(got, value) == 0, "%s: got \"%s\", not \"%s\"", file,
		got ? got : "nothing", value);
}

static void refused(const struct limits *l, const char *text)
{
	struct err err = {0};
	struct cgroup_plan p = {.count = 77};

	cr_assert_eq(cgroup_plan(l, &p, &err), -1, "not refused: %s", text);
	cr_assert(strstr(err.text, text), "\"%s\" does not say \"%s\"", err.text, text);
	cr_assert_null(strchr(err.text, '\n'));
	cr_assert_eq(p.count, 77, "written on failure");
}

Test(limits, nothing_asked_bounds_only_groups)
{
	struct limits l = {0};
	struct err err = {0};
	autocgroupplan struct cgroup_plan p = {0};

	cr_assert_eq(cgroup_plan(&l, &p, &err), 0);
	cr_assert_eq(p.count, 1);
	cr_assert_str_eq(p.writes[0].file, "cgroup.max.descendants");
	cr_assert_str_eq(p.writes[0].value, "1000");
}

Test(limits, values)
{
	struct io_max io = {8, 16, 1048576, 0, UINT64_MAX, 100};
	struct key_value conf[] = {{"memory.zswap.max", "0"}, {"cgroup.max.descendants", "5"}};
	struct limits l = {
		.memory = 512 << 20,
		.memory_swap_set = true,
		.memory_swap = UINT64_MAX,
		.memory_low = 1 << 20,
		.memory_high = 400 << 20,
		.oom_group = true,
		.cpu_quota_us = 150000,
		.cpu_weight = 10000,
		.cpuset_cpus = "0-1,3",
		.cpuset_mems = "0",
		.pids = 100,
		.io_weight = 1,
		.io_max = &io,
		.io_max_count = 1,
		.conf = conf,
		.conf_count = 2,
	};

	expect(&l, "memory.max", "536870912");
	expect(&l, "memory.swap.max", "max");
	expect(&l, "memory.low", "1048576");
	expect(&l, "memory.high", "419430400");
	expect(&l, "memory.oom.group", "1");
	expect(&l, "cpu.max", "150000 100000");
	expect(&l, "cpu.weight", "10000");
	expect(&l, "cpuset.cpus", "0-1,3");
	expect(&l, "cpuset.mems", "0");
	expect(&l, "pids.max", "100");
	expect(&l, "io.weight", "default 1");
	expect(&l, "io.max", "8:16 rbps=1048576 wbps=max riops=max wiops=100");
	expect(&l, "memory.zswap.max", "0");
	expect(&l, "cgroup.max.descendants", "5");
	l.cpu_quota_us = 0;
	l.cpu_period_us = 50000;
	expect(&l, "cpu.max", "max 50000");
	l.memory_swap = 0;
	expect(&l, "memory.swap.max", "0");
}

Test(limits, ranges)
{
	refused(&(struct limits){.memory = 512}, "--memory: '512' is less than the 4m");
	refused(&(struct limits){.memory = 8 << 20, .memory_low = 9 << 20},
		"--memory-reservation 9M");
	refused(&(struct limits){.cpu_weight = 10001}, "--cpu-weight 10001");
	refused(&(struct limits){.io_weight = 10001}, "--io-weight 10001");
	refused(&(struct limits){.cpu_quota_us = 999}, "--cpus: 999 of 100000");
	refused(&(struct limits){.cpu_quota_us = 5000, .cpu_period_us = 999}, "--cpu-period 999");
	refused(&(struct limits){.cpu_quota_us = 5000, .cpu_period_us = 1000001}, "--cpu-period");
	refused(&(struct limits){.pids = 4194305}, "--pids-limit 4194305");
	refused(&(struct limits){.cpuset_cpus = "3-1"}, "--cpuset-cpus \"3-1\"");
	refused(&(struct limits){.cpuset_mems = ","}, "--cpuset-mems");
	/* Of a change: any. */
	expect(&(struct limits){.cpuset_mems = ""}, "cpuset.mems", "\n");
}

Test(limits, conf_names)
{
	static const char *const bad[] = {"", ".", "..", "memory", "../memory.max", "a/b.max",
		"cgroup.procs", "cgroup.threads", "cgroup.subtree_control", "cgroup.kill",
		"cgroup.freeze", "cgroup.type", "memory..max", ".memory.max", "memory.max\n",
		"memory max.x"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct key_value kv = {bad[i], "1"};

		refused(&(struct limits){.conf = &kv, .conf_count = 1}, "--cgroup-conf");
	}
	refused(&(struct limits){.conf = &(struct key_value){"memory.max", ""}, .conf_count = 1},
		"empty");
	refused(&(struct limits){.conf = &(struct key_value){"memory.max", "\n\n"},
			.conf_count = 1},
		"empty");
	refused(&(struct limits){.conf = &(struct key_value){"memory.max", "1\n2\t"},
			.conf_count = 1},
		"control character");
}

/* io.max takes one device at a time. */
Test(limits, conf_of_several_lines)
{
	struct key_value kv = {"io.max", "8:0 rbps=1\n8:0 wbps=2\n\n8:16 riops=3\n"};
	struct limits l = {.conf = &kv, .conf_count = 1};
	autocgroupplan struct cgroup_plan p = {0};
	const char *lines[] = {"8:0 rbps=1", "8:0 wbps=2", "8:16 riops=3"};
	struct err err;
	size_t n = 0;

	cr_assert_eq(cgroup_plan(&l, &p, &err), 0);
	for (size_t i = 0; i < p.count; i++)
		if (!strcmp(p.writes[i].file, "io.max"))
			cr_assert(n < 3 && !strcmp(p.writes[i].value, lines[n++]));
	cr_expect_eq(n, 3);
}

Test(limits, what_takes_a_change_back)
{
	static const struct {
		const char *file, *text, *value, *back;
	} cases[] = {
		{"memory.max", "max", "100", "max"},
		{"cpu.max", "20000 100000", "max 100000", "20000 100000"},
		{"cpuset.cpus", "", "0-1", "\n"},
		{"io.max", "8:0 rbps=1 wbps=max riops=max wiops=max\n8:1 rbps=2 wbps=max",
			"8:1 rbps=9", "8:1 rbps=2 wbps=max"},
		{"io.max", "8:10 rbps=1", "8:1 rbps=9",
			"8:1 rbps=max wbps=max riops=max wiops=max"},
		{"io.weight", "default 100\n8:0 50", "default 7", "default 100"},
		{"io.weight", "default 100\n8:0 50", "8:0 7", "8:0 50"},
		{"io.weight", "default 100", "8:0 7", "8:0 default"},
		{"rdma.max", "a hca_handle=2 hca_object=max", "a hca_handle=1",
			"a hca_handle=2 hca_object=max"},
	};
	struct arena a = {NULL};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_str_eq(
			cgroup_change_back(&a, cases[i].file, cases[i].text, cases[i].value),
			cases[i].back);
	arena_free(&a);
}

static bool optional(const struct limits *l)
{
	struct err err = {0};
	autocgroupplan struct cgroup_plan p = {0};

	cr_assert_eq(cgroup_plan(l, &p, &err), 0, "%s", err.text);
	cr_assert_eq(p.count, 2, "the groups below, and what was asked for");
	return p.writes[1].optional;
}

Test(limits, what_is_so_without_a_controller_needs_none)
{
	cr_assert(optional(&(struct limits){.cpu_weight = 100}));
	cr_assert_not(optional(&(struct limits){.cpu_weight = 101}));
	cr_assert(optional(&(struct limits){.memory = UINT64_MAX}));
	cr_assert_not(optional(&(struct limits){.memory = 1 << 30}));
	cr_assert_not(optional(&(struct limits){.memory_low = UINT64_MAX}));
	cr_assert(optional(&(struct limits){.pids = UINT64_MAX}));
	cr_assert_not(optional(&(struct limits){.pids = 5}));
	cr_assert(optional(&(struct limits){.cpu_period_us = 100000}));
	cr_assert_not(optional(&(struct limits){.cpu_quota_us = 5000, .cpu_period_us = 10000}));
}

Test(limits, which_controllers_a_group_has)
{
	cr_assert(cgroup_controller_listed("cpuset cpu io\n", "cpu"));
	cr_assert(cgroup_controller_listed("cpuset cpu io\n", "io"));
	cr_assert(cgroup_controller_listed("cpuset", "cpuset"));
	cr_assert_not(cgroup_controller_listed("cpuset io\n", "cpu"));
	cr_assert_not(cgroup_controller_listed("cpuset cpu\n", "set"));
	cr_assert_not(cgroup_controller_listed("\n", "cpu"));
	cr_assert_not(cgroup_controller_listed("", "cpu"));
}

Test(limits, where_a_controller_is)
{
	static const char self[] =
		"4:memory:/x\n3:cpu,cpuacct:/a:b\n2:blkio:/\n1:name=cpuset:/\n0::/\n";
	static const char all[] = "#subsys_name\thierarchy\tnum_cgroups\tenabled\n"
				  "cpuset\t0\t1\t1\npids\t0\t1\t0\n";

	cr_assert_eq(cgroup_controller_place("memory", self, all), CONTROLLER_ON_V1);
	cr_assert_eq(cgroup_controller_place("cpu", self, all), CONTROLLER_ON_V1);
	cr_assert_eq(cgroup_controller_place("io", self, all), CONTROLLER_ON_V1);
	cr_assert_eq(cgroup_controller_place("cpuset", self, all), CONTROLLER_NOT_DELEGATED);
	cr_assert_eq(cgroup_controller_place("pids", self, all), CONTROLLER_DISABLED);
	cr_assert_eq(cgroup_controller_place("misc", self, all), CONTROLLER_NOT_BUILT);
	cr_assert_eq(cgroup_controller_place("memory", "", ""), CONTROLLER_NOT_DELEGATED);
	cr_assert_eq(cgroup_controller_place("memory", ":::\n\n9", "memory"), CONTROLLER_NOT_BUILT);
}

static void with_file(const char *text, struct limits *l)
{
	char dir[] = "/tmp/ctr-unit-XXXXXX";
	struct err err;
	int fd, group;

	cr_assert(mkdtemp(dir));
	group = open(dir, O_RDONLY | O_DIRECTORY);
	fd = openat(group, "cpu.max", O_WRONLY | O_CREAT, 0600);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	cr_assert_eq(cgroup_quota_complete(group, l, &err), 0);
	unlinkat(group, "cpu.max", 0);
	rmdir(dir);
	close(group);
}

Test(limits, half_a_quota)
{
	struct limits l = {.cpu_quota_us = 40000};

	with_file("20000 50000\n", &l);
	cr_assert(l.cpu_quota_us == 40000 && l.cpu_period_us == 50000);
	l = (struct limits){.cpu_period_us = 10000};
	with_file("20000 50000\n", &l);
	cr_assert(l.cpu_quota_us == 20000 && l.cpu_period_us == 10000);
	l = (struct limits){.cpu_period_us = 10000};
	with_file("max 50000\n", &l);
	cr_assert(l.cpu_quota_us == UINT64_MAX && l.cpu_period_us == 10000);
	l = (struct limits){.cpu_quota_us = 1};
	with_file("nonsense", &l);
	cr_assert(l.cpu_quota_us == 1 && l.cpu_period_us == 0);
}

Test(limits, reading_back)
{
	struct io_max m = {0};
	uint64_t quota = 1, period = 1;

	cr_assert_eq(cgroup_cpu_max_parse("max 100000", &quota, &period), 0);
	cr_assert(quota == UINT64_MAX && period == 100000);
	cr_assert_eq(cgroup_cpu_max_parse("5000 10000\n", &quota, &period), 0);
	cr_assert(quota == 5000 && period == 10000);
	cr_assert_eq(cgroup_cpu_max_parse("5000", &quota, &period), -1);
	cr_assert_eq(cgroup_cpu_max_parse("x 10000", &quota, &period), -1);
	cr_assert_eq(cgroup_io_max_parse("8:16 rbps=2097152 wbps=max riops=max wiops=120\n", &m),
		0);
	cr_assert(m.major == 8 && m.minor == 16 && m.rbps == 2097152 && m.wbps == UINT64_MAX &&
		  m.wiops == 120);
	cr_assert_eq(cgroup_io_max_parse("8:16 rbps=1", &m), -1);
	cr_assert_eq(cgroup_io_max_parse("4294967296:0 rbps=1 wbps=1 riops=1 wiops=1", &m), -1);
	cr_assert_eq(cgroup_io_max_parse("", &m), -1);
}

Test(limits, messages_name_what_was_written)
{
	struct key_value conf[] = {{"cgroup.procs", "1"}};
	struct limits l = {.pids = 1, .pids_none = true, .cpu_weight = 7};

	for (int i = 0; i < 2; i++) {
		struct err err = {0};
		autocgroupplan struct cgroup_plan p = {0};

		l.of_document = i == 1;
		cr_assert_eq(cgroup_plan(&l, &p, &err), 0, "%s", err.text);
		cr_expect_str_eq(p.writes[1].flag,
			i ? "linux.resources.cpu.shares" : "--cpu-weight");
		cr_expect_str_eq(p.writes[2].flag,
			i ? "linux.resources.pids.limit" : "--pids-limit");
		cr_expect_str_eq(p.writes[2].action, "limit processes to 0");
		cr_expect_str_eq(p.writes[2].value, "1");
	}
	refused(&(struct limits){.memory = 1000}, "--memory: '1000' is less than the 4m");
	refused(&(struct limits){.memory = 1000, .of_document = true},
		"linux.resources.memory.limit: '1000' is less than the 4m");
	refused(&(struct limits){.conf = conf, .conf_count = 1}, "--cgroup-conf cgroup.procs: it");
	refused(&(struct limits){.conf = conf, .conf_count = 1, .of_document = true},
		"linux.resources.unified cgroup.procs: it moves");
}
