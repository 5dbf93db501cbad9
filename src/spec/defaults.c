#include "spec/defaults.h"

#include "spec/capname.h"
#include "spec/deviceflag.h"
#include "spec/environment.h"

#include <linux/mount.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#define NOTHING_SPECIAL (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
#define DEFAULT_PATH    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* In the order of attaching: a mount comes after the one it lies in. */
static const struct mount mounts[] = {
	{.kind = MOUNT_PROC, .target = "/proc", .attr_set = NOTHING_SPECIAL},
	{.kind = MOUNT_DEV, .target = "/dev", .attr_set = MOUNT_ATTR_NOSUID},
	{.kind = MOUNT_DEVPTS,
		.target = "/dev/pts",
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
		/* max: so many of the 3,072 that all containers together may have (kernel.pty.max without its
		 * reserve). */
		.data = "ptmxmode=0666,mode=0620,gid=5,max=128"},
	{.kind = MOUNT_TMPFS,
		.target = "/dev/shm",
		.attr_set = NOTHING_SPECIAL,
		.data = "mode=1777,size=64m"},
	{.kind = MOUNT_MQUEUE, .target = "/dev/mqueue", .attr_set = NOTHING_SPECIAL},
	{.kind = MOUNT_SYSFS, .target = "/sys", .attr_set = NOTHING_SPECIAL | MOUNT_ATTR_RDONLY},
	{.kind = MOUNT_CGROUP,
		.target = "/sys/fs/cgroup",
		.attr_set = NOTHING_SPECIAL | MOUNT_ATTR_RDONLY},
};

/* The kernel's own state that namespaces do not separate. */
static const char *const masked[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/interrupts",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/sys/devices/virtual/powercap",
	"/sys/firmware",
};
static const char *const readonly_paths[] = {
	"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
	"/proc/pressure", /* a trigger that is written there takes memory and time of the host's */
};

static const struct device devices[] = {
	{'c', 1, 3, 0666, 0, 0, "/dev/null", "rwm"},
	{'c', 1, 5, 0666, 0, 0, "/dev/zero", "rwm"},
	{'c', 1, 7, 0666, 0, 0, "/dev/full", "rwm"},
	{'c', 1, 8, 0666, 0, 0, "/dev/random", "rwm"},
	{'c', 1, 9, 0666, 0, 0, "/dev/urandom", "rwm"},
	{'c', 5, 0, 0666, 0, 5, "/dev/tty", "rwm"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void spec_mount_add(struct spec *spec, struct mount m)
{
	arena_push(&spec->arena, spec->mounts, spec->mount_count, m);
}

void spec_mount_drop(struct spec *spec, const char *target)
{
	size_t kept = 0;

	for (size_t i = 0; i < spec->mount_count; i++)
		if (strcmp(spec->mounts[i].target, target) != 0)
			spec->mounts[kept++] = spec->mounts[i];
	spec->mount_count = kept;
}

void spec_init(struct spec *spec)
{
	*spec = (struct spec){
		.ns.fresh = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS |
			    CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWCGROUP,
		.process = {.cwd = "/", .user = "", .no_new_privs = true, .umask = 0022},
		.limits = {.pids = 4096, .pids_default = true},
		.stop_signal = SIGTERM,
		.stop_timeout_ns = 10 * 1000000000ULL,
		.log_max_bytes = 16 << 20,
		.log_rate_bytes = 1 << 20,
	};
	for (size_t i = 0; i < COUNT(mounts); i++)
		spec_mount_add(spec, mounts[i]);
	for (size_t i = 0; i < COUNT(masked); i++)
		arena_push(&spec->arena, spec->masked, spec->masked_count, masked[i]);
	for (size_t i = 0; i < COUNT(readonly_paths); i++)
		arena_push(&spec->arena, spec->readonly_paths, spec->readonly_count,
			readonly_paths[i]);
	for (size_t i = 0; i < COUNT(devices); i++)
		arena_push(&spec->arena, spec->devices, spec->device_count, devices[i]);
	device_rules_default(spec);
	spec->process.caps[CAPSET_BOUNDING] = caps_default();
	spec->process.caps[CAPSET_EFFECTIVE] = caps_default();
	spec->process.caps[CAPSET_PERMITTED] = caps_default();
	arena_push(&spec->arena, spec->process.rlimits, spec->process.rlimit_count,
		((struct rlimit_spec){RLIMIT_CORE, CORE_NONE, CORE_NONE}));
}

void spec_mask_throttles(struct spec *spec, unsigned cpus)
{
	for (unsigned i = 0; i < cpus; i++)
		arena_push(&spec->arena, spec->masked, spec->masked_count,
			arena_printf(&spec->arena, "/sys/devices/system/cpu/cpu%u/thermal_throttle",
				i));
}

static bool has_device(const struct spec *spec, const char *path)
{
	for (size_t i = 0; i < spec->device_count; i++)
		if (strcmp(spec->devices[i].path, path) == 0)
			return true;
	return false;
}

void spec_device_rules_complete(struct spec *spec)
{
	static const struct device_rule others[] = {
		{true, 'c', -1, -1, "m"}, {true, 'b', -1, -1, "m"}, {true, 'c', 5, 2, "rwm"},
		{true, 'c', 136, -1, "rwm"},
		{true, 'c', 10, 200, "rwm"}, /* /dev/net/tun, for VPNs, as with other runtimes */
	};

	for (size_t i = 0; i < COUNT(devices); i++) {
		const struct device *d = &devices[i];
		struct device_rule r = {true, d->type, d->major, d->minor, d->access};

		arena_push(&spec->arena, spec->device_rules, spec->device_rule_count, r);
	}
	for (size_t i = 0; i < COUNT(others); i++)
		arena_push(&spec->arena, spec->device_rules, spec->device_rule_count, others[i]);
}

void spec_devices_complete(struct spec *spec)
{
	for (size_t i = 0; i < COUNT(devices); i++) {
		struct device d = devices[i];

		d.access = "";
		if (!has_device(spec, d.path))
			arena_push(&spec->arena, spec->devices, spec->device_count, d);
	}
	spec_device_rules_complete(spec);
}

static void env_default(struct spec *spec, const char *key, const char *assignment)
{
	if (!env_get(spec, key))
		env_set(spec, assignment);
}

static void sysctl_default(struct spec *spec, const char *key, const char *value)
{
	for (size_t i = 0; i < spec->sysctl_count; i++)
		if (strcmp(spec->sysctls[i].key, key) == 0)
			return;
	arena_push(&spec->arena, spec->sysctls, spec->sysctl_count,
		((struct key_value){key, value}));
}

void spec_complete(struct spec *spec)
{
	if (!spec->hostname && (spec->ns.fresh & CLONE_NEWUTS))
		spec->hostname = arena_strndup(&spec->arena, spec->id, 12);
	env_default(spec, "PATH", DEFAULT_PATH);
	if (spec->hostname)
		env_default(spec, "HOSTNAME",
			arena_printf(&spec->arena, "HOSTNAME=%s", spec->hostname));
	if (spec->process.terminal)
		env_default(spec, "TERM", "TERM=xterm");
	if (spec->ns.fresh & CLONE_NEWNET) {
		/* Harmless in a network of one's own, and the reason for most uses of root. */
		sysctl_default(spec, "net.ipv4.ip_unprivileged_port_start", "0");
		sysctl_default(spec, "net.ipv4.ping_group_range",
			spec->ns.far_id_count ? "0 65534" : "0 65535");
	}
}
