/* Flags of `ctr run` that say limits: parts, each a letter for the flag and its value. What is taken
 * becomes a plan, and config.json says the same. */
#include "fuzz/fuzz.h"

#include "base/fd.h"
#include "cgroup/limits.h"
#include "spec/limitflag.h"

#include <string.h>

typedef int flag_fn(struct spec *spec, const char *what, const char *value, struct err *err);

/* Devices are not looked for on the machine that runs the test. */
static int resolve(const char *path, uint32_t *ret_major, uint32_t *ret_minor, struct err *err)
{
	if (path[0] != '/')
		return err_set(err, "%s is not there", path);
	*ret_major = 8;
	*ret_minor = (uint32_t)strlen(path);
	return 0;
}

static int io_max(struct spec *spec, const char *what, const char *value, struct err *err)
{
	return limit_io_max(spec, what, value, resolve, err);
}

static int read_bps(struct spec *spec, const char *what, const char *value, struct err *err)
{
	return limit_io_rate(spec, what, value, "rbps", resolve, err);
}

static int write_iops(struct spec *spec, const char *what, const char *value, struct err *err)
{
	return limit_io_rate(spec, what, value, "wiops", NULL, err);
}

static flag_fn *const flags[] = {limit_memory, limit_memory_low, limit_memory_high,
	limit_memory_swap, limit_cpus, limit_cpu_period, limit_cpu_quota, limit_cpu_weight,
	limit_cpu_shares, limit_cpuset_cpus, limit_cpuset_mems, limit_pids, limit_io_weight, io_max,
	read_bps, write_iops, limit_cgroup_conf, limit_ulimit, limit_oom_score_adj, limit_umask};
enum { FLAGS = sizeof(flags) / sizeof(flags[0]) };

static void check_plan(const struct limits *limits)
{
	struct cgroup_plan plan;
	struct err err = {0};

	fuzz_fill(&plan, sizeof(plan));
	if (cgroup_plan(limits, &plan, &err) < 0) {
		fuzz_refused(&err);
		fuzz_untouched(&plan, sizeof(plan));
		return;
	}
	for (size_t i = 0; i < plan.count; i++) {
		const struct cgroup_write *w = &plan.writes[i];

		require(w->file[0] && !strchr(w->file, '/') && w->value && w->action);
		require(strncmp(w->file, "cgroup.", 7) != 0 ||
			strcmp(w->file, "cgroup.max.descendants") == 0 ||
			strcmp(w->file, "cgroup.max.depth") == 0);
	}
	cgroup_plan_free(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = {data, size};
	struct spec spec;
	struct err err = {0};

	fuzz_spec_init(&spec);
	while (in.size) {
		size_t letter = (size_t)(*in.data++ - 'a');
		autofree char *value = NULL;

		in.size--;
		value = fuzz_part(&in, NULL);
		if (letter < FLAGS && flags[letter](&spec, "--flag", value, &err) < 0)
			fuzz_refused(&err);
	}
	if (limits_check(&spec.limits, &err) < 0) {
		fuzz_refused(&err);
	} else {
		check_plan(&spec.limits);
		fuzz_round_trip(&spec);
	}
	spec_free(&spec);
	return 0;
}
