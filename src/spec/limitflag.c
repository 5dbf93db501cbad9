#include "spec/limitflag.h"

#include "base/num.h"
#include "base/numlist.h"
#include "spec/name.h"

#include <string.h>
#include <strings.h>
#include <sys/resource.h>

/* A value of the kernel's cgroup files is one write of at most a page. */
enum { CGROUP_VALUE_MAX = 4095 };
enum { PERIOD_DEFAULT_US = 100000, QUOTA_MIN_US = 1000, PERIOD_MAX_US = 1000000 };

static int range_parse(const char *what, const char *s, uint64_t min, uint64_t max, uint64_t *ret,
	struct err *err)
{
	uint64_t n;

	if (num_parse_u64(s, &n) < 0 || n < min || n > max)
		return err_value(err, what, s, "is not a number from %llu to %llu",
			(unsigned long long)min, (unsigned long long)max);
	*ret = n;
	return 0;
}

int limit_memory_check(const char *what, const char *value, uint64_t bytes, struct err *err)
{
	if (!bytes || bytes >= LIMIT_MEMORY_MIN)
		return 0;
	return err_value(err, what, value, "is less than the %um that a start needs",
		LIMIT_MEMORY_MIN >> 20);
}

int limit_memory(struct spec *spec, const char *what, const char *value, struct err *err)
{
	uint64_t bytes;

	if (size_parse(what, value, &bytes, err) < 0)
		return -1;
	if (limit_memory_check(what, value, bytes, err) < 0)
		return err_hint(err,
			"a plain number counts bytes: for megabytes add m, such as 512m");
	spec->limits.memory = bytes;
	return 0;
}

int limit_memory_low(struct spec *spec, const char *what, const char *value, struct err *err)
{
	return size_parse(what, value, &spec->limits.memory_low, err);
}

int limit_memory_high(struct spec *spec, const char *what, const char *value, struct err *err)
{
	return size_parse(what, value, &spec->limits.memory_high, err);
}

int limit_memory_swap(struct spec *spec, const char *what, const char *value, struct err *err)
{
	uint64_t total = UINT64_MAX;

	if (strcmp(value, "-1") != 0 && size_parse(what, value, &total, err) < 0)
		return -1;
	spec->limits.memory_swap = total;
	spec->limits.memory_swap_set = total != 0;
	return 0;
}

int limit_cpus(struct spec *spec, const char *what, const char *value, struct err *err)
{
	return cpus_parse(what, value, &spec->limits.cpus, err);
}

int limit_cpu_period(struct spec *spec, const char *what, const char *value, struct err *err)
{
	return range_parse(what, value, QUOTA_MIN_US, PERIOD_MAX_US, &spec->limits.cpu_period_us,
		err);
}

int limit_cpu_quota(struct spec *spec, const char *what, const char *value, struct err *err)
{
	/* The kernel's own bound, max_bw_runtime_us. */
	static const uint64_t quota_max_us = ((uint64_t)1 << 44) - 1;

	if (!strcmp(value, "-1") || !strcmp(value, "0")) {
		spec->limits.cpu_quota_us = 0;
		return 0;
	}
	return range_parse(what, value, QUOTA_MIN_US, quota_max_us, &spec->limits.cpu_quota_us,
		err);
}

int limit_cpu_weight(struct spec *spec, const char *what, const char *value, struct err *err)
{
	return range_parse(what, value, 1, 10000, &spec->limits.cpu_weight, err);
}

enum { SHARES_MIN = 2, SHARES_MAX = 262144 };

static double log2_of(uint64_t n)
{
	int whole = 63 - __builtin_clzll(n);
	double x = (double)n / (double)((uint64_t)1 << whole), sum = whole, bit = 0.5;

	for (int i = 0; i < 40; i++, bit /= 2) {
		x *= x;
		if (x >= 2) {
			x /= 2;
			sum += bit;
		}
	}
	return sum;
}

static double power_of_ten(double exponent)
{
	const double ln10 = 2.302585092994046;
	double term = 1, sum = 1;

	for (int i = 1; i < 64; i++)
		sum += term *= exponent * ln10 / i;
	return sum;
}

uint64_t cpu_weight_from_shares(uint64_t shares)
{
	double l, weight;

	if (shares <= SHARES_MIN)
		return 1;
	if (shares >= SHARES_MAX)
		return 10000;
	l = log2_of(shares);
	/* libm would be one more library to load at each start. Rounded up, but for the noise of
	 * the arithmetic. */
	weight = power_of_ten((l * l + 125 * l) / 612 - 7.0 / 34);
	return (uint64_t)(weight + 1 - 1e-6);
}

int limit_cpu_shares(struct spec *spec, const char *what, const char *value, struct err *err)
{
	uint64_t shares = 0;

	if (strcmp(value, "0") != 0 &&
		range_parse(what, value, SHARES_MIN, SHARES_MAX, &shares, err) < 0)
		return -1;
	spec->limits.cpu_weight = shares ? cpu_weight_from_shares(shares) : 0;
	return 0;
}

static int cpuset_parse(struct spec *spec, const char *what, const char *value, const char **ret,
	struct err *err)
{
	if (strlen(value) > CGROUP_VALUE_MAX || !numlist_valid(value)) {
		err_value(err, what, value, "is not a list of numbers and ranges");
		return err_hint(err, "use a list such as 0-3,5");
	}
	*ret = arena_strdup(&spec->arena, value);
	return 0;
}

int limit_cpuset_cpus(struct spec *spec, const char *what, const char *value, struct err *err)
{
	return cpuset_parse(spec, what, value, &spec->limits.cpuset_cpus, err);
}

int limit_cpuset_mems(struct spec *spec, const char *what, const char *value, struct err *err)
{
	return cpuset_parse(spec, what, value, &spec->limits.cpuset_mems, err);
}

int limit_pids(struct spec *spec, const char *what, const char *value, struct err *err)
{
	enum { PID_MAX_LIMIT = 4 << 20 };
	uint64_t n = UINT64_MAX;

	if (strcmp(value, "-1") != 0 && strcmp(value, "0") != 0 &&
		range_parse(what, value, 1, PID_MAX_LIMIT, &n, err) < 0)
		return err_hint(err, "use -1 for no limit");
	spec->limits.pids = n;
	spec->limits.pids_default = false;
	return 0;
}

int limit_io_weight(struct spec *spec, const char *what, const char *value, struct err *err)
{
	return range_parse(what, value, 1, 10000, &spec->limits.io_weight, err);
}

static int major_minor_parse(const char *s, uint32_t *ret_major, uint32_t *ret_minor)
{
	enum { MAJOR_MAX = 4095, MINOR_MAX = (1 << 20) - 1 };
	char major[8];
	size_t len = strcspn(s, ":");
	uint32_t a, b;

	if (len >= sizeof(major) || !s[len])
		return -1;
	memcpy(major, s, len);
	major[len] = '\0';
	if (num_parse_u32(major, &a) < 0 || num_parse_u32(s + len + 1, &b) < 0 || a > MAJOR_MAX ||
		b > MINOR_MAX)
		return -1;
	*ret_major = a;
	*ret_minor = b;
	return 0;
}

/* The device before the last ':' of value; what follows is *ret_rest. */
static int io_device_parse(struct spec *spec, const char *what, const char *value,
	device_resolve_fn *resolve, struct io_max *ret, const char **ret_rest, struct err *err)
{
	const char *colon = strrchr(value, ':');
	char *device;

	if (!colon || colon == value || !colon[1]) {
		err_value(err, what, value, "is not a device with a rate");
		return err_hint(err, "use DEVICE:RATE, such as /dev/sda:10m");
	}
	device = arena_strndup(&spec->arena, value, (size_t)(colon - value));
	if (*device == '/' && resolve) {
		if (resolve(device, &ret->major, &ret->minor, err) < 0)
			return err_wrap(err, "%s", what);
	} else if (major_minor_parse(device, &ret->major, &ret->minor) < 0) {
		return err_value(err, what, device, "is not a block device as path or MAJOR:MINOR");
	}
	*ret_rest = colon + 1;
	return 0;
}

static uint64_t *io_field(struct io_max *m, const char *key, size_t len)
{
	if (len == 4 && !memcmp(key, "rbps", 4))
		return &m->rbps;
	if (len == 4 && !memcmp(key, "wbps", 4))
		return &m->wbps;
	if (len == 5 && !memcmp(key, "riops", 5))
		return &m->riops;
	if (len == 5 && !memcmp(key, "wiops", 5))
		return &m->wiops;
	return NULL;
}

static int io_rate_parse(const char *what, const char *key, size_t key_len, const char *rate,
	struct io_max *m, struct err *err)
{
	uint64_t *field = io_field(m, key, key_len);
	bool bytes = field && key_len == 4;

	if (!field)
		return err_set(err,
			"%s: no rate is called '%.*s'; there are rbps, wbps, riops, wiops", what,
			(int)(key_len > 60 ? 60 : key_len), key);
	if (*field)
		return err_set(err, "%s: %.*s is given twice", what, (int)key_len, key);
	if (strcmp(rate, "max") == 0) {
		*field = UINT64_MAX;
		return 0;
	}
	if (bytes && size_parse(what, rate, field, err) < 0)
		return -1;
	if (!bytes && num_parse_u64(rate, field) < 0)
		return err_value(err, what, rate, "is not a number of operations");
	return *field ? 0
		      : err_value(err, what, rate,
				"would stop the device: leave it out for no limit");
}

/* What is set in m replaces what an earlier flag said of the same device. */
static void io_max_put(struct spec *spec, struct io_max m)
{
	struct limits *l = &spec->limits;

	for (size_t i = 0; i < l->io_max_count; i++) {
		struct io_max *old = &l->io_max[i];

		if (old->major != m.major || old->minor != m.minor)
			continue;
		old->rbps = m.rbps ? m.rbps : old->rbps;
		old->wbps = m.wbps ? m.wbps : old->wbps;
		old->riops = m.riops ? m.riops : old->riops;
		old->wiops = m.wiops ? m.wiops : old->wiops;
		return;
	}
	arena_push(&spec->arena, l->io_max, l->io_max_count, m);
}

int limit_io_max(struct spec *spec, const char *what, const char *value, device_resolve_fn *resolve,
	struct err *err)
{
	struct io_max m = {0};
	const char *p;

	if (io_device_parse(spec, what, value, resolve, &m, &p, err) < 0)
		return -1;
	for (;; p++) {
		size_t len = strcspn(p, ","), key = strcspn(p, "=,");

		if (!key || key == len)
			return err_value(err, what, p, "is not of the form RATE=NUMBER");
		if (io_rate_parse(what, p, key,
			    arena_strndup(&spec->arena, p + key + 1, len - key - 1), &m, err) < 0)
			return -1;
		p += len;
		if (!*p)
			break;
	}
	io_max_put(spec, m);
	return 0;
}

int limit_io_rate(struct spec *spec, const char *what, const char *value, const char *key,
	device_resolve_fn *resolve, struct err *err)
{
	struct io_max m = {0};
	const char *rate;

	if (io_device_parse(spec, what, value, resolve, &m, &rate, err) < 0 ||
		io_rate_parse(what, key, strlen(key), rate, &m, err) < 0)
		return -1;
	io_max_put(spec, m);
	return 0;
}

/* CONTROLLER.FILE; of the cgroup's own files only those that limit. */
static bool conf_key_allowed(const char *key)
{
	size_t dot = strcspn(key, ".");

	if (!dot || !key[dot] || strlen(key) > 128)
		return false;
	if (key[strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")])
		return false;
	return strncmp(key, "cgroup.", 7) || !strcmp(key, "cgroup.max.depth") ||
	       !strcmp(key, "cgroup.max.descendants") || !strcmp(key, "cgroup.pressure");
}

int limit_cgroup_conf(struct spec *spec, const char *what, const char *value, struct err *err)
{
	struct key_value kv;

	if (key_value_parse(&spec->arena, what, value, &kv, err) < 0)
		return -1;
	if (!conf_key_allowed(kv.key)) {
		err_value(err, what, kv.key, "is not a file of limits in a cgroup");
		return err_hint(err, "use CONTROLLER.FILE=VALUE, such as memory.oom.group=1");
	}
	if (!kv.value[0] || strlen(kv.value) > CGROUP_VALUE_MAX || strchr(kv.value, '\n'))
		return err_value(err, what, value, "needs one line of value after the '='");
	key_value_put(&spec->arena, &spec->limits.conf, &spec->limits.conf_count, kv);
	return 0;
}

static const struct {
	const char *name;
	int resource;
} rlimits[] = {
	{"as", RLIMIT_AS},
	{"core", RLIMIT_CORE},
	{"cpu", RLIMIT_CPU},
	{"data", RLIMIT_DATA},
	{"fsize", RLIMIT_FSIZE},
	{"locks", RLIMIT_LOCKS},
	{"memlock", RLIMIT_MEMLOCK},
	{"msgqueue", RLIMIT_MSGQUEUE},
	{"nice", RLIMIT_NICE},
	{"nofile", RLIMIT_NOFILE},
	{"nproc", RLIMIT_NPROC},
	{"rss", RLIMIT_RSS},
	{"rtprio", RLIMIT_RTPRIO},
	{"rttime", RLIMIT_RTTIME},
	{"sigpending", RLIMIT_SIGPENDING},
	{"stack", RLIMIT_STACK},
};

int rlimit_number(const char *name)
{
	if (!strncasecmp(name, "RLIMIT_", 7))
		name += 7;
	for (size_t i = 0; i < sizeof(rlimits) / sizeof(rlimits[0]); i++)
		if (!strcasecmp(name, rlimits[i].name))
			return rlimits[i].resource;
	return -1;
}

static int rlimit_value(const char *s, uint64_t *ret)
{
	if (strcmp(s, "-1") != 0 && strcasecmp(s, "unlimited") != 0)
		return num_parse_u64(s, ret);
	*ret = RLIM_INFINITY;
	return 0;
}

static void rlimit_put(struct spec *spec, struct rlimit_spec r)
{
	struct process_spec *p = &spec->process;

	for (size_t i = 0; i < p->rlimit_count; i++)
		if (p->rlimits[i].resource == r.resource) {
			p->rlimits[i] = r;
			return;
		}
	arena_push(&spec->arena, p->rlimits, p->rlimit_count, r);
}

int limit_ulimit(struct spec *spec, const char *what, const char *value, struct err *err)
{
	struct rlimit_spec r;
	struct key_value kv;
	char *soft, *colon;

	if (key_value_parse(&spec->arena, what, value, &kv, err) < 0)
		return err_hint(err, "use NAME=SOFT or NAME=SOFT:HARD, such as nofile=1024:4096");
	r.resource = rlimit_number(kv.key);
	if (r.resource < 0) {
		err_value(err, what, kv.key, "is not a resource limit");
		return err_hint(err,
			"use a name of getrlimit(2) in lower case, such as nofile or nproc");
	}
	soft = arena_strdup(&spec->arena, kv.value);
	colon = strchr(soft, ':');
	if (colon)
		*colon = '\0';
	if (rlimit_value(soft, &r.soft) < 0 || rlimit_value(colon ? colon + 1 : soft, &r.hard) < 0)
		return err_value(err, what, value, "needs numbers, -1 or unlimited after the '='");
	if (r.soft > r.hard)
		return err_value(err, what, value, "has a soft limit above the hard one");
	if (r.resource == RLIMIT_CORE && r.soft < CORE_NONE) {
		r.soft = CORE_NONE;
		r.hard = r.hard < CORE_NONE ? CORE_NONE : r.hard;
	}
	rlimit_put(spec, r);
	return 0;
}

int limit_oom_score_adj(struct spec *spec, const char *what, const char *value, struct err *err)
{
	int64_t n;

	if (num_parse_i64(value, &n) < 0 || n < -1000 || n > 1000)
		return err_value(err, what, value, "is not a number from -1000 to 1000");
	spec->process.oom_score_adj = (int)n;
	spec->process.oom_score_adj_set = true;
	return 0;
}

int limit_umask(struct spec *spec, const char *what, const char *value, struct err *err)
{
	uint32_t mask;

	if (num_parse_octal(value, 0777, &mask) < 0)
		return err_value(err, what, value, "is not an octal number up to 0777");
	spec->process.umask = mask;
	return 0;
}

static int memory_check(struct limits *l, struct err *err)
{
	if (l->memory && l->memory_low > l->memory)
		return err_set(err, "--memory-low: more than --memory would never be reached");
	if (l->memory && l->memory_high > l->memory)
		return err_set(err, "--memory-high: more than --memory would never be reached");
	if (!l->memory_swap_set) {
		l->memory_swap_set = l->memory_swap_default = l->memory != 0;
		l->memory_swap = l->memory;
		return 0;
	}
	if (l->memory_swap == UINT64_MAX)
		return 0;
	if (!l->memory)
		return err_set(err,
			"--memory-swap counts memory and swap together and needs --memory");
	if (l->memory_swap < l->memory) {
		err_set(err, "--memory-swap is less than --memory");
		return err_hint(err,
			"it counts memory and swap together; equal to --memory means no swap");
	}
	l->memory_swap -= l->memory;
	return 0;
}

static int cpu_check(struct limits *l, struct err *err)
{
	if (l->cpus && (l->cpu_quota_us || l->cpu_period_us))
		return err_set(err,
			"--cpus says the same as --cpu-quota and --cpu-period: give only one");
	if (l->cpus) {
		l->cpu_period_us = PERIOD_DEFAULT_US;
		l->cpu_quota_us = l->cpus / (1000000 / PERIOD_DEFAULT_US);
		l->cpus = 0;
	}
	if (l->cpu_quota_us && !l->cpu_period_us)
		l->cpu_period_us = PERIOD_DEFAULT_US;
	return 0;
}

/* "max", which is to overrule what was said before. */
static void io_check(struct limits *l)
{
	for (size_t i = 0; i < l->io_max_count; i++) {
		struct io_max *m = &l->io_max[i];
		uint64_t *const rates[] = {&m->rbps, &m->wbps, &m->riops, &m->wiops};

		for (size_t k = 0; k < 4; k++)
			if (*rates[k] == UINT64_MAX)
				*rates[k] = 0;
	}
}

int limits_check(struct limits *limits, struct err *err)
{
	io_check(limits);
	return memory_check(limits, err) < 0 || cpu_check(limits, err) < 0 ? -1 : 0;
}
