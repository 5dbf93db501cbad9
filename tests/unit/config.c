#include "spec/config.h"

#include "base/fd.h"
#include "spec/defaults.h"

#include <criterion/criterion.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

/* A document with HEAD at the end of process and TAIL at the end of linux. */
#define DOCUMENT(process, linux_, top)                                                                     \
	"{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"rootfs\"},"                                        \
	"\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\"],\"cwd\":\"/\"" process "},"         \
	"\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"user\"},{\"type\":\"network\"}]" linux_ \
	"}" top "}"

static int read_text(const char *text, struct spec *spec, struct err *err)
{
	return config_read("c.json", text, strlen(text), CONFIG_ENGINE, spec, err);
}

static void refused(const char *text, const char *expected)
{
	struct spec spec;
	struct err err = {0};

	cr_assert_eq(read_text(text, &spec, &err), -1, "accepted: %s", text);
	cr_expect(strstr(err.text, expected), "%s\n  is not about %s\n  in %s", err.text, expected,
		text);
}

static void accepted(const char *text, struct spec *ret)
{
	struct err err = {0};

	cr_assert_eq(read_text(text, ret, &err), 0, "%s", err.text);
}

static char *write_text(const struct spec *spec)
{
	struct err err = {0};
	char *text = config_write(spec, "/root", &err);

	cr_assert_not_null(text, "%s", err.text);
	return text;
}

/* Writes, reads, writes: both texts are the same. Returns what was read. */
static void round_trip(const struct spec *spec, struct spec *ret)
{
	autofree char *first = write_text(spec);
	struct err err = {0};
	autofree char *second = NULL;

	cr_assert_eq(config_read("c", first, strlen(first), CONFIG_OURS, ret, &err), 0, "%s\n%s",
		err.text, first);
	second = write_text(ret);
	cr_assert_str_eq(first, second);
}

Test(config, minimal)
{
	struct spec s;

	accepted(DOCUMENT("", "", ""), &s);
	cr_expect_str_eq(s.root.dir, "rootfs");
	cr_expect_str_eq(s.process.user, "0:0");
	cr_expect_str_eq(s.process.argv[0], "sh");
	cr_expect_null(s.process.argv[1]);
	cr_expect_eq(s.process.argc, 1);
	cr_expect_eq(s.process.umask, 0022);
	cr_expect_str_eq(s.process.seccomp, "unconfined");
	cr_expect_eq(s.ns.fresh, CLONE_NEWPID | CLONE_NEWUSER | CLONE_NEWNET);
	cr_expect_eq(s.stop_signal, SIGTERM);
	spec_free(&s);
}

Test(config, round_trip_of_the_defaults)
{
	struct spec s, again;

	spec_init(&s);
	s.id = "0123456789abcdef";
	s.name = "web";
	s.root.dir = "/srv/root";
	s.process.argv = (char *[]){"sh", "-c", "true", NULL};
	s.process.argc = 3;
	spec_complete(&s);
	round_trip(&s, &again);
	cr_expect_str_eq(again.root.dir, "/srv/root");
	cr_expect_str_eq(again.process.user, "");
	cr_expect_null(again.process.seccomp);
	cr_expect_eq(again.limits.pids, s.limits.pids);
	cr_expect_eq(again.limits.pids_default, s.limits.pids_default);
	cr_expect_eq(again.mount_count, s.mount_count);
	for (size_t i = 0; i < s.mount_count; i++) {
		cr_expect_eq(again.mounts[i].kind, s.mounts[i].kind);
		cr_expect_eq(again.mounts[i].attr_set, s.mounts[i].attr_set);
	}
	cr_assert_eq(again.device_count, s.device_count);
	cr_expect_eq(again.device_rule_count, s.device_rule_count);
	for (size_t i = 0; i < s.device_count; i++)
		cr_expect_str_eq(again.devices[i].access, s.devices[i].access);
	cr_expect_eq(again.process.caps[CAPSET_BOUNDING], s.process.caps[CAPSET_BOUNDING]);
	cr_expect_eq(again.process.caps[CAPSET_AMBIENT], 0);
	spec_free(&again);
	spec_free(&s);
}

static const char *const strings[] = {"one", "two \"quoted\"", "", NULL};

/* Everything that a spec can hold. */
static struct spec full(void)
{
	static struct mount mounts[] = {
		{.kind = MOUNT_BIND,
			.source = "/srv",
			.target = "/srv",
			.recursive = true,
			.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME,
			.attr_rset = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME,
			.propagation = MS_SLAVE | MS_REC,
			.idmap = true,
			.make_source = true},
		{.kind = MOUNT_BIND,
			.source = "/a",
			.target = "/b",
			.attr_clear = MOUNT_ATTR_NOSUID,
			.propagation = MS_SHARED},
		{.kind = MOUNT_TMPFS,
			.target = "/tmp",
			.data = "size=64m,mode=1777",
			.copy_up = true,
			.attr_clear = MOUNT_ATTR__ATIME},
		{.kind = MOUNT_PROC, .target = "/proc", .data = "hidepid=2"},
		{.kind = MOUNT_SYSFS, .target = "/sys"},
		{.kind = MOUNT_DEV, .target = "/dev", .attr_set = MOUNT_ATTR_STRICTATIME},
		{.kind = MOUNT_DEVPTS, .target = "/dev/pts", .data = "newinstance,gid=5"},
		{.kind = MOUNT_MQUEUE, .target = "/dev/mqueue"},
		{.kind = MOUNT_CGROUP,
			.target = "/sys/fs/cgroup",
			.attr_set = MOUNT_ATTR_NOSYMFOLLOW},
	};
	static struct device devices[] = {
		{'c', 10, 229, 0666, 0, 0, "/dev/fuse", "rw"},
		{'b', 7, 0, 0660, 1, 6, "/dev/loop0", ""},
		{'c', 10, 200, 0600, 0, 0, "/dev/net/tun", "rwm"},
	};
	static struct device_rule rules[] = {{false, 'a', -1, -1, "rwm"},
		{true, 'c', 136, -1, "rw"}, {true, 'b', 8, 1, "r"}};
	static struct rlimit_spec rlimits[] = {{RLIMIT_NOFILE, 1024, RLIM_INFINITY},
		{RLIMIT_CORE, 0, 0}};
	static struct key_value pairs[] = {{"a", "b"}, {"", "empty"}, {"c", ""}};
	static struct key_value hosts[] = {{"db", "10.0.0.1"}, {"db", "fd00::1"}};
	static struct key_value sysctls[] = {{"net.ipv4.ip_forward", "1"},
		{"net.ipv4.conf.eth0/1.forwarding", "0 1"}};
	static struct key_value conf[] = {{"memory.min", "1"}, {"memory.high", "max"},
		{"cpu.weight", "7"}};
	static struct io_max io[] = {{8, 16, 0, 2, 0, 0}, {8, 0, 1, 2, 3, 4}};
	static struct id_map ids[] = {{0, 100000, 1000}, {1000, 1000, 1}};
	const char **list = (const char **)(uintptr_t)strings;
	static const char *paths[] = {"/proc/kcore", "/sys/firmware", NULL};
	static const char *layers[] = {"sha256-1", "sha256-2", NULL};
	struct spec s = {
		.name = "n",
		.id = "i",
		.hostname = "h",
		.image = "debian:12",
		.root = {.layers = layers, .layer_count = 2, .readonly = true},
		.process = {.argv = (char **)(uintptr_t)strings,
			.argc = 3,
			.env = (char **)(uintptr_t)strings,
			.envc = 2,
			.cwd = "/w",
			.user = "www:data",
			.groups = (char **)(uintptr_t)strings,
			.groupc = 1,
			.caps = {0x3fb, 3, 3, 0, 1},
			.no_new_privs = true,
			.terminal = true,
			.open_stdin = true,
			.detach_keys = "",
			.seccomp = "/etc/p.json",
			.apparmor = "ctr",
			.selinux = "u:r:t:s0",
			.rlimits = rlimits,
			.rlimit_count = 2,
			.oom_score_adj = 0,
			.oom_score_adj_set = true,
			.umask = 0077},
		.ns = {.fresh = CLONE_NEWUSER | CLONE_NEWTIME | CLONE_NEWNS,
			.boot_offset_s = -5,
			.monotonic_offset_s = 7,
			.uid_maps = ids,
			.uid_map_count = 2,
			.gid_maps = ids,
			.gid_map_count = 1},
		.mounts = mounts,
		.mount_count = sizeof(mounts) / sizeof(mounts[0]),
		.masked = paths,
		.masked_count = 2,
		.readonly_paths = paths,
		.readonly_count = 1,
		.devices = devices,
		.device_count = 3,
		.device_rules = rules,
		.device_rule_count = 3,
		.sysctls = sysctls,
		.sysctl_count = 2,
		.hosts = hosts,
		.host_count = 2,
		.dns = list,
		.dns_count = 1,
		.dns_search = list,
		.dns_search_count = 2,
		.dns_options = list,
		.dns_option_count = 3,
		.limits = {.memory = 1 << 20,
			.memory_swap = 4096,
			.memory_swap_set = true,
			.memory_low = 5,
			.memory_high = 6,
			.oom_group = true,
			.cpu_quota_us = 150000,
			.cpu_period_us = 100000,
			.cpu_weight = 101,
			.cpuset_cpus = "0-1",
			.cpuset_mems = "0",
			.pids = UINT64_MAX,
			.io_weight = 33,
			.io_max = io,
			.io_max_count = 2,
			.conf = conf,
			.conf_count = 3},
		.labels = pairs,
		.label_count = 3,
		.annotations = pairs,
		.annotation_count = 1,
		.remove = true,
		.init = true,
		.die_with_parent = true,
		.stop_signal = 37,
		.stop_timeout_ns = 0,
		.timeout_ns = UINT64_MAX,
		.log_max_bytes = 1 << 20,
		.log_rate_bytes = 3 << 10,
	};
	return s;
}

Test(config, round_trip_of_everything)
{
	struct spec s = full(), a;

	round_trip(&s, &a);
	cr_expect_str_eq(a.process.user, "www:data");
	cr_expect_str_eq(a.process.groups[0], "one");
	cr_expect_str_eq(a.process.seccomp, "/etc/p.json");
	cr_expect_eq(a.process.rlimits[0].hard, RLIM_INFINITY);
	cr_expect(a.process.oom_score_adj_set);
	cr_expect_eq(a.process.caps[CAPSET_BOUNDING], 0x3fb);
	cr_expect_eq(a.process.caps[CAPSET_AMBIENT], 1);
	cr_expect_eq(a.process.umask, 0077);
	cr_expect_null(a.root.dir);
	cr_expect_eq(a.root.layer_count, 2);
	cr_expect(a.mounts[0].make_source && a.mounts[0].idmap && a.mounts[0].recursive);
	cr_expect_eq(a.mounts[0].attr_set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME);
	cr_expect_eq(a.mounts[0].attr_rset, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOATIME);
	cr_expect_eq(a.mounts[0].propagation, MS_SLAVE | MS_REC);
	cr_expect_eq(a.mounts[1].attr_clear, MOUNT_ATTR_NOSUID);
	cr_expect_not(a.mounts[1].make_source);
	cr_expect(a.mounts[2].copy_up);
	cr_expect_str_eq(a.mounts[2].data, "size=64m,mode=1777");
	cr_expect_eq(a.mounts[5].kind, MOUNT_DEV);
	cr_expect_str_eq(a.devices[0].access, "rw");
	cr_expect_str_eq(a.devices[1].access, "");
	cr_expect_eq(a.device_rule_count, 3);
	cr_expect_eq(a.device_rules[1].minor, -1);
	cr_expect_str_eq(a.sysctls[1].key, "net.ipv4.conf.eth0/1.forwarding");
	cr_expect_eq(a.host_count, 2);
	cr_expect_str_eq(a.hosts[1].value, "fd00::1");
	cr_expect_eq(a.limits.memory_swap, 4096);
	cr_expect_eq(a.limits.cpu_weight, 7, "the file of the cgroup wins");
	cr_expect_eq(a.limits.io_weight, 33);
	cr_expect_eq(a.limits.pids, UINT64_MAX);
	cr_expect_eq(a.limits.io_max_count, 2);
	cr_expect(a.limits.oom_group);
	cr_expect_eq(a.stop_timeout_ns, 0);
	cr_expect_eq(a.stop_signal, 37);
	cr_expect_eq(a.timeout_ns, UINT64_MAX);
	cr_expect_eq(a.ns.boot_offset_s, -5);
	cr_expect_eq(a.ns.uid_maps[1].outside, 1000);
	cr_expect_eq(a.annotation_count, 1);
	cr_expect_eq(a.label_count, 3);
	spec_free(&a);
}

Test(config, swap_without_memory)
{
	struct spec s = full(), a;

	s.limits = (struct limits){.memory_swap = UINT64_MAX, .memory_swap_set = true};
	round_trip(&s, &a);
	cr_expect(a.limits.memory_swap_set);
	cr_expect_eq(a.limits.memory_swap, UINT64_MAX);
	spec_free(&a);
}

Test(config, round_trip_of_resctrl)
{
	struct spec s = full(), a;

	s.intel_rdt = (struct intel_rdt){.set = true};
	round_trip(&s, &a);
	cr_expect(a.intel_rdt.set && !a.intel_rdt.class && !a.intel_rdt.monitored);
	spec_free(&a);
	s.intel_rdt = (struct intel_rdt){.set = true,
		.class = "gold",
		.bandwidth = "MB:0=10",
		.schemata = (const char *[]){"L3:0=f", NULL},
		.schemata_count = 1,
		.monitored = true};
	round_trip(&s, &a);
	cr_expect_str_eq(a.intel_rdt.class, "gold");
	cr_expect_str_eq(a.intel_rdt.schemata[0], "L3:0=f");
	cr_expect(a.intel_rdt.monitored && !a.intel_rdt.cache);
	spec_free(&a);
}

Test(config, unsupported_members_by_place)
{
	refused(DOCUMENT("", ",\"resources\":{\"network\":{\"classID\":1}}", ""),
		"linux.resources.network.classID: is not supported: cgroup v2");
}

Test(config, wrong_types)
{
	refused("[]", "must be an object, not an array");
	refused("{}", "ociVersion: is missing");
	refused(DOCUMENT(",\"env\":\"A=1\"", "", ""),
		"process.env: must be an array, not a string");
	refused(DOCUMENT(",\"env\":[\"A=1\",2]", "", ""),
		"process.env[1]: must be a string, not an integer");
	refused(DOCUMENT(",\"terminal\":1", "", ""), "process.terminal: must be true or false");
	refused(DOCUMENT(",\"oomScoreAdj\":1.0", "", ""), "must be an integer, not a fraction");
	refused(DOCUMENT("", ",\"sysctl\":{\"net.a\":1}", ""),
		"linux.sysctl.net.a: must be a string");
	refused(DOCUMENT("", "", ",\"mounts\":[null]"), "mounts[0]: must be an object, not null");
	refused(DOCUMENT("", "", ",\"annotations\":[]"), "annotations: must be an object");
}

Test(config, broken_text)
{
	struct spec s;
	struct err err;
	const char nul[] = "{\"ociVersion\":\"1\0\"}";

	refused("", "c.json");
	refused(DOCUMENT("", "", "") "x", "c.json");
	refused(DOCUMENT(",\"cwd\":\"/\"", "", ""), "duplicate");
	refused(DOCUMENT(",\"env\":[\"A=\\u0000\"]", "", ""), "c.json");
	refused(DOCUMENT(",\"env\":[\"\xff\"]", "", ""), "c.json");
	cr_expect_eq(config_read("c", nul, sizeof(nul) - 1, CONFIG_ENGINE, &s, &err), -1);
}

Test(config, depth_is_bounded)
{
	char deep[400];

	memset(deep, '[', 200);
	memset(deep + 200, ']', 199);
	deep[399] = '\0';
	refused(deep, "deep");
	memset(deep, '[', 65);
	memset(deep + 65, ']', 65);
	deep[130] = '\0';
	refused(deep, "nested more than 64 deep");
}

Test(config, values_that_mean_nothing)
{
	refused(DOCUMENT(",\"selinuxLabel\":\"x\"", "", ""), "process.selinuxLabel");
	refused(DOCUMENT(",\"apparmorProfile\":\"a\\nb\"", "", ""), "process.apparmorProfile");
	refused(DOCUMENT("", "", ",\"mounts\":[{\"destination\":\"\",\"type\":\"proc\"}]"),
		"mounts[0].destination: \"\" must be a path");
	refused(DOCUMENT("", "", ",\"mounts\":[{\"destination\":\"/a\",\"type\":\"none\"}]"),
		"mounts[0]: is neither of a type nor a bind mount");
	refused(DOCUMENT("", "", ",\"mounts\":[{\"destination\":\"/a\",\"type\":\"bind\"}]"),
		"mounts[0].source: is missing");
	refused(DOCUMENT("", "",
			",\"mounts\":[{\"destination\":\"/a\",\"type\":\"tmpfs\",\"options\":"
			"[\"ro\",\"upperdir=/x\"]}]"),
		"mounts[0].options[1]: \"upperdir=/x\" is not supported");
	refused(DOCUMENT("", "",
			",\"mounts\":[{\"destination\":\"/a\",\"type\":\"tmpfs\",\"options\":"
			"[\"size=1,mpol=x\"]}]"),
		"mounts[0].options[0]");
	refused(DOCUMENT(",\"rlimits\":[{\"type\":\"RLIMIT_X\",\"hard\":1,\"soft\":1}]", "", ""),
		"process.rlimits[0]: \"RLIMIT_X\"");
	refused(DOCUMENT(",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"hard\":1,\"soft\":2}]", "", ""),
		"soft is more than hard");
	refused(DOCUMENT(",\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"hard\":-1,\"soft\":-1}]", "",
			""),
		"process.rlimits[0].hard: -1 must be");
	refused(DOCUMENT("", ",\"maskedPaths\":[7]", ""), "linux.maskedPaths[0]");
	refused(DOCUMENT("", ",\"sysctl\":{\"net..x\":\"1\"}", ""), "linux.sysctl");
	refused(DOCUMENT("", ",\"sysctl\":{\"../../etc/passwd\":\"1\"}", ""), "linux.sysctl");
	refused(DOCUMENT("", ",\"resources\":{\"unified\":{\"../memory.max\":\"1\"}}", ""),
		"linux.resources.unified");
	refused(DOCUMENT("", ",\"resources\":{\"memory\":{\"limit\":9,\"swap\":8}}", ""),
		"linux.resources.memory.swap: 8 is less");
	refused(DOCUMENT("", ",\"resources\":{\"memory\":{\"swap\":8}}", ""), "needs memory.limit");
	refused(DOCUMENT("", ",\"resources\":{\"devices\":[{\"allow\":true,\"access\":7}]}", ""),
		"linux.resources.devices[0].access");
	refused(DOCUMENT("", ",\"devices\":[{\"path\":\"/d\",\"type\":\"x\"}]", ""),
		"linux.devices[0]");
}

Test(config, ids)
{
	struct spec s;

	refused("{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},\"process\":{\"user\":"
		"{\"uid\":4294967295,\"gid\":0},\"args\":[\"a\"],\"cwd\":\"/\"},\"linux\":{}}",
		"process.user.uid: 4294967295 must be 0 to 4294967294");
	refused("{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},\"process\":{\"user\":"
		"{\"uid\":0,\"gid\":-1},\"args\":[\"a\"],\"cwd\":\"/\"},\"linux\":{}}",
		"process.user.gid: -1");
	refused("{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},\"process\":{\"user\":"
		"{\"uid\":0,\"gid\":0},\"args\":[],\"cwd\":\"/\"},\"linux\":{}}",
		"process.args");
	refused(DOCUMENT("",
			",\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":4294967295}]",
			""),
		"linux.uidMappings: [0] goes beyond the last id");
	refused(DOCUMENT("", ",\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":0}]", ""),
		"linux.uidMappings[0].size");
	refused(DOCUMENT("",
			",\"gidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":9},"
			"{\"containerID\":8,\"hostID\":100,\"size\":9}]",
			""),
		"linux.gidMappings: [1] overlaps [0]");
	accepted(
		"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},\"process\":{\"user\":{\"uid\":1,"
		"\"gid\":2,\"additionalGids\":[3,4]},\"args\":[\"a\"],\"cwd\":\"/\"},\"linux\":{}}",
		&s);
	cr_expect_str_eq(s.process.user, "1:2");
	cr_expect_eq(s.process.groupc, 2);
	cr_expect_str_eq(s.process.groups[1], "4");
	spec_free(&s);
}

Test(config, duplicate_namespace)
{
	refused("{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"r\"},\"process\":{\"user\":{\"uid\":0,"
		"\"gid\":0},\"args\":[\"a\"],\"cwd\":\"/\"},\"linux\":{\"namespaces\":[{\"type\":"
		"\"pid\"},{\"type\":\"pid\"}]}}",
		"linux.namespaces[1]: \"pid\" is there twice");
}

Test(config, infinity_of_the_specification)
{
	struct spec s;

	accepted(DOCUMENT(",\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":18446744073709551615,"
			  "\"soft\":1024}],\"env\":[\"N=[18446744073709551615,]\"]",
			 "", ""),
		&s);
	cr_expect_eq(s.process.rlimits[0].hard, RLIM_INFINITY);
	cr_expect_str_eq(s.process.env[0], "N=[18446744073709551615,]");
	spec_free(&s);
	refused(DOCUMENT(",\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"hard\":18446744073709551616,"
			 "\"soft\":1}]",
			"", ""),
		"c.json");
}

/* Nobody would run them. */
Test(config, what_only_engines_may_ask_for)
{
	static const char hook[] = DOCUMENT("", "",
		",\"hooks\":{\"poststop\":[{\"path\":\"/h\"}]}");
	static const char device[] = DOCUMENT("", ",\"netDevices\":{\"eth9\":{}}", "");
	struct spec spec;
	struct err err = {0};

	accepted(hook, &spec);
	spec_free(&spec);
	cr_assert_eq(config_read("c", hook, strlen(hook), CONFIG_OURS, &spec, &err), -1);
	cr_expect(strstr(err.text, "for engines only"), "%s", err.text);
	accepted(device, &spec);
	spec_free(&spec);
	cr_assert_eq(config_read("c", device, strlen(device), CONFIG_OURS, &spec, &err), -1);
	cr_expect(strstr(err.text, "for engines only"), "%s", err.text);
}

Test(config, annotations_of_an_engine_choose_nothing)
{
	const char *text = DOCUMENT("", "",
		",\"annotations\":{\"io.ctr.seccomp\":\"/x\","
		"\"io.ctr.rootfs\":\"/etc\",\"io.ctr.user\":\"root\",\"k\":\"v\"}");
	struct spec s;
	struct err err;

	accepted(text, &s);
	cr_expect_str_eq(s.process.seccomp, "unconfined");
	cr_expect_str_eq(s.root.dir, "rootfs");
	cr_expect_str_eq(s.process.user, "0:0");
	cr_expect_eq(s.annotation_count, 4);
	cr_expect_null(config_write(&s, "/r", &err));
	cr_expect(strstr(err.text, "io.ctr.seccomp"));
	spec_free(&s);
	cr_assert_eq(config_read("c", text, strlen(text), CONFIG_OURS, &s, &err), 0, "%s",
		err.text);
	cr_expect_str_eq(s.process.seccomp, "/x");
	cr_expect_str_eq(s.root.dir, "/etc");
	cr_expect_eq(s.annotation_count, 1);
	spec_free(&s);
	text = DOCUMENT("", "", ",\"annotations\":{\"io.ctr.nonsense\":\"1\"}");
	cr_expect_eq(config_read("c", text, strlen(text), CONFIG_OURS, &s, &err), -1);
	cr_expect(strstr(err.text, "annotations.io.ctr.nonsense: is not supported"), "%s",
		err.text);
	text = DOCUMENT("", "", ",\"annotations\":{\"io.ctr.init\":\"yes\"}");
	cr_expect_eq(config_read("c", text, strlen(text), CONFIG_OURS, &s, &err), -1);
}

Test(config, bytes_that_json_cannot_hold)
{
	struct spec s = full(), again;
	struct err err;
	autofree char *text = NULL;

	s.process.env = (char *[]){"A=\xff", "B=\xf4\x8f\xbe\x80", NULL};
	s.process.envc = 2;
	text = write_text(&s);
	cr_assert_eq(config_read("c", text, strlen(text), CONFIG_OURS, &again, &err), 0, "%s",
		err.text);
	cr_expect_str_eq(again.process.env[0], "A=\xff");
	cr_expect_str_eq(again.process.env[1], "B=\xf4\x8f\xbe\x80");
	spec_free(&again);
}

/* What reads is written so that it reads again. */
Test(config, cut_and_changed_documents)
{
	struct spec whole = full();
	autofree char *text = write_text(&whole);
	size_t len = strlen(text);
	struct err err;
	struct spec s;
	int read = 0;

	for (size_t i = 0; i < len; i++) {
		cr_expect_eq(config_read("c", text, i, CONFIG_OURS, &s, &err), -1);
		for (size_t k = 0; k < 4; k++) {
			char old = text[i];
			text[i] = "0-\"["[k];
			if (config_read("c", text, len, CONFIG_OURS, &s, &err) == 0) {
				struct spec again = {0};
				if (!strstr(text, "::"))
					round_trip(&s, &again);
				spec_free(&again);
				spec_free(&s);
				read++;
			}
			text[i] = old;
		}
	}
	cr_expect_gt(read, 100);
}
