#include "cli/runflags.h"

#include "base/fd.h"
#include "base/num.h"
#include "cli/devicedir.h"
#include "cli/hostflag.h"
#include "cli/securityflag.h"
#include "console/console.h"
#include "console/logfile.h"
#include "spec/defaults.h"
#include "spec/deviceflag.h"
#include "spec/limitflag.h"
#include "spec/mountflag.h"
#include "spec/name.h"
#include "spec/restart.h"
#include "spec/sysctlname.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Flags whose value goes into the spec as it is parsed. */
#define SPEC_FLAG(f)                                                                               \
	static int set_##f(void *to, const char *what, const char *value, struct err *err)         \
	{                                                                                          \
		return f(&((struct run_options *)to)->spec, what, value, err);                     \
	}
SPEC_FLAG(limit_memory)
SPEC_FLAG(limit_memory_low)
SPEC_FLAG(limit_memory_high)
SPEC_FLAG(limit_memory_swap)
SPEC_FLAG(limit_cpus)
SPEC_FLAG(limit_cpu_period)
SPEC_FLAG(limit_cpu_quota)
SPEC_FLAG(limit_cpu_weight)
SPEC_FLAG(limit_cpu_shares)
SPEC_FLAG(limit_cpuset_cpus)
SPEC_FLAG(limit_cpuset_mems)
SPEC_FLAG(limit_pids)
SPEC_FLAG(limit_io_weight)
SPEC_FLAG(limit_cgroup_conf)
SPEC_FLAG(limit_ulimit)
SPEC_FLAG(limit_oom_score_adj)
SPEC_FLAG(limit_umask)
SPEC_FLAG(sysctl_flag)
SPEC_FLAG(label_flag)
SPEC_FLAG(annotation_flag)

/* Of networks: some wait for others. */
#define NETWORK_FLAG(name)                                                                         \
	static int set_##name(void *to, const char *what, const char *value, struct err *err)      \
	{                                                                                          \
		struct run_options *o = to;                                                        \
                                                                                                   \
		return networkflag_##name(&o->spec, &o->network, what, value, err);                \
	}
NETWORK_FLAG(net)
NETWORK_FLAG(publish)
NETWORK_FLAG(expose)
NETWORK_FLAG(ip)
NETWORK_FLAG(ip6)
NETWORK_FLAG(mac)
NETWORK_FLAG(mtu)
NETWORK_FLAG(alias)
NETWORK_FLAG(add_host)

static int set_restart(void *to, const char *what, const char *value, struct err *err)
{
	struct restart_policy policy;

	if (restart_parse(what, value, &policy, err) < 0)
		return -1;
	((struct run_options *)to)->spec.restart = policy.kind == RESTART_NO ? NULL : value;
	return 0;
}

static int set_health_cmd(void *to, const char *what, const char *value, struct err *err)
{
	struct health_spec *h = &((struct run_options *)to)->spec.health;
	struct arena *a = &((struct run_options *)to)->spec.arena;
	bool none = strcmp(value, "none") == 0;

	if (!*value)
		return err_set(err, "%s: no command is given", what);
	h->test = NULL;
	h->test_count = 0;
	arena_push(a, h->test, h->test_count, (char *)(none ? "NONE" : "CMD-SHELL"));
	if (!none)
		arena_push(a, h->test, h->test_count, (char *)value);
	return 0;
}

static int set_no_healthcheck(void *to, const char *what, const char *value, struct err *err)
{
	bool on;

	if (flag_bool(&on, what, value, err) < 0)
		return -1;
	return on ? set_health_cmd(to, what, "none", err) : 0;
}

static int set_health_time(void *to, const char *what, const char *value, struct err *err)
{
	uint64_t *ns = to;

	if (duration_parse(what, value, ns, err) < 0)
		return -1;
	return *ns && *ns < HEALTH_LEAST_NS ? err_value(err, what, value, "is less than 1ms") : 0;
}
#define HEALTH_TIME(name) set_health_time, FLAG_OF(run_options, spec.health.name##_ns, uint64_t)

static int set_health_retries(void *to, const char *what, const char *value, struct err *err)
{
	uint32_t n;

	if (num_parse_u32(value, &n) < 0 || n == 0)
		return err_value(err, what, value, "is not a number from 1 on");
	((struct run_options *)to)->spec.health.retries = n;
	return 0;
}

static int set_name(void *to, const char *what, const char *value, struct err *err)
{
	(void)what;
	((struct run_options *)to)->name = value;
	return name_check(value, err);
}

/* Kept as an absolute path: it is looked up again by whoever reads config.json. */
static int set_rootfs(void *to, const char *what, const char *value, struct err *err)
{
	struct run_options *o = to;
	char path[PATH_MAX];
	struct stat st;

	if (!realpath(value, path))
		return err_sys(err, "%s %s", what, value);
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return err_set(err, "%s %s: not a directory", what, value);
	o->rootfs = arena_strdup(&o->spec.arena, path);
	return 0;
}

static int set_volume(void *to, const char *what, const char *value, struct err *err)
{
	char cwd[PATH_MAX];

	if (!getcwd(cwd, sizeof(cwd)))
		return err_sys(err, "%s: cannot tell the working directory", what);
	return mountflag_volume(&((struct run_options *)to)->spec, what, value, cwd, err);
}

static int set_mount(void *to, const char *what, const char *value, struct err *err)
{
	char cwd[PATH_MAX];

	if (!getcwd(cwd, sizeof(cwd)))
		return err_sys(err, "%s: cannot tell the working directory", what);
	return mountflag_mount(&((struct run_options *)to)->spec, what, value, cwd, err);
}
SPEC_FLAG(mountflag_tmpfs)
SPEC_FLAG(mountflag_shm)

static int set_device(void *to, const char *what, const char *value, struct err *err)
{
	struct run_options *o = to;
	const char *source;
	autofd int fd = -1;
	struct device d;
	struct stat st;

	if (device_parse(&o->spec.arena, what, value, &source, &d, err) < 0)
		return -1;
	if (stat(source, &st) < 0)
		return err_sys(err, "%s %s", what, source);
	if (S_ISDIR(st.st_mode)) {
		fd = open(source, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return err_sys(err, "%s %s", what, source);
		return devicedir_add(&o->spec, fd, source, &d, err) < 0 ? err_wrap(err, "%s", what)
									: 0;
	}
	if (device_fill(&d, source, &st, err) < 0)
		return err_wrap(err, "%s", what);
	device_add(&o->spec, &d);
	return 0;
}

int resolve_disk(const char *path, uint32_t *ret_major, uint32_t *ret_minor, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(err, "%s", path);
	if (!S_ISBLK(st.st_mode))
		return err_set(err, "%s is not a block device", path);
	*ret_major = major(st.st_rdev);
	*ret_minor = minor(st.st_rdev);
	return 0;
}

static int set_io_max(void *to, const char *what, const char *value, struct err *err)
{
	return limit_io_max(&((struct run_options *)to)->spec, what, value, resolve_disk, err);
}

/* docker's, a flag for each rate. */
#define RATE_FLAG(name)                                                                            \
	static int set_##name(void *to, const char *what, const char *value, struct err *err)      \
	{                                                                                          \
		return limit_io_rate(&((struct run_options *)to)->spec, what, value, #name,        \
			resolve_disk, err);                                                        \
	}
RATE_FLAG(rbps)
RATE_FLAG(wbps)
RATE_FLAG(riops)
RATE_FLAG(wiops)

static int set_label_file(void *to, const char *what, const char *value, struct err *err)
{
	struct run_options *o = to;

	(void)what, (void)err;
	arena_push(&o->spec.arena, o->label_files, o->label_file_count, value);
	return 0;
}

/* Nothing is pulled: what is asked for has to be what is done. */
static int set_pull(void *to, const char *what, const char *value, struct err *err)
{
	(void)to;
	if (strcmp(value, "missing") == 0 || strcmp(value, "never") == 0)
		return 0;
	err_value(err, what, value, "is neither missing nor never");
	return err_hint(err, "nothing is pulled; ctr image import FILE NAME takes a newer image");
}

static int set_env(void *to, const char *what, const char *value, struct err *err)
{
	struct run_options *o = to;

	(void)what, (void)err;
	arena_push(&o->spec.arena, o->environment.words, o->environment.count, value);
	return 0;
}

static int set_env_file(void *to, const char *what, const char *value, struct err *err)
{
	struct run_options *o = to;

	(void)what, (void)err;
	arena_push(&o->spec.arena, o->environment.files, o->environment.file_count, value);
	return 0;
}

/* Namespaces: each can be the host's own. */
static int refuse_namespace(uint64_t flag, const char *what, const char *value, const char *own,
	struct err *err)
{
	err_set(err, "%s: '%.60s' is neither %s nor host", what, value, own);
	if (strncmp(value, "container:", 10) == 0)
		return err_hint(err,
			"each container has its own; ctr exec runs a command in another");
	if (flag == CLONE_NEWUSER)
		return err_hint(err,
			"ids are mapped without it: a volume shows the owners that it has");
	return -1;
}

static int set_namespace(struct run_options *o, uint64_t flag, const char *what, const char *value,
	const char *own, struct err *err)
{
	if (strcmp(value, "host") == 0)
		o->spec.ns.fresh &= ~flag;
	else if (strcmp(value, own) == 0)
		o->spec.ns.fresh |= flag;
	else
		return refuse_namespace(flag, what, value, own, err);
	return 0;
}

#define NAMESPACE_FLAG(name, flag, own)                                                            \
	static int set_##name(void *to, const char *what, const char *value, struct err *err)      \
	{                                                                                          \
		return set_namespace(to, flag, what, value, own, err);                             \
	}
NAMESPACE_FLAG(pid, CLONE_NEWPID, "private")
NAMESPACE_FLAG(ipc, CLONE_NEWIPC, "private")
NAMESPACE_FLAG(uts, CLONE_NEWUTS, "private")
NAMESPACE_FLAG(userns, CLONE_NEWUSER, "private")
NAMESPACE_FLAG(cgroupns, CLONE_NEWCGROUP, "private")
NAMESPACE_FLAG(timens, CLONE_NEWTIME, "private")

static int set_cgroup_manager(void *to, const char *what, const char *value, struct err *err)
{
	struct run_options *o = to;

	if (strcmp(value, "cgroupfs") != 0 && strcmp(value, "systemd") != 0)
		return err_value(err, what, value, "is neither cgroupfs nor systemd");
	o->spec.systemd_cgroup = *value == 's';
	return 0;
}

static int set_stop_timeout(void *to, const char *what, const char *value, struct err *err)
{
	return patience_parse(what, value, &((struct run_options *)to)->spec.stop_timeout_ns, err);
}

static int set_log_max(void *to, const char *what, const char *value, struct err *err)
{
	uint64_t bytes;

	if (size_parse(what, value, &bytes, err) < 0)
		return -1;
	if (bytes < LOG_MAX_LEAST)
		return err_value(err, what, value, "is less than %d bytes", LOG_MAX_LEAST);
	((struct run_options *)to)->spec.log_max_bytes = bytes;
	return 0;
}

static int set_log_rate(void *to, const char *what, const char *value, struct err *err)
{
	return size_parse(what, value, &((struct run_options *)to)->spec.log_rate_bytes, err);
}

static int set_group_add(void *to, const char *what, const char *value, struct err *err)
{
	struct run_options *o = to;

	(void)what, (void)err;
	arena_push(&o->spec.arena, o->spec.process.groups, o->spec.process.groupc, (char *)value);
	return 0;
}

const struct flag run_flags[] = {
	{"add-host", 0, "NAME:ADDRESS", "a line of /etc/hosts; host-gateway: the host",
		set_add_host},
	{"annotation", 0, "KEY=VALUE", "metadata in config.json", set_annotation_flag},
	{"cap-add", 0, "CAP", "give a capability (or ALL)", caps_flag,
		FLAG_OF(run_options, cap_add, uint64_t)},
	{"cap-drop", 0, "CAP", "take a capability (or ALL)", caps_flag,
		FLAG_OF(run_options, cap_drop, uint64_t)},
	{"cgroup-conf", 0, "KEY=VALUE", "any file of the container's cgroup",
		set_limit_cgroup_conf},
	{"cgroup-manager", 0, "cgroupfs|systemd", "who makes the container's cgroup",
		set_cgroup_manager},
	{"cgroup-parent", 0, "PATH|SLICE", "the cgroup, or systemd's slice, above it",
		FLAG_TEXT(run_options, cgroup_parent)},
	{"cgroupns", 0, "private|host", "paths of cgroups", set_cgroupns},
	{"cidfile", 0, "FILE", "write the id to a new file", FLAG_TEXT(run_options, cidfile)},
	{"cpu-period", 0, "MICROSECONDS", "length of a period of --cpu-quota",
		set_limit_cpu_period},
	{"cpu-quota", 0, "MICROSECONDS", "time of all CPUs in each period", set_limit_cpu_quota},
	{"cpu-shares", 'c', "N", "as --cpu-weight, on docker's scale (1024 is usual)",
		set_limit_cpu_shares},
	{"cpu-weight", 0, "N", "share of busy CPUs, 1 to 10000 (100 is usual)",
		set_limit_cpu_weight},
	{"cpus", 0, "N", "at most so many CPUs (1.5 …)", set_limit_cpus},
	{"cpuset-cpus", 0, "LIST", "only these CPUs (0-3,5)", set_limit_cpuset_cpus},
	{"cpuset-mems", 0, "LIST", "only these memory nodes", set_limit_cpuset_mems},
	{"detach", 'd', NULL, "in the background, print the id (not of create)",
		FLAG_BOOL(run_options, detach)},
	{"detach-keys", 0, "KEYS", "leave a terminal with these (ctrl-p,ctrl-q)", flag_keys,
		offsetof(struct run_options, spec.process.detach_keys)},
	{"device", 0, "SRC[:DST[:rwm]]", "give a device of the host, or a directory of them",
		set_device},
	{"die-with-parent", 0, NULL, "end when the process that started ctr ends",
		FLAG_BOOL(run_options, spec.die_with_parent)},
	{"device-read-bps", 0, "DEV:RATE", "as --io-max DEV:rbps=RATE", set_rbps},
	{"device-read-iops", 0, "DEV:RATE", "as --io-max DEV:riops=RATE", set_riops},
	{"device-write-bps", 0, "DEV:RATE", "as --io-max DEV:wbps=RATE", set_wbps},
	{"device-write-iops", 0, "DEV:RATE", "as --io-max DEV:wiops=RATE", set_wiops},
	{"dns", 0, "ADDRESS", "a name server", dns_flag},
	{"dns-option", 0, "OPTION", "an option of resolv.conf", dns_option_flag},
	{"dns-opt", 0, "OPTION", "the same", dns_option_flag},
	{"dns-search", 0, "DOMAIN", "a search domain; \".\": none", dns_search_flag},
	{"dry-run", 0, NULL, "print what would be done, and stop", FLAG_BOOL(run_options, dry_run)},
	{"entrypoint", 0, "COMMAND", "in place of the image's", FLAG_TEXT(run_options, entrypoint)},
	{"env", 'e', "KEY[=VALUE]", "set, or pass on, a variable", set_env},
	{"env-file", 0, "FILE", "variables, one to a line", set_env_file},
	{"env-host", 0, NULL, "pass on all variables, below those of the image",
		FLAG_BOOL(run_options, env_host)},
	{"expose", 0, "PORT[/PROTO]", "what --publish-all publishes, too", set_expose},
	{"group-add", 0, "GROUP", "one more group for the user", set_group_add},
	{"health-cmd", 0, "COMMAND", "ask it, through its shell, how it is; none: do not",
		set_health_cmd},
	{"health-interval", 0, "TIME", "how often (30s)", HEALTH_TIME(interval)},
	{"health-retries", 0, "N", "unhealthy after so many failures in a row (3)",
		set_health_retries},
	{"health-start-interval", 0, "TIME", "how often in the start period (5s)",
		HEALTH_TIME(start_interval)},
	{"health-start-period", 0, "TIME", "in which a failure does not count (0s)",
		HEALTH_TIME(start_period)},
	{"health-timeout", 0, "TIME", "what takes longer has failed (30s)", HEALTH_TIME(timeout)},
	{"hostname", 'h', "NAME", "(the beginning of the id)", hostname_flag},
	{"init", 0, NULL, "a small PID 1 that reaps and passes signals on",
		FLAG_BOOL(run_options, spec.init)},
	{"interactive", 'i', NULL, "keep standard input open",
		FLAG_BOOL(run_options, spec.process.open_stdin)},
	{"io-max", 0, "DEV:KEY=N…", "rbps, wbps, riops, wiops of a disk", set_io_max},
	{"io-weight", 0, "N", "share of busy disks, 1 to 10000", set_limit_io_weight},
	{"ip", 0, "ADDRESS[,…]", "its addresses in the first network", set_ip},
	{"ip6", 0, "ADDRESS[,…]", "the same of IPv6", set_ip6},
	{"ipc", 0, "private|host", "System V IPC and message queues", set_ipc},
	{"label", 'l', "KEY=VALUE", "metadata to find it by", set_label_flag},
	{"label-file", 0, "FILE", "labels, one to a line", set_label_file},
	{"log-max-size", 0, "SIZE", "when the log is rotated (16m)", set_log_max},
	{"log-rate", 0, "SIZE", "what the log takes each second (1m); 0: all", set_log_rate},
	{"mac", 0, "MAC", "its link-layer address in the first network", set_mac},
	{"mac-address", 0, "MAC", "the same", set_mac},
	{"memory", 'm', "SIZE", "at most so much memory (512m, 2g)", set_limit_memory},
	{"memory-high", 0, "SIZE", "slow down above", set_limit_memory_high},
	{"memory-reservation", 0, "SIZE", "keep so much when the host is short",
		set_limit_memory_low},
	{"memory-swap", 0, "SIZE", "memory and swap together, -1: any", set_limit_memory_swap},
	{"mount", 0, "type=T,…", "bind or tmpfs, spelled out", set_mount},
	{"mtu", 0, "BYTES", "the largest packet", set_mtu},
	{"name", 0, "NAME", "(made up)", set_name},
	{"net", 0, "NETWORK", "none, host, nat, container:NAME, ns:PATH, or a network (none)",
		set_net},
	{"net-alias", 0, "NAME", "as --network-alias", set_alias},
	{"network", 0, "NETWORK", "as --net", set_net},
	{"network-alias", 0, "NAME", "one more name in its networks", set_alias},
	{"no-healthcheck", 0, NULL, "not what the image says, either", set_no_healthcheck},
	{"oom-group", 0, NULL, "out of memory ends the whole container",
		FLAG_BOOL(run_options, spec.limits.oom_group)},
	{"oom-score-adj", 0, "N", "-1000 to 1000", set_limit_oom_score_adj},
	{"pid", 0, "private|host", "process ids", set_pid},
	{"pids", 0, "N", "at most so many processes (4096), -1: any", set_limit_pids},
	{"pids-limit", 0, "N", "the same", set_limit_pids},
	{"platform", 0, "OS/ARCH", "refuse an image for another one",
		FLAG_TEXT(run_options, platform)},
	{"publish", 'p', "[[IP:]HOST:]PORT[/PROTO]", "lead a port of the host into it",
		set_publish},
	{"publish-all", 'P', NULL, "each that the image exposes, to a port that is free",
		FLAG_BOOL(run_options, network.publish_all)},
	{"pull", 0, "missing|never", "nothing is pulled: the same", set_pull},
	{"read-only", 0, NULL, "the root cannot be written",
		FLAG_BOOL(run_options, spec.root.readonly)},
	{"replace", 0, NULL, "remove the container that has the name first",
		FLAG_BOOL(run_options, replace)},
	{"restart", 0, "POLICY", "no, on-failure[:N], always or unless-stopped (no)", set_restart},
	{"rm", 0, NULL, "remove the container when it ends", FLAG_BOOL(run_options, spec.remove)},
	{"rootfs", 0, "DIR", "a throw-away copy of a directory as root, / included", set_rootfs},
	{"security-opt", 0, "OPTION", "seccomp=FILE, apparmor=PROFILE, …: what confines it",
		security_flag},
	{"shm-size", 0, "SIZE", "of /dev/shm (64m)", set_mountflag_shm},
	{"stop-signal", 0, "SIGNAL", "what ctr stop sends (TERM)",
		FLAG_TEXT(run_options, stop_signal)},
	{"stop-timeout", 0, "SECONDS", "how long ctr stop waits (10; -1: for ever)",
		set_stop_timeout},
	{"sysctl", 0, "KEY=VALUE", "a kernel parameter of its own namespaces", set_sysctl_flag},
	{"timens", 0, "host|private", "clocks (the host's)", set_timens},
	{"timeout", 0, "TIME", "kill it after so long (90s, 5m); status 124", flag_duration,
		FLAG_OF(run_options, spec.timeout_ns, uint64_t)},
	{"tmpfs", 0, "DIR[:OPTIONS]", "an empty directory in memory", set_mountflag_tmpfs},
	{"tty", 't', NULL, "give it a terminal", FLAG_BOOL(run_options, spec.process.terminal)},
	{"ulimit", 0, "NAME=SOFT[:HARD]", "a resource limit of its processes", set_limit_ulimit},
	{"umask", 0, "OCTAL", "(0022)", set_limit_umask},
	{"user", 'u', "USER[:GROUP]", "by name or number, in the container", user_set,
		offsetof(struct run_options, user)},
	{"userns", 0, "private|host", "ids of its own, or the host's", set_userns},
	{"uts", 0, "private|host", "hostname", set_uts},
	{"volume", 'v', "SRC:DST[:OPTIONS]", "show a file or directory of the host", set_volume},
	{"volatile", 0, NULL, "never sync what it writes: faster, lost with the machine",
		FLAG_BOOL(run_options, spec.root.never_synced)},
	{"workdir", 'w', "DIR", "where the command starts", flag_absolute,
		FLAG_OF(run_options, workdir, const char *)},
	{0},
};

void run_options_init(void *options)
{
	spec_init(&((struct run_options *)options)->spec);
}
