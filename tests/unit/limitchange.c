#include "spec/limitchange.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/resource.h>

enum { OPTIONS = 8 };

static size_t split(struct arena *a, const char *const *words, struct key_value *ret)
{
	size_t n = 0;

	for (; words[n]; n++) {
		size_t len = strcspn(words[n], " ");

		ret[n] = (struct key_value){arena_strndup(a, words[n], len), words[n] + len + 1};
	}
	return n;
}

static int apply(struct spec *spec, const char *const *words, struct limit_change *ret,
	struct err *err)
{
	struct key_value options[OPTIONS];
	size_t n = split(&spec->arena, words, options);

	return limit_options_apply(spec, options, n, NULL, ret, err);
}

/* "NAME VALUE" each. */
#define APPLY(spec, ...)                                                                           \
	({                                                                                         \
		struct limit_change change_ = {.restart = false};                                  \
		struct err err_ = {0};                                                             \
		cr_assert_eq(                                                                      \
			apply(spec, (const char *const[]){__VA_ARGS__, NULL}, &change_, &err_), 0, \
			"%s", err_.text);                                                          \
		change_;                                                                           \
	})
#define REFUSED(spec, text_, ...)                                                                  \
	do {                                                                                       \
		struct limit_change change_;                                                       \
		struct err err_ = {0};                                                             \
		cr_assert_lt(                                                                      \
			apply(spec, (const char *const[]){__VA_ARGS__, NULL}, &change_, &err_),    \
			0);                                                                        \
		cr_expect(strstr(err_.text, text_), "%s", err_.text);                              \
	} while (0)

static const uint64_t mib = 1 << 20;

Test(limitchange, only_what_is_asked_for_is_written)
{
	struct spec s = {.limits = {.memory = 64 * mib, .cpu_weight = 7, .pids = 5}};
	struct limit_change c = APPLY(&s, "pids 9");

	cr_expect_eq(s.limits.pids, 9);
	cr_expect_eq(s.limits.memory, 64 * mib);
	cr_expect_eq(s.limits.cpu_weight, 7);
	cr_expect_eq(c.limits.pids, 9);
	cr_expect(!c.limits.memory && !c.limits.cpu_weight && !c.limits.memory_swap_set &&
		  !c.restart);
	spec_free(&s);
}

Test(limitchange, swap_that_nobody_chose_follows_memory)
{
	struct spec s = {.limits = {.memory = 64 * mib,
				 .memory_swap = 64 * mib,
				 .memory_swap_set = true,
				 .memory_swap_default = true}};
	struct limit_change c = APPLY(&s, "memory 128m");

	cr_expect(s.limits.memory_swap == 128 * mib && s.limits.memory_swap_default);
	cr_expect(c.limits.memory == 128 * mib && c.limits.memory_swap == 128 * mib &&
		  c.limits.memory_swap_default);
	c = APPLY(&s, "memory max");
	cr_expect(!s.limits.memory && !s.limits.memory_swap_set);
	cr_expect(c.limits.memory == UINT64_MAX && c.limits.memory_swap == UINT64_MAX &&
		  c.limits.memory_swap_set);
	spec_free(&s);
}

Test(limitchange, a_total_stays_one)
{
	struct spec s = {
		.limits = {.memory = 64 * mib, .memory_swap = 64 * mib, .memory_swap_set = true}};
	struct limit_change c = APPLY(&s, "memory 100m");

	cr_expect_eq(s.limits.memory_swap, 28 * mib);
	cr_expect_eq(c.limits.memory_swap, 28 * mib);
	REFUSED(&s, "--memory-swap is less than --memory", "memory 129m");
	spec_free(&s);
}

Test(limitchange, without_memory_swap_stands_by_itself)
{
	struct spec s = {
		.limits = {.memory = 64 * mib, .memory_swap = 32 * mib, .memory_swap_set = true}};
	struct limit_change c = APPLY(&s, "memory 0");

	cr_expect(!s.limits.memory && s.limits.memory_swap_set && s.limits.memory_swap == 32 * mib);
	cr_expect_eq(c.limits.memory_swap, 32 * mib);
	/* Also when something else is changed. */
	APPLY(&s, "pids 3");
	cr_expect(s.limits.memory_swap_set && s.limits.memory_swap == 32 * mib);
	c = APPLY(&s, "memory 64m");
	cr_expect_eq(s.limits.memory_swap, 32 * mib);
	APPLY(&s, "memory-swap -1");
	cr_expect_eq(s.limits.memory_swap, UINT64_MAX);
	APPLY(&s, "memory 80m");
	cr_expect_eq(s.limits.memory_swap, UINT64_MAX);
	REFUSED(&s, "needs --memory", "memory max", "memory-swap 1g");
	spec_free(&s);
}

Test(limitchange, time_of_cpus)
{
	struct spec s = {.limits = {.cpu_quota_us = 50000, .cpu_period_us = 100000}};
	struct limit_change c = APPLY(&s, "cpus 1.5");

	cr_expect(s.limits.cpu_quota_us == 150000 && s.limits.cpu_period_us == 100000);
	c = APPLY(&s, "cpu-quota 20000");
	cr_expect(c.limits.cpu_quota_us == 20000 && c.limits.cpu_period_us == 100000);
	c = APPLY(&s, "cpu-period 10000");
	cr_expect(c.limits.cpu_quota_us == 20000 && c.limits.cpu_period_us == 10000);
	c = APPLY(&s, "cpus 0");
	cr_expect(!s.limits.cpu_quota_us && c.limits.cpu_quota_us == UINT64_MAX);
	REFUSED(&s, "--cpus says the same", "cpus 1", "cpu-quota 5000");
	spec_free(&s);
}

Test(limitchange, what_is_given_comes_before_an_earlier_file)
{
	struct key_value conf[] = {{"memory.high", "max"}, {"hugetlb.2MB.max", "0"}};
	struct spec s = {.limits = {.conf = conf, .conf_count = 2}};
	struct limit_change c = APPLY(&s, "memory-high 64m");

	cr_expect_eq(s.limits.conf_count, 1);
	cr_expect_str_eq(s.limits.conf[0].key, "hugetlb.2MB.max");
	cr_expect(c.limits.memory_high == 64 * mib && !c.limits.conf_count);
	spec_free(&s);
}

Test(limitchange, files_by_name)
{
	struct spec s = {.name = NULL};
	struct limit_change c = APPLY(&s, "cgroup-conf hugetlb.2MB.max=4m",
		"cgroup-conf misc.max=a 1");

	cr_assert_eq(s.limits.conf_count, 2);
	cr_assert_eq(c.limits.conf_count, 2);
	c = APPLY(&s, "cgroup-conf hugetlb.2MB.max=8m");
	cr_assert_eq(s.limits.conf_count, 2);
	cr_assert_eq(c.limits.conf_count, 1);
	cr_expect_str_eq(c.limits.conf[0].value, "8m");
	spec_free(&s);
}

Test(limitchange, rates_of_a_disk)
{
	struct spec s = {.name = NULL};
	struct limit_change c = APPLY(&s, "io-max 8:0:rbps=10m,wiops=5", "io-max 8:16:rbps=1m");

	cr_assert_eq(c.limits.io_max_count, 2);
	c = APPLY(&s, "io-max 8:0:rbps=max");
	cr_assert_eq(c.limits.io_max_count, 1);
	cr_expect(!c.limits.io_max[0].rbps && c.limits.io_max[0].wiops == 5);
	c = APPLY(&s, "io-max 8:0:wiops=max");
	/* The group is to hear that there is none. */
	cr_expect(c.limits.io_max_count == 1 && !c.limits.io_max[0].wiops);
	cr_expect(s.limits.io_max_count == 1 && s.limits.io_max[0].minor == 16);
	spec_free(&s);
}

Test(limitchange, lifted)
{
	struct spec s = {.limits = {.memory_low = mib,
				 .oom_group = true,
				 .cpuset_cpus = "0",
				 .cpu_weight = 5,
				 .io_weight = 5,
				 .pids = 5}};
	struct limit_change c = APPLY(&s, "memory-reservation max", "oom-group false",
		"cpuset-cpus ", "cpu-shares 0", "pids max");

	cr_expect(!s.limits.memory_low && !s.limits.oom_group && !s.limits.cpuset_cpus &&
		  s.limits.pids == UINT64_MAX);
	cr_assert_eq(c.limits.conf_count, 2);
	cr_expect_str_eq(c.limits.conf[0].key, "memory.low");
	cr_expect_str_eq(c.limits.conf[1].key, "memory.oom.group");
	cr_expect_str_eq(c.limits.cpuset_cpus, "");
	cr_expect(c.limits.cpu_weight == 100 && c.limits.pids == UINT64_MAX && !c.limits.io_weight);
	spec_free(&s);
}

Test(limitchange, of_processes_and_restarts)
{
	struct spec s = {.name = NULL};
	struct limit_change c = APPLY(&s, "ulimit nofile=5:9", "restart on-failure:3");

	cr_assert(c.rlimit_count == 1 && c.restart);
	cr_expect(c.rlimits[0].resource == RLIMIT_NOFILE && c.rlimits[0].soft == 5);
	cr_expect_str_eq(s.restart, "on-failure:3");
	c = APPLY(&s, "restart no");
	cr_expect(c.restart && !s.restart && !c.rlimit_count);
	s.remove = true;
	REFUSED(&s, "--rm", "restart always");
	spec_free(&s);
}

Test(limitchange, by_itself)
{
	struct err err = {0};

	cr_expect_eq(limit_option_check("memory", "max", NULL, &err), 0);
	cr_expect_lt(limit_option_check("memory", "1", NULL, &err), 0);
	cr_expect_lt(limit_option_check("nosuch", "1", NULL, &err), 0);
	cr_expect_lt(limit_option_check("cpu-weight", "max", NULL, &err), 0);
}
