/* Files of the kernel: those of a cgroup, lists of CPUs, mountinfo, /proc/PID/cgroup. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "base/numlist.h"
#include "cgroup/controller.h"
#include "cgroup/effective.h"
#include "cgroup/group.h"
#include "cgroup/hierarchy.h"
#include "cgroup/keyed.h"
#include "cgroup/limits.h"
#include "cgroup/stats.h"

#include <string.h>

static void check_values(const char *s)
{
	uint64_t v[2];

	fuzz_fill(v, sizeof(v));
	if (cgroup_value_parse(s, v) < 0)
		fuzz_untouched(v, sizeof(v));
	fuzz_fill(v, sizeof(v));
	if (cgroup_keyed_parse(s, "low", v) < 0)
		fuzz_untouched(v, sizeof(v));
	fuzz_fill(v, sizeof(v));
	if (cgroup_nested_parse(s, strlen(s), "rbytes", v) < 0)
		fuzz_untouched(v, sizeof(v));
	fuzz_fill(v, sizeof(v));
	if (cgroup_cpu_max_parse(s, &v[0], &v[1]) < 0)
		fuzz_untouched(v, sizeof(v));
}

static void check_groups(const char *s)
{
	struct cgroup_events events;
	struct cgroup_stats stats = {0};
	struct io_max io;

	fuzz_fill(&events, sizeof(events));
	if (cgroup_events_parse(s, &events) < 0)
		fuzz_untouched(&events, sizeof(events));
	fuzz_fill(&io, sizeof(io));
	if (cgroup_io_max_parse(s, &io) < 0)
		fuzz_untouched(&io, sizeof(io));
	cgroup_cpu_stat_parse(s, &stats);
	cgroup_io_stat_parse(s, &stats);
	cgroup_pressure_parse(s, &stats.io_pressure);
	require(!cgroup_controller_listed(s, "cpu") || strstr(s, "cpu"));
	require(!stats.io_pressure.some_avg10.known || stats.io_pressure.some_avg10.value < 100000);
}

static void check_mountinfo(const char *s)
{
	static const size_t sizes[] = {1, 8, 64};
	char path[64];

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fuzz_fill(path, sizeof(path));
		if (mountinfo_parse(s, "cgroup2", path, sizes[i]))
			require(memchr(path, '\0', sizes[i]));
		fuzz_untouched(path + sizes[i], sizeof(path) - sizes[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	autofree char *s = fuzz_part(&in, NULL), *other = fuzz_rest(&in, NULL);

	check_values(s);
	check_groups(s);
	check_mountinfo(s);
	if (numlist_valid(s)) {
		require(numlist_within(s, s));
		numlist_within(s, other);
	}
	cgroup_controller_place("memory", s, other);
	cgroup_controller_place("io", s, other);
	return 0;
}
