#include "spec/limitflag.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/resource.h>

static struct err err;
static struct spec spec;
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
typedef int flag_fn(struct spec *spec, const char *what, const char *value, struct err *err);

static void refuse_all(flag_fn *fn, const char *const *bad, size_t count)
{
	struct limits before = spec.limits;
	char s[70000];

	for (size_t i = 0; i < count; i++) {
		cr_assert_eq(fn(&spec, "--x", bad[i], &err), -1, "%s", bad[i]);
		cr_assert(!strncmp(err.text, "--x: ", 5), "%s", err.text);
	}
	memset(s, '9', sizeof(s) - 1);
	s[sizeof(s) - 1] = '\0';
	cr_assert_eq(fn(&spec, "--x", s, &err), -1);
	cr_assert(!memcmp(&before, &spec.limits, sizeof(before)));
}
#define REFUSE(fn, ...)                                                                            \
	refuse_all(fn, (const char *const[]){__VA_ARGS__},                                         \
		COUNT(((const char *const[]){__VA_ARGS__})))
#define TAKE(fn, value) cr_assert_eq(fn(&spec, "--x", value, &err), 0, "%s", err.text)

Test(limitflag, memory)
{
	TAKE(limit_memory, "512m");
	cr_assert_eq(spec.limits.memory, 512u << 20);
	TAKE(limit_memory, "0");
	cr_assert_eq(spec.limits.memory, 0);
	TAKE(limit_memory, "4194304");
	REFUSE(limit_memory, "", "512", "-1", "4194303", "2m", "12Q", "16384p", " 1g");
	cr_assert_eq(limit_memory(&spec, "--memory", "512k", &err), -1);
	cr_assert_str_eq(err.text, "--memory: '512k' is less than the 4m that a start needs");
	TAKE(limit_memory_low, "1g");
	TAKE(limit_memory_high, "2g");
	cr_assert(spec.limits.memory_low == 1u << 30 && spec.limits.memory_high == 2u << 30);
	REFUSE(limit_memory_low, "", "x", "-1");
	REFUSE(limit_memory_high, "", "x", "-1");
}

Test(limitflag, swap_in_any_order)
{
	TAKE(limit_memory_swap, "1g");
	TAKE(limit_memory, "256m");
	cr_assert_eq(limits_check(&spec.limits, &err), 0);
	cr_assert_eq(spec.limits.memory_swap, 768u << 20);
	cr_assert(spec.limits.memory_swap_set && !spec.limits.memory_swap_default);
}

Test(limitflag, swap_none)
{
	TAKE(limit_memory, "256m");
	TAKE(limit_memory_swap, "256m");
	cr_assert_eq(limits_check(&spec.limits, &err), 0);
	cr_assert(spec.limits.memory_swap == 0 && spec.limits.memory_swap_set);
}

Test(limitflag, swap_unlimited)
{
	TAKE(limit_memory_swap, "-1");
	cr_assert_eq(limits_check(&spec.limits, &err), 0);
	cr_assert(spec.limits.memory_swap == UINT64_MAX && spec.limits.memory_swap_set);
	REFUSE(limit_memory_swap, "-2", "", "unlimited", "16384p");
}

Test(limitflag, swap_default)
{
	TAKE(limit_memory, "256m");
	TAKE(limit_memory_swap, "0");
	cr_assert_eq(limits_check(&spec.limits, &err), 0);
	cr_assert(spec.limits.memory_swap == 256u << 20 && spec.limits.memory_swap_default);
}

Test(limitflag, swap_contradictions)
{
	TAKE(limit_memory_swap, "1g");
	cr_assert_eq(limits_check(&spec.limits, &err), -1);
	cr_assert(strstr(err.text, "needs --memory"));
	TAKE(limit_memory, "2g");
	cr_assert_eq(limits_check(&spec.limits, &err), -1);
	cr_assert(strstr(err.text, "less than --memory"));
}

Test(limitflag, memory_contradictions)
{
	TAKE(limit_memory, "1g");
	TAKE(limit_memory_low, "2g");
	cr_assert_eq(limits_check(&spec.limits, &err), -1);
	TAKE(limit_memory_low, "0");
	TAKE(limit_memory_high, "2g");
	cr_assert_eq(limits_check(&spec.limits, &err), -1);
	TAKE(limit_memory_high, "1g");
	cr_assert_eq(limits_check(&spec.limits, &err), 0);
}

Test(limitflag, nothing_asked)
{
	struct limits none = {0};

	cr_assert_eq(limits_check(&spec.limits, &err), 0);
	cr_assert(!memcmp(&none, &spec.limits, sizeof(none)));
}

Test(limitflag, cpus)
{
	TAKE(limit_cpus, "4");
	TAKE(limit_cpus, "1.5");
	cr_assert_eq(limits_check(&spec.limits, &err), 0);
	cr_assert(spec.limits.cpu_quota_us == 150000 && spec.limits.cpu_period_us == 100000);
	cr_assert_eq(limits_check(&spec.limits, &err), 0);
	REFUSE(limit_cpus, "", "0.001", "-1", "x");
}

Test(limitflag, least_cpus_is_a_quota_the_kernel_takes)
{
	TAKE(limit_cpus, "0.01");
	cr_assert_eq(limits_check(&spec.limits, &err), 0);
	cr_assert_eq(spec.limits.cpu_quota_us, 1000);
}

Test(limitflag, quota_and_period)
{
	TAKE(limit_cpu_quota, "50000");
	cr_assert_eq(limits_check(&spec.limits, &err), 0);
	cr_assert_eq(spec.limits.cpu_period_us, 100000);
	TAKE(limit_cpu_period, "1000000");
	TAKE(limit_cpu_quota, "-1");
	cr_assert_eq(spec.limits.cpu_quota_us, 0);
	TAKE(limit_cpus, "1");
	cr_assert_eq(limits_check(&spec.limits, &err), -1);
	REFUSE(limit_cpu_quota, "999", "-2", "", "1.5", "17592186044416");
	REFUSE(limit_cpu_period, "999", "1000001", "0", "-1", "");
}

Test(limitflag, weight_and_shares)
{
	uint64_t last = 0;

	TAKE(limit_cpu_weight, "1");
	TAKE(limit_cpu_weight, "10000");
	REFUSE(limit_cpu_weight, "0", "10001", "-1", "", "100x");
	cr_assert_eq(cpu_weight_from_shares(2), 1);
	cr_assert_eq(cpu_weight_from_shares(1024), 100);
	cr_assert_eq(cpu_weight_from_shares(262144), 10000);
	cr_assert_eq(cpu_weight_from_shares(0), 1);
	cr_assert_eq(cpu_weight_from_shares(UINT64_MAX), 10000);
	for (uint64_t shares = 2; shares <= 262144; shares++) {
		uint64_t w = cpu_weight_from_shares(shares);
		cr_assert(w >= last && w >= 1 && w <= 10000, "%llu", (unsigned long long)shares);
		last = w;
	}
	TAKE(limit_cpu_shares, "1024");
	cr_assert_eq(spec.limits.cpu_weight, 100);
	REFUSE(limit_cpu_shares, "1", "262145", "-1", "");
	TAKE(limit_cpu_shares, "0");
	cr_assert_eq(spec.limits.cpu_weight, 0);
}

Test(limitflag, cpusets)
{
	TAKE(limit_cpuset_cpus, "0-3,5,7-8");
	cr_assert_str_eq(spec.limits.cpuset_cpus, "0-3,5,7-8");
	TAKE(limit_cpuset_mems, "0");
	TAKE(limit_cpuset_cpus, "3-3");
	REFUSE(limit_cpuset_cpus, "", ",", "0,", ",0", "0,,1", "3-1", "-1", "1-", "0-3-5", "a",
		"0 1", "65536", "4294967297", "0\n", "0-15:2/4", "all");
	REFUSE(limit_cpuset_mems, "", "x");
}

Test(limitflag, pids)
{
	spec.limits.pids_default = true;
	TAKE(limit_pids, "100");
	cr_assert(spec.limits.pids == 100 && !spec.limits.pids_default);
	TAKE(limit_pids, "-1");
	cr_assert_eq(spec.limits.pids, UINT64_MAX);
	TAKE(limit_pids, "4194304");
	TAKE(limit_pids, "0");
	cr_assert_eq(spec.limits.pids, UINT64_MAX);
	REFUSE(limit_pids, "", "-2", "4194305", "max", "1.5", "+1");
}

static int resolve(const char *path, uint32_t *ret_major, uint32_t *ret_minor, struct err *e)
{
	if (strcmp(path, "/dev/sd:a"))
		return err_set(e, "no %s", path);
	*ret_major = 8;
	*ret_minor = 16;
	return 0;
}

static int io_max(struct spec *s, const char *what, const char *value, struct err *e)
{
	return limit_io_max(s, what, value, resolve, e);
}

Test(limitflag, io)
{
	TAKE(io_max, "8:16:rbps=10m,wiops=100");
	TAKE(io_max, "/dev/sd:a:wbps=1k,rbps=20m");
	TAKE(io_max, "8:0:riops=1");
	cr_assert_eq(spec.limits.io_max_count, 2);
	cr_assert(spec.limits.io_max[0].rbps == 20u << 20 && spec.limits.io_max[0].wbps == 1024);
	cr_assert(spec.limits.io_max[0].wiops == 100 && spec.limits.io_max[0].riops == 0);
	cr_assert_eq(limit_io_rate(&spec, "--x", "8:0:5m", "wbps", NULL, &err), 0);
	cr_assert_eq(spec.limits.io_max[1].wbps, 5u << 20);
	cr_assert_eq(limit_io_rate(&spec, "--x", "8:0:5m", "wiops", NULL, &err), -1);
	cr_assert_eq(limit_io_max(&spec, "--x", "/dev/sd:a:wbps=1k", NULL, &err), -1);
	REFUSE(io_max, "", ":", "8:16", "8:16:", "8:16:rbps", "8:16:rbps=", "8:16:rbps=1m,",
		"8:16:,rbps=1m", "8:16:=1", "8:16:rbps=1,rbps=2", "8:16:bps=1", "8:16:rbps=0",
		"8:16:riops=1k", "8:16:riops=-1", "8:rbps=1", "8:1048576:rbps=1", "4096:0:rbps=1",
		"8:-1:rbps=1", "x:rbps=1", "/dev/none:rbps=1", "12345678901:0:rbps=1",
		"8:16:rbps=1=2");
	cr_assert_eq(spec.limits.io_max_count, 2);
	TAKE(limit_io_weight, "100");
	REFUSE(limit_io_weight, "0", "10001", "");
}

Test(limitflag, cgroup_conf)
{
	TAKE(limit_cgroup_conf, "memory.oom.group=1");
	TAKE(limit_cgroup_conf, "hugetlb.2MB.max=0");
	TAKE(limit_cgroup_conf, "cgroup.max.depth=4");
	TAKE(limit_cgroup_conf, "memory.oom.group=0");
	cr_assert_eq(spec.limits.conf_count, 3);
	cr_assert_str_eq(spec.limits.conf[0].value, "0");
	REFUSE(limit_cgroup_conf, "", "=1", "memory.max", "memory.max=", "max=1", ".x=1",
		"../memory.max=1", "a/b.c=1", "memory.max/../x=1", "cgroup.procs=1",
		"cgroup.kill=1", "cgroup.freeze=1", "cgroup.subtree_control=+pids",
		"cgroup.type=threaded", "cgroup.threads=1", "memory.max=1\n2", "memory max.x=1",
		"memory.=\xff");
}

Test(limitflag, ulimits)
{
	TAKE(limit_ulimit, "nofile=1024:4096");
	TAKE(limit_ulimit, "core=0");
	TAKE(limit_ulimit, "memlock=-1:-1");
	TAKE(limit_ulimit, "stack=8192:unlimited");
	TAKE(limit_ulimit, "nofile=2048");
	cr_assert_eq(spec.process.rlimit_count, 4);
	cr_assert(spec.process.rlimits[0].resource == RLIMIT_NOFILE);
	cr_assert(spec.process.rlimits[0].soft == 2048 && spec.process.rlimits[0].hard == 2048);
	cr_assert(spec.process.rlimits[1].soft == CORE_NONE &&
		  spec.process.rlimits[1].hard == CORE_NONE);
	cr_assert(spec.process.rlimits[2].soft == RLIM_INFINITY);
	REFUSE(limit_ulimit, "", "nofile", "nofile=", "nofile=:", "nofile=1:", "nofile=:1",
		"nofile=2:1", "nofile=-1:5", "nofile=1:2:3", "nofile=-2", "nofile=1k", "files=1",
		"=1", "nofile=1 ", "host", "nofile=18446744073709551616");
	cr_assert_eq(spec.process.rlimit_count, 4);
}

Test(limitflag, every_rlimit_of_the_kernel_has_a_name)
{
	static const char *const names[] = {"as", "core", "cpu", "data", "fsize", "locks",
		"memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime",
		"sigpending", "stack"};
	unsigned seen = 0;

	for (size_t i = 0; i < COUNT(names); i++)
		seen |= 1u << rlimit_number(names[i]);
	cr_assert_eq(seen, (1u << RLIM_NLIMITS) - 1);
	cr_assert_eq(rlimit_number("RLIMIT_NOFILE"), RLIMIT_NOFILE);
	cr_assert_eq(rlimit_number("RLIMIT_"), -1);
	cr_assert_eq(rlimit_number(""), -1);
}

Test(limitflag, oom_score_and_umask)
{
	TAKE(limit_oom_score_adj, "-1000");
	cr_assert(spec.process.oom_score_adj == -1000 && spec.process.oom_score_adj_set);
	TAKE(limit_oom_score_adj, "1000");
	REFUSE(limit_oom_score_adj, "-1001", "1001", "", "-", "+1", "1.0", "9223372036854775808");
	TAKE(limit_umask, "0027");
	cr_assert_eq(spec.process.umask, 027);
	REFUSE(limit_umask, "", "8", "1000", "-1", "0x7", "rwx");
}
