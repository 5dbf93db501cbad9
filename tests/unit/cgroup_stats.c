#include "cgroup/group.h"
#include "cgroup/hierarchy.h"
#include "cgroup/keyed.h"
#include "cgroup/stats.h"

#include <criterion/criterion.h>
#include <string.h>

Test(stats, single_values)
{
	uint64_t v = 7;

	cr_assert(cgroup_value_parse("4096\n", &v) == 0 && v == 4096);
	cr_assert(cgroup_value_parse("max", &v) == 0 && v == UINT64_MAX);
	cr_assert(cgroup_value_parse("18446744073709551615", &v) == 0 && v == UINT64_MAX);
	v = 7;
	cr_assert_eq(cgroup_value_parse("18446744073709551616", &v), -1);
	cr_assert_eq(cgroup_value_parse("", &v), -1);
	cr_assert_eq(cgroup_value_parse("-1", &v), -1);
	cr_assert_eq(cgroup_value_parse("1 2", &v), -1);
	cr_assert_eq(cgroup_value_parse("1\n2", &v), -1);
	cr_assert_eq(cgroup_value_parse("maximum", &v), -1);
	cr_assert_eq(v, 7, "written on failure");
}

Test(stats, cpu)
{
	struct cgroup_stats s = {0};

	cgroup_cpu_stat_parse("usage_usec 30\nuser_usec 20\nsystem_usec 10\n", &s);
	cr_assert(s.cpu_usage_us.known && s.cpu_usage_us.value == 30);
	cr_assert(s.cpu_user_us.value == 20 && s.cpu_system_us.value == 10);
	cr_assert_not(s.cpu_throttled_us.known);
	cgroup_cpu_stat_parse("xusage_usec 1\nthrottled_usec 9\nuser_usec 1 2", &s);
	cr_assert(s.cpu_throttled_us.known && s.cpu_throttled_us.value == 9);
	cr_assert_not(s.cpu_usage_us.known);
	cr_assert_not(s.cpu_user_us.known);
}

Test(stats, memory_less_the_cache_of_files)
{
	struct cgroup_stats s = {.memory_current = {5000, true}};

	cgroup_memory_stat_parse(
		"anon 1000\nfile 3000\nactive_file 500\ninactive_file 2500\nslab 1\n", &s);
	cr_assert(s.memory_used.known && s.memory_used.value == 2500);
	cgroup_memory_stat_parse("anon 1000\ninactive_file 6000\n", &s);
	cr_assert(s.memory_used.known && s.memory_used.value == 0);
	cgroup_memory_stat_parse("anon 1000\n", &s);
	cr_assert_eq(s.memory_used.value, 5000);
	s.memory_current.known = false;
	cgroup_memory_stat_parse("inactive_file 6\n", &s);
	cr_assert_not(s.memory_used.known);
}

Test(stats, io_is_summed)
{
	struct cgroup_stats s = {0};

	cgroup_io_stat_parse("8:0 rbytes=100 wbytes=5 rios=2 wios=1 dbytes=7 dios=1\n"
			     "7:0 \n8:16 rbytes=11 wbytes=0 rios=1 wios=0 dbytes=0 dios=0",
		&s);
	cr_assert(s.io_read_bytes.known && s.io_read_bytes.value == 111);
	cr_assert(s.io_write_bytes.value == 5 && s.io_reads.value == 3 && s.io_writes.value == 1);
	cgroup_io_stat_parse("", &s);
	cr_assert(s.io_reads.known && s.io_reads.value == 0);
}

Test(stats, pressure)
{
	struct cgroup_pressure p = {0};

	cgroup_pressure_parse("some avg10=12.34 avg60=0.00 avg300=0.00 total=5\n"
			      "full avg10=100.00 avg60=0.00 avg300=0.00 total=5",
		&p);
	cr_assert(p.some_avg10.known && p.some_avg10.value == 1234);
	cr_assert(p.full_avg10.known && p.full_avg10.value == 10000);
	p = (struct cgroup_pressure){0};
	cgroup_pressure_parse("some avg10=1.2 avg60=", &p);
	cgroup_pressure_parse("full avg10=", &p);
	cr_assert(!p.some_avg10.known && !p.full_avg10.known);
}

Test(stats, events)
{
	struct cgroup_events e = {0};

	cr_assert_eq(cgroup_events_parse("populated 1\nfrozen 0\n", &e), 0);
	cr_assert(e.populated && !e.frozen);
	cr_assert_eq(cgroup_events_parse("frozen 1\npopulated 0", &e), 0);
	cr_assert(!e.populated && e.frozen);
	cr_assert_eq(cgroup_events_parse("populated 1", &e), -1);
	cr_assert_eq(cgroup_events_parse("populated 11\nfrozen 0", &e), -1);
	cr_assert_eq(cgroup_events_parse("", &e), -1);
}

Test(stats, mountinfo)
{
	char path[64] = "";

	cr_assert_eq(mountinfo_parse("41 31 0:38 / /a\\040b/c rw,relatime shared:1 - cgroup2 "
				     "cgroup2 rw\n",
			     "cgroup2", path, sizeof(path)),
		1);
	cr_assert_str_eq(path, "/a b/c");
	cr_assert_eq(
		mountinfo_parse("41 31 0:38 / /x rw - cgroup cgroup rw,cpu", "cgroup2", path, 64),
		0);
	cr_assert_eq(mountinfo_parse("41 31 0:38 / /x\\04 rw - cgroup2 c rw", "cgroup2", path, 64),
		0);
	cr_assert_eq(
		mountinfo_parse("41 31 0:38 / /long/name rw - cgroup2 c rw", "cgroup2", path, 5),
		0);
	cr_assert_eq(mountinfo_parse("", "cgroup2", path, 64), 0);
	cr_assert_eq(mountinfo_parse("1 2 3 4", "cgroup2", path, 64), 0);
	cr_assert_str_eq(path, "/a b/c");
}

Test(stats, pairs_one_by_one)
{
	const char *text = "anon 12\nfile max\n\nword\nfour 4 5\nlast 7";
	static const struct {
		const char *key;
		uint64_t value;
	} want[] = {{"anon", 12}, {"file", UINT64_MAX}, {"", 0}, {"", 0}, {"", 0}, {"last", 7}};
	char key[CGROUP_KEY_SIZE], line[CGROUP_KEY_SIZE + 8];
	uint64_t v;

	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		v = 0;
		cr_assert(cgroup_keyed_next(&text, key, &v));
		cr_assert_str_eq(key, want[i].key);
		cr_assert_eq(v, want[i].value);
	}
	cr_assert_not(cgroup_keyed_next(&text, key, &v));
	memset(line, 'k', sizeof(line));
	strcpy(line + CGROUP_KEY_SIZE, " 1");
	text = line;
	cr_assert(cgroup_keyed_next(&text, key, &v) && key[0] == '\0',
		"a key without room for its end");
}
