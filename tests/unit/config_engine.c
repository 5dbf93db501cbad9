/* config.json as engines write it, and whatever else the runtime specification allows. The documents
 * of data/config were recorded from podman 4.3, buildah 1.28, containerd 1.6, docker 20.10, runc 1.1
 * and crun 1.8; kubernetes.json is put together from what its runtimes add. */
#include "spec/config.h"

#include "base/fd.h"
#include "base/file.h"
#include "spec/unitproperty.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#define DOCUMENT_OF(version, process, linux_, top)                                                 \
	"{\"ociVersion\":\"" version "\",\"root\":{\"path\":\"rootfs\"},"                          \
	"\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\"],\"cwd\":\"/\"" process "}," \
	"\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]" linux_ "}" top "}"
#define PROCESS(s)   DOCUMENT_OF("1.2.0", "," s, "", "")
#define LINUX(s)     DOCUMENT_OF("1.2.0", "", "," s, "")
#define RESOURCES(s) LINUX("\"resources\":{" s "}")
#define TOP(s)       DOCUMENT_OF("1.2.0", "", "", "," s)
#define MOUNT(s)     TOP("\"mounts\":[{\"destination\":\"/m\"," s "}]")
#define OPTIONS(s)   MOUNT("\"type\":\"bind\",\"source\":\"/s\",\"options\":[" s "]")

static struct spec accepted(const char *text)
{
	struct spec s;
	struct err err = {0};

	cr_assert_eq(config_read("c.json", text, strlen(text), CONFIG_ENGINE, &s, &err), 0,
		"%s\n%s", err.text, text);
	return s;
}

static struct spec silent(const char *text)
{
	struct spec s = accepted(text);

	cr_expect_eq(s.warning_count, 0, "%s: %s", text, s.warnings ? s.warnings[0] : "");
	return s;
}

static void refused(const char *text, const char *expected)
{
	struct spec s;
	struct err err = {0};

	cr_assert_eq(config_read("c.json", text, strlen(text), CONFIG_ENGINE, &s, &err), -1,
		"accepted: %s", text);
	cr_expect(strstr(err.text, expected), "%s\n  is not about %s\n  in %s", err.text, expected,
		text);
	cr_expect(!strncmp(err.text, "c.json:1:", 9), "%s", err.text);
}

static void warned(const char *text, const char *expected)
{
	struct spec s = accepted(text);

	cr_assert_eq(s.warning_count, 1, "%zu warnings: %s", s.warning_count, text);
	cr_expect(strstr(s.warnings[0], expected), "%s", s.warnings[0]);
	spec_free(&s);
}

static const char *conf(const struct spec *s, const char *file)
{
	const char *value = NULL;

	for (size_t i = 0; i < s->limits.conf_count; i++)
		if (!strcmp(s->limits.conf[i].key, file))
			value = s->limits.conf[i].value;
	return value;
}

static void conf_is(const char *text, const char *file, const char *value)
{
	struct spec s = silent(text);

	cr_assert_not_null(conf(&s, file), "no %s: %s", file, text);
	cr_expect_str_eq(conf(&s, file), value);
	spec_free(&s);
}

static const struct mount *mount_at(const struct spec *s, const char *target)
{
	for (size_t i = 0; i < s->mount_count; i++)
		if (!strcmp(s->mounts[i].target, target))
			return &s->mounts[i];
	cr_assert_fail("no mount at %s", target);
	return NULL;
}

static int data_open(void)
{
	char path[4096], file[] = __FILE__;
	int fd;

	snprintf(path, sizeof(path), "%s/data/config", dirname(file));
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cr_assert(fd >= 0, "%s", path);
	return fd;
}

static char *data_read(const char *name, size_t *ret_len)
{
	autofd int dir = data_open();
	struct err err = {0};
	char *text;

	cr_assert_eq(file_read(dir, name, 1 << 20, &text, ret_len, &err), 0, "%s", err.text);
	return text;
}

static struct spec recorded(const char *name)
{
	size_t len;
	autofree char *text = data_read(name, &len);
	struct err err = {0};
	struct spec s;

	cr_assert_eq(config_read(name, text, len, CONFIG_ENGINE, &s, &err), 0, "%s", err.text);
	cr_expect_eq(s.warning_count, 0, "%s", s.warning_count ? s.warnings[0] : "");
	return s;
}

Test(config_engine, all_recorded_documents)
{
	autofd int dir = data_open();
	DIR *list = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *e;
	int n = 0;

	while ((e = readdir(list))) {
		struct spec s;

		if (!strstr(e->d_name, ".json"))
			continue;
		s = recorded(e->d_name);
		cr_expect(s.ns.fresh & CLONE_NEWNS, "%s", e->d_name);
		cr_expect_gt(s.mount_count, 5);
		cr_expect_geq(s.device_count, 6);
		cr_expect(s.process.argc && s.process.cwd);
		cr_expect_eq(mount_at(&s, "/dev")->kind, MOUNT_DEV);
		spec_free(&s);
		n++;
	}
	closedir(list);
	cr_expect_geq(n, 12);
}

Test(config_engine, docker)
{
	struct spec s = recorded("docker-flags.json");
	const struct mount *m = mount_at(&s, "/mnt");

	cr_expect_str_eq(s.oci_version, "1.0.2-dev");
	cr_expect_str_eq(s.process.user, "5:6");
	cr_expect_eq(s.process.groupc, 2);
	cr_expect(s.process.terminal && s.process.no_new_privs && s.root.readonly);
	cr_expect_eq(s.process.oom_score_adj, 5);
	cr_expect(m->recursive);
	cr_expect_eq(m->attr_set, MOUNT_ATTR_RDONLY);
	cr_expect_eq(m->attr_rset, 0, "ro is for the top alone");
	cr_expect_eq(m->propagation, MS_SLAVE | MS_REC);
	cr_expect_eq(s.hooks.count[HOOK_PRESTART], 1);
	cr_expect_str_eq(s.hooks.items[HOOK_PRESTART][0].argv[0], "libnetwork-setkey");
	cr_expect_null(s.hooks.items[HOOK_PRESTART][0].env);
	cr_expect(!strncmp(s.cgroup, "/docker/", 8));
	cr_expect_eq(s.limits.memory, 64 << 20);
	cr_expect_eq(s.limits.memory_swap, 64 << 20);
	cr_expect_eq(s.limits.cpu_quota_us, 50000);
	cr_expect_eq(s.limits.cpu_weight, 59);
	cr_expect_eq(s.limits.io_weight, 0);
	cr_expect_eq(s.limits.pids, 7);
	cr_expect_null(s.process.seccomp);
	cr_expect(strstr(s.process.seccomp_text, "SCMP_ACT_ERRNO"));
	spec_free(&s);
}

Test(config_engine, podman_with_a_user_namespace)
{
	struct spec s = recorded("podman-userns.json");

	cr_expect_eq(s.ns.fresh & CLONE_NEWUSER, CLONE_NEWUSER);
	cr_expect_eq(s.ns.uid_map_count, 1);
	cr_expect_eq(s.ns.uid_maps[0].outside, 100000);
	cr_expect(mount_at(&s, "/tmp")->copy_up);
	cr_expect_eq(s.limits.memory_low, 32 << 20);
	cr_expect_str_eq(s.limits.cpuset_cpus, "0");
	spec_free(&s);
}

Test(config_engine, kubernetes)
{
	struct spec s = recorded("kubernetes.json");
	const struct mount *m = mount_at(&s, "/data");

	cr_expect_eq(s.ns.fresh, CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWCGROUP);
	cr_assert_eq(s.ns.path_count, 4);
	cr_expect_eq(s.ns.paths[0].flag, CLONE_NEWIPC);
	cr_expect_str_eq(s.ns.paths[0].path, "/proc/4242/ns/ipc");
	cr_expect_str_eq(s.cgroup, "kubepods-burstable-podp.slice:cri-containerd:c");
	cr_expect_eq(m->attr_rset, MOUNT_ATTR_RDONLY);
	cr_expect(m->idmap && m->uid_map_count == 1 && m->gid_map_count == 1);
	cr_expect_eq(s.limits.pids, UINT64_MAX);
	cr_expect(s.limits.oom_group && s.limits.memory_high == 160000000);
	cr_expect_eq(s.limits.memory_swap, 0);
	cr_expect(s.limits.memory_swap_set);
	cr_expect_str_eq(conf(&s, "hugetlb.2MB.max"), "0");
	cr_expect_str_eq(conf(&s, "hugetlb.1GB.rsvd.max"), "0");
	cr_expect_str_eq(s.process.apparmor, "cri-containerd.apparmor.d");
	cr_expect_str_eq(s.process.selinux, "system_u:system_r:container_t:s0:c1,c2");
	spec_free(&s);
}

/* What the specification has each container have comes last, and adds to what is there. */
Test(config_engine, devices_of_every_container)
{
	struct spec s = silent(
		LINUX("\"devices\":[{\"path\":\"/dev/null\",\"type\":\"c\",\"major\":1,\"minor\":3,"
		      "\"fileMode\":384,\"uid\":7},{\"path\":\"/f\",\"type\":\"p\"},"
		      "{\"path\":\"/u\",\"type\":\"u\",\"major\":10,\"minor\":229}],"
		      "\"resources\":{\"devices\":[{\"allow\":false,\"access\":\"rwm\"},"
		      "{\"allow\":true,\"type\":\"c\",\"major\":10,\"minor\":229}]}"));

	cr_assert_eq(s.device_count, 8);
	cr_expect_eq(s.devices[0].mode, 0600);
	cr_expect_eq(s.devices[0].uid, 7);
	cr_expect_eq(s.devices[1].type, 'p');
	cr_expect_eq(s.devices[2].type, 'c');
	cr_expect_eq(s.devices[2].mode, 0666);
	cr_expect_str_eq(s.devices[3].path, "/dev/zero");
	cr_assert_eq(s.device_rule_count, 13);
	cr_expect(!s.device_rules[0].allow && s.device_rules[0].type == 'a');
	cr_expect_eq(s.device_rules[1].minor, 229);
	cr_expect_str_eq(s.device_rules[1].access, "rwm");
	for (size_t i = 2; i < s.device_rule_count; i++)
		cr_expect(s.device_rules[i].allow);
	spec_free(&s);
}

Test(config_engine, versions)
{
	static const char *const good[] = {"1.0.0", "1.0.0-rc5", "1.0.2-dev", "1.1.0+dev", "1.2.1",
		"1.3.0", "1.0"};
	static const char *const bad[] = {"", "1", "1.0.", "1.", "1.x.0", "0.9.0", "2.0.0",
		"1.0.0-", "1.02.0", "1.2.0 ", "1.2.0.1", "v1.2.0"};
	char text[512];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct spec s;
		snprintf(text, sizeof(text), DOCUMENT_OF("%s", "", "", ""), good[i]);
		s = silent(text);
		cr_expect_str_eq(s.oci_version, good[i]);
		spec_free(&s);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), DOCUMENT_OF("%s", "", "", ""), bad[i]);
		refused(text, "ociVersion");
	}
	warned(DOCUMENT_OF("1.4.0", "", "", ""), "ociVersion: 1.4.0 is newer than 1.3");
}

Test(config_engine, unknown_members_are_warnings)
{
	warned(TOP("\"new\":{\"a\":[1]}"), "c.json:1:157: new: is not known and has no effect");
	warned(PROCESS("\"x\":1"), "process.x: is not known");
	warned(MOUNT("\"type\":\"proc\",\"y\":false"), "mounts[0].y: is not known");
	warned(RESOURCES("\"oomScoreAdj\":5"), "linux.resources.oomScoreAdj: is not known");
	warned(PROCESS("\"capabilities\":{\"bounding\":[\"CAP_KILL\",\"CAP_NEW\"]}"),
		"process.capabilities.bounding[1]: \"CAP_NEW\" is not a capability");
}

Test(config_engine, names_of_no_capability)
{
	static const char *const names[] = {"chown", "CHOWN", "CAP_chown", "CAP_", "ALL", "",
		"CAP_KILL ", "CAP_KILL,CAP_CHOWN"};
	char text[512], message[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct spec s;

		snprintf(text, sizeof(text),
			PROCESS("\"capabilities\":{\"permitted\":[\"%s\",\"CAP_KILL\"]}"),
			names[i]);
		snprintf(message, sizeof(message),
			"c.json:1:137: process.capabilities.permitted[0]: \"%s\" is not a "
			"capability",
			names[i]);
		warned(text, message);
		s = accepted(text);
		cr_expect_eq(s.process.caps[CAPSET_PERMITTED], 1 << 5);
		spec_free(&s);
	}
}

/* What both peers take, and the specification has otherwise. */
Test(config_engine, taken_with_a_warning)
{
	struct spec s = accepted(PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\",\"hard\":9},"
					 "{\"type\":\"RLIMIT_CPU\",\"hard\":5,\"soft\":2}]"));

	cr_expect_eq(s.warning_count, 2);
	cr_expect(strstr(s.warnings[0], "process.rlimits[0].soft: is missing, and taken as 0"));
	cr_expect(strstr(s.warnings[1], "process.rlimits[1]: RLIMIT_CPU is there twice"));
	cr_expect_eq(s.process.rlimit_count, 1);
	cr_expect_eq(s.process.rlimits[0].hard, 5);
	spec_free(&s);
	s = accepted(
		LINUX("\"maskedPaths\":[\"proc/keys\",\"\",\"/a\"],\"readonlyPaths\":[\"b\"]"));
	cr_expect_eq(s.warning_count, 3);
	cr_expect_eq(s.masked_count, 2);
	cr_expect_str_eq(s.masked[0], "/proc/keys");
	cr_expect_str_eq(s.masked[1], "/a");
	cr_expect_str_eq(s.readonly_paths[0], "/b");
	spec_free(&s);
	s = accepted(
		"{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},\"process\":{\"user\":{},"
		"\"args\":[\"a\"],\"cwd\":\"/\"},\"linux\":{\"namespaces\":[{\"type\":\"ipc\"}],"
		"\"sysctl\":{\"kernel.shmmni\":\"1\\n\",\"kernel.shmall\":\"\"},"
		"\"devices\":[{\"path\":\"/dev/x\",\"type\":\"c\",\"major\":1}]}}");
	cr_expect_eq(s.warning_count, 4);
	cr_expect_eq(s.sysctl_count, 1);
	cr_expect_str_eq(s.sysctls[0].value, "1");
	cr_expect_str_eq(s.process.user, "0:0");
	spec_free(&s);
	s = accepted(RESOURCES(
		"\"devices\":[{\"type\":\"c\",\"access\":\"rrx\"},{\"allow\":true,\"type\":\"b\","
		"\"major\":4294967297,\"minor\":1},{\"allow\":true,\"access\":\"x\"}]"));
	cr_expect_eq(s.warning_count, 4);
	cr_expect_str_eq(s.device_rules[0].access, "r");
	cr_expect_eq(s.device_rules[1].type, 'c', "one that is no rule is left out");
	spec_free(&s);
}

/* getenv(3) would find the first. */
Test(config_engine, of_a_variable_the_last_counts)
{
	struct spec s = silent(
		PROCESS("\"env\":[\"A=1\",\"PATH=/x\",\"AB\",\"A=2\",\"PATH=/bin\",\"A=3\"]"));

	cr_assert_eq(s.process.envc, 3);
	cr_expect_str_eq(s.process.env[0], "A=3");
	cr_expect_str_eq(s.process.env[1], "PATH=/bin");
	cr_expect_str_eq(s.process.env[2], "AB");
	cr_expect_null(s.process.env[3]);
	spec_free(&s);
}

Test(config_engine, group_paths)
{
	static const char *const cases[][2] = {{"/a/../b", "/b"}, {"../x", "x"}, {"a/./b/.", "a/b"},
		{"/a//b/", "/a//b/"}, {"/../..", "/"}, {"s.slice:a:..b", "s.slice:a:..b"},
		{"/.a/..b", "/.a/..b"}};
	char text[512];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spec s;

		snprintf(text, sizeof(text), LINUX("\"cgroupsPath\":\"%s\""), cases[i][0]);
		s = silent(text);
		cr_expect_str_eq(s.cgroup, cases[i][1]);
		spec_free(&s);
	}
}

Test(config_engine, lists_of_processors)
{
	struct spec s = silent(
		PROCESS("\"execCPUAffinity\":{\"initial\":\" 0-1, 3\",\"final\":\"2,,\"}"));

	cr_expect_str_eq(s.process.cpus_initial, "0-1,3");
	cr_expect_str_eq(s.process.cpus_final, "2");
	spec_free(&s);
	s = silent(RESOURCES("\"cpu\":{\"cpus\":\"0 2-3\\n\",\"mems\":\"0\"}"));
	cr_expect_str_eq(s.limits.cpuset_cpus, "0,2-3");
	spec_free(&s);
	refused(RESOURCES("\"cpu\":{\"cpus\":\"0 - 3\"}"),
		"linux.resources.cpu.cpus: \"0 - 3\" must be a list");
	refused(RESOURCES("\"cpu\":{\"mems\":\",\"}"), "linux.resources.cpu.mems");
}

/* All that the specification has as uint64. */
Test(config_engine, numbers_of_64_bits)
{
	struct spec s = silent(
		PROCESS("\"rlimits\":[{\"type\":\"RLIMIT_CPU\","
			"\"hard\":18446744073709551615,\"soft\":9223372036854775808}],"
			"\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":"
			"9223372036854775809,\"deadline\":9999999999999999999,"
			"\"period\":18446744073709551614}"));

	cr_expect_eq(s.process.rlimits[0].hard, UINT64_MAX);
	cr_expect_eq(s.process.rlimits[0].soft, 1ULL << 63);
	cr_expect_eq(s.process.scheduler.runtime_ns, (1ULL << 63) + 1);
	cr_expect_eq(s.process.scheduler.deadline_ns, 9999999999999999999ULL);
	cr_expect_eq(s.process.scheduler.period_ns, UINT64_MAX - 1);
	spec_free(&s);
	s = silent(RESOURCES("\"cpu\":{\"shares\":18446744073709551615},\"blockIO\":{"
			     "\"throttleReadBpsDevice\":[{\"major\":1,\"minor\":2,\"rate\":"
			     "18446744073709551614}]}"));
	cr_expect_eq(s.limits.io_max[0].rbps, UINT64_MAX - 1);
	spec_free(&s);
	s = silent(PROCESS("\"env\":[\"N=[18446744073709551615,]\",\"\\\"18446744073709551614\"],"
			   "\"terminal\":true,\"consoleSize\":{\"height\":18446744073709551615,"
			   "\"width\":80}"));
	cr_expect_str_eq(s.process.env[0], "N=[18446744073709551615,]");
	cr_expect_str_eq(s.process.env[1], "\"18446744073709551614");
	cr_expect_eq(s.process.rows, UINT16_MAX);
	spec_free(&s);
	refused(PROCESS("\"user\":{\"uid\":18446744073709551615,\"gid\":0}"), "duplicate");
	refused(RESOURCES("\"memory\":{\"limit\":9223372036854775808}"),
		"linux.resources.memory.limit: 9223372036854775808 must be -1 to 9223372036854775807");
	refused(TOP("\"hostname\":18446744073709551615"),
		"hostname: must be a string, not an integer");
	refused(RESOURCES("\"cpu\":{\"shares\":18446744073709551616}"), "too big");
	refused(RESOURCES("\"cpu\":{\"shares\":-9223372036854775809}"), "too big negative");
}

/* Go writes an empty list or object as null. */
Test(config_engine, null_is_absent)
{
	static const char *const texts[] = {PROCESS("\"rlimits\":null"),
		PROCESS("\"capabilities\":null"), PROCESS("\"apparmorProfile\":null"),
		PROCESS("\"capabilities\":{\"bounding\":null}"), PROCESS("\"oomScoreAdj\":null"),
		PROCESS("\"env\":null,\"noNewPrivileges\":null"),
		LINUX("\"timeOffsets\":{\"boottime\":null}"), LINUX("\"seccomp\":null"),
		LINUX("\"devices\":null,\"sysctl\":{\"net.a\":null}"), LINUX("\"intelRdt\":null"),
		LINUX("\"maskedPaths\":null,\"cgroupsPath\":null,\"netDevices\":null"),
		RESOURCES("\"memory\":null,\"pids\":{\"limit\":null},\"cpu\":{\"burst\":null}"),
		TOP("\"hooks\":null,\"annotations\":null,\"mounts\":null,\"hostname\":null"),
		TOP("\"hooks\":{\"prestart\":null},\"annotations\":{\"a\":null}"),
		TOP("\"windows\":null,\"nobodyKnows\":null"),
		MOUNT("\"type\":\"proc\",\"source\":null")};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct spec s = silent(texts[i]);

		cr_expect_eq(s.process.rlimit_count + s.annotation_count + s.sysctl_count, 0);
		cr_expect(!s.process.oom_score_adj_set && !s.limits.pids && !s.intel_rdt.set);
		spec_free(&s);
	}
	refused(PROCESS("\"x\":null,\"env\":[null]"), "process.env[0]: must be a string, not null");
	refused(TOP("\"mounts\":[{\"destination\":null}]"), "mounts[0].destination: is missing");
}

Test(config_engine, capabilities_that_cannot_be)
{
	struct spec s = accepted(PROCESS(
		"\"capabilities\":{\"bounding\":[\"CAP_KILL\"],\"permitted\":[\"CAP_KILL\"],"
		"\"effective\":[\"CAP_KILL\",\"CAP_CHOWN\"],\"inheritable\":[\"CAP_CHOWN\"],"
		"\"ambient\":[\"CAP_CHOWN\",\"CAP_KILL\"]}"));

	cr_expect_eq(s.process.caps[CAPSET_EFFECTIVE], 1 << 5);
	cr_expect_eq(s.process.caps[CAPSET_AMBIENT], 0);
	cr_assert_eq(s.warning_count, 2);
	cr_expect(strstr(s.warnings[0], "process.capabilities.effective: CAP_CHOWN cannot be"));
	cr_expect(strstr(s.warnings[1], "process.capabilities.ambient: CAP_CHOWN,CAP_KILL cannot"));
	spec_free(&s);
}

Test(config_engine, ambient_that_nothing_inherits)
{
	struct spec s = silent(PROCESS(
		"\"capabilities\":{\"bounding\":[\"CAP_KILL\"],\"permitted\":[\"CAP_KILL\"],"
		"\"ambient\":[\"CAP_KILL\"]}"));

	cr_expect_eq(s.process.caps[CAPSET_PERMITTED], 1 << 5);
	cr_expect_eq(s.process.caps[CAPSET_AMBIENT], 0);
	spec_free(&s);
}

Test(config_engine, other_platforms)
{
	warned(TOP("\"solaris\":{}"), "solaris: is ignored: it is for another platform");
	warned(TOP("\"windows\":{}"), "windows: is ignored");
	warned(TOP("\"freebsd\":{}"), "freebsd: is ignored");
	warned(TOP("\"vm\":{}"), "vm: is ignored");
	warned(TOP("\"zos\":{}"), "zos: is ignored");
	warned(PROCESS("\"commandLine\":\"\""), "process.commandLine: is ignored");
}

#define RDT(s) LINUX("\"intelRdt\":{" s "}")

Test(config_engine, rdt)
{
	struct spec s = silent(RDT("\"closID\":\"gold\",\"schemata\":[\"L3:0=f\",\"MB:0=20\"],"
				   "\"l3CacheSchema\":\"L3:0=ff\\nL2:0=3\","
				   "\"memBwSchema\":\"MB:0=10\",\"enableMonitoring\":true"));

	cr_expect(s.intel_rdt.set && s.intel_rdt.monitored);
	cr_expect_str_eq(s.intel_rdt.class, "gold");
	cr_expect_str_eq(s.intel_rdt.cache, "L3:0=ff\nL2:0=3");
	cr_expect_str_eq(s.intel_rdt.bandwidth, "MB:0=10");
	cr_expect_eq(s.intel_rdt.schemata_count, 2);
	cr_expect_str_eq(s.intel_rdt.schemata[1], "MB:0=20");
	spec_free(&s);
	s = silent(RDT("\"l3CacheSchema\":\"\",\"memBwSchema\":\"\",\"enableMonitoring\":false"));
	cr_expect(s.intel_rdt.set && !s.intel_rdt.class && !s.intel_rdt.cache &&
		  !s.intel_rdt.bandwidth && !s.intel_rdt.monitored);
	spec_free(&s);
	s = silent(LINUX("\"sysctl\":{}"));
	cr_expect(!s.intel_rdt.set);
	spec_free(&s);
}

Test(config_engine, rdt_monitoring_as_it_was_asked_for_before)
{
	struct spec s = silent(RDT("\"enableCMT\":false,\"enableMBM\":false"));

	cr_expect(!s.intel_rdt.monitored);
	spec_free(&s);
	s = silent(RDT("\"enableCMT\":true"));
	cr_expect(s.intel_rdt.monitored);
	spec_free(&s);
	s = silent(RDT("\"enableMBM\":true"));
	cr_expect(s.intel_rdt.monitored);
	spec_free(&s);
}

Test(config_engine, rdt_classes)
{
	static const char *const good[] = {"/", "a", "...", "a b", "infos"};
	static const char *const bad[] = {"", ".", "..", "../..", "a/b", "/a", "a/", "info",
		"mon_groups", "mon_data", "a\\nb"};
	char text[1024], name[257];
	struct spec s;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		snprintf(text, sizeof(text), RDT("\"closID\":\"%s\""), good[i]);
		s = silent(text);
		cr_expect_str_eq(s.intel_rdt.class, good[i]);
		spec_free(&s);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(text, sizeof(text), RDT("\"closID\":\"%s\""), bad[i]);
		refused(text, "linux.intelRdt.closID: \"");
	}
	memset(name, 'a', 256);
	name[256] = '\0';
	snprintf(text, sizeof(text), RDT("\"closID\":\"%s\""), name);
	refused(text, "must be \"/\" or the name of a group of resctrl");
	snprintf(text, sizeof(text), RDT("\"closID\":\"%s\""), name + 1);
	s = silent(text);
	spec_free(&s);
}

Test(config_engine, rdt_refused)
{
	static char text[16384];
	struct spec s;
	struct err err;

	refused(LINUX("\"intelRdt\":7"), "linux.intelRdt: must be an object");
	refused(RDT("\"closID\":7"), "linux.intelRdt.closID: must be a string");
	refused(RDT("\"memBwSchema\":\"L3:0=f\""),
		"linux.intelRdt.memBwSchema: \"L3:0=f\" must be");
	refused(RDT("\"memBwSchema\":\"MB:0=9\\nMB:1=9\""), "linux.intelRdt.memBwSchema: ");
	refused(RDT("\"l3CacheSchema\":\"L3:0=f\\u0001\""), "linux.intelRdt.l3CacheSchema: ");
	refused(RDT("\"schemata\":\"L3:0=f\""), "linux.intelRdt.schemata: must be an array");
	refused(RDT("\"schemata\":[\"L3:0=f\",\"L3:0=f\\nMB:0=9\"]"),
		"linux.intelRdt.schemata[1]: ");
	refused(RDT("\"schemata\":[\"\"]"), "linux.intelRdt.schemata[0]: ");
	refused(RDT("\"enableMonitoring\":1"), "linux.intelRdt.enableMonitoring: must be true");
	snprintf(text, sizeof(text), RDT("\"l3CacheSchema\":\"%04095d\""), 0);
	refused(text, "linux.intelRdt: has more than the 4095 bytes");
	snprintf(text, sizeof(text), RDT("\"schemata\":[\"%02047d\",\"%02047d\"]"), 0, 0);
	refused(text, "linux.intelRdt: has more than the 4095 bytes");
	snprintf(text, sizeof(text), RDT("\"schemata\":[\"%02047d\",\"%02046d\"]"), 0, 0);
	s = silent(text);
	spec_free(&s);
}

Test(config_engine, rdt_place)
{
	const char text[] =
		"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"process\":{\"args\":[\"sh\"],"
		"\"user\":{\"uid\":0,\"gid\":0},\"cwd\":\"/\"},\n\"linux\": {\n  \"intelRdt\": {\n"
		"    \"schemata\": [\"L3:0=f\",\n      \"\"]}}}";
	struct spec s;
	struct err err;

	cr_expect_eq(config_read("c", text, strlen(text), CONFIG_ENGINE, &s, &err), -1);
	cr_expect_str_eq(err.text,
		"c:5:7: linux.intelRdt.schemata[1]: \"\" must be one line of a schemata file");
}

Test(config_engine, places)
{
	struct spec s;
	struct err err;
	const char text[] = "{\n \"ociVersion\": \"1.2.0\",\n \"root\": {\n  \"path\": 1\n }\n}\n";
	const char missing[] = "{\"ociVersion\": \"1.2.0\",\n \"root\": {\"path\": \"r\"}}";

	cr_expect_eq(config_read("b/config.json", text, strlen(text), CONFIG_ENGINE, &s, &err), -1);
	cr_expect_str_eq(err.text,
		"b/config.json:4:11: root.path: must be a string, not an integer");
	cr_expect_eq(config_read("f", missing, strlen(missing), CONFIG_ENGINE, &s, &err), -1);
	cr_expect_str_eq(err.text, "f:1:1: process: is missing");
	refused("{\"ociVersion\":\"1.2.0\",}", "c.json:1:");
}

Test(config_engine, root_and_names)
{
	struct spec s = silent(LINUX("\"rootfsPropagation\":\"rslave\""));

	cr_expect_str_eq(s.root.dir, "rootfs");
	cr_expect_eq(s.root.propagation, MS_SLAVE | MS_REC);
	spec_free(&s);
	s = accepted(LINUX("\"mountLabel\":\"u:r:t:s0\""));
	cr_expect_str_eq(s.mount_label, "u:r:t:s0");
	cr_assert_eq(s.warning_count, 1);
	cr_expect(strstr(s.warnings[0], "linux.mountLabel: is not set"), "%s", s.warnings[0]);
	spec_free(&s);
	s = silent("{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"/r\",\"readonly\":true},"
		   "\"process\":{\"user\":{\"uid\":1,\"gid\":2,\"umask\":7},\"args\":[\"a\"],"
		   "\"cwd\":\"/\"},\"hostname\":\"h\",\"domainname\":\"d\",\"linux\":{"
		   "\"namespaces\":[{\"type\":\"uts\",\"path\":\"/proc/1/ns/uts\"}]}}");
	cr_expect_str_eq(s.hostname, "h");
	cr_expect_str_eq(s.domainname, "d");
	cr_expect_eq(s.process.umask, 7);
	cr_expect(s.root.readonly);
	spec_free(&s);
	s = silent("{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"/r\"},\"process\":{\"user\":{"
		   "\"uid\":1,\"gid\":2},\"args\":[\"a\"],\"cwd\":\"/\"}}");
	cr_expect_eq(s.ns.fresh, 0);
	spec_free(&s);
	refused(TOP("\"hostname\":\"h\""), "hostname: needs a namespace of type \"uts\"");
	refused(TOP("\"domainname\":\"h\""), "domainname: needs a namespace of type \"uts\"");
	refused(LINUX("\"rootfsPropagation\":\"maybe\""), "linux.rootfsPropagation: \"maybe\"");
	refused(LINUX("\"mountLabel\":\"x\""), "linux.mountLabel");
	refused("{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"\"}}", "root.path");
}

Test(config_engine, rebase)
{
	struct spec s = silent(
		TOP("\"mounts\":[{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"rel/x\"},"
		    "{\"destination\":\"/b\",\"source\":\"/abs\",\"options\":[\"rbind\"]}]"));

	cr_expect_str_eq(s.mounts[0].source, "rel/x");
	config_rebase(&s, "/run/b");
	cr_expect_str_eq(s.root.dir, "/run/b/rootfs");
	cr_expect_str_eq(s.mounts[0].source, "/run/b/rel/x");
	cr_expect_str_eq(s.mounts[1].source, "/abs");
	spec_free(&s);
}

Test(config_engine, process)
{
	struct spec s = silent(PROCESS(
		"\"terminal\":true,\"consoleSize\":{\"height\":24,\"width\":80},"
		"\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"priority\":10,\"flags\":"
		"[\"SCHED_FLAG_RESET_ON_FORK\"]},\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\","
		"\"priority\":4},\"execCPUAffinity\":{\"initial\":\"0-1\",\"final\":\"2\"},"
		"\"selinuxLabel\":\"\",\"apparmorProfile\":\"\",\"rlimits\":[{\"type\":"
		"\"RLIMIT_CORE\",\"soft\":1,\"hard\":18446744073709551615}]"));
	const struct process_spec *p = &s.process;

	cr_expect(p->rows == 24 && p->columns == 80);
	cr_expect(p->scheduler.set && p->scheduler.policy == SCHED_FIFO);
	cr_expect(p->scheduler.priority == 10 && p->scheduler.flags == SCHED_FLAG_RESET_ON_FORK);
	cr_expect(p->io_class == 2 && p->io_priority == 4);
	cr_expect_str_eq(p->cpus_initial, "0-1");
	cr_expect_str_eq(p->cpus_final, "2");
	cr_expect(!p->selinux && !p->apparmor);
	cr_expect_eq(p->rlimits[0].hard, RLIM_INFINITY);
	spec_free(&s);
	s = silent(
		"{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},\"process\":{\"args\":[\"a\"],"
		"\"cwd\":\"/\"}}");
	cr_expect_str_eq(s.process.user, "0:0");
	spec_free(&s);
	s = silent(PROCESS("\"consoleSize\":{\"height\":24,\"width\":80}"));
	cr_expect(s.process.rows == 0, "no terminal, no size");
	spec_free(&s);
	s = silent(PROCESS("\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":1000,"
			   "\"deadline\":2000,\"period\":3000}"));
	cr_expect_eq(s.process.scheduler.period_ns, 3000);
	spec_free(&s);
	s = silent(PROCESS("\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":-5}"));
	cr_expect_eq(s.process.scheduler.nice, -5);
	spec_free(&s);
}

Test(config_engine, process_that_means_nothing)
{
	static const char *const cases[][2] = {
		{"\"scheduler\":{\"priority\":1}", "process.scheduler.policy: is missing"},
		{"\"scheduler\":{\"policy\":\"SCHED_ISO\"}", "the kernel has no \"SCHED_ISO\""},
		{"\"scheduler\":{\"policy\":\"SCHED_FIFO\"}", "scheduler: priority: must be 1"},
		{"\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"priority\":1}", "priority: is for"},
		{"\"scheduler\":{\"policy\":\"SCHED_RR\",\"priority\":1,\"nice\":1}",
			"nice: is for"},
		{"\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}",
			"process.scheduler.nice"},
		{"\"scheduler\":{\"policy\":\"SCHED_DEADLINE\"}", "runtime: is missing"},
		{"\"scheduler\":{\"policy\":\"SCHED_IDLE\",\"period\":1}",
			"are for SCHED_DEADLINE"},
		{"\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"flags\":[\"X\"]}",
			"process.scheduler.flags[0]: \"X\""},
		{"\"ioPriority\":{\"class\":\"x\",\"priority\":1}", "process.ioPriority: class"},
		{"\"ioPriority\":{\"priority\":1}", "process.ioPriority.class: is missing"},
		{"\"ioPriority\":{\"class\":\"IOPRIO_CLASS_RT\",\"priority\":8}",
			"process.ioPriority.priority: 8 must be 0 to 7"},
		{"\"execCPUAffinity\":{\"final\":\"3-1\"}", "process.execCPUAffinity.final"},
		{"\"consoleSize\":{\"height\":-1,\"width\":1}", "process.consoleSize.height"},
		{"\"consoleSize\":[24,80]", "process.consoleSize: must be an object"},
		{"\"selinuxLabel\":\"x\"", "process.selinuxLabel"},
		{"\"oomScoreAdj\":1001", "process.oomScoreAdj: 1001 must be"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[1024];
		snprintf(text, sizeof(text), PROCESS("%s"), cases[i][0]);
		refused(text, cases[i][1]);
	}
	refused("{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},\"process\":{\"user\":"
		"{\"uid\":0,\"gid\":0},\"cwd\":\"/\"}}",
		"process.args: is missing");
}

Test(config_engine, hooks)
{
	struct spec s = silent(TOP(
		"\"hooks\":{\"prestart\":[{\"path\":\"/p\"}],\"createRuntime\":[{\"path\":\"/r\","
		"\"args\":[\"r\",\"x\"],\"env\":[\"A=b\"],\"timeout\":5},{\"path\":\"/r2\"}],"
		"\"createContainer\":[{\"path\":\"/c\"}],\"startContainer\":[{\"path\":\"/s\"}],"
		"\"poststart\":[{\"path\":\"/ps\"}],\"poststop\":[{\"path\":\"/pp\"}]}"));
	const struct hook *h = s.hooks.items[HOOK_CREATE_RUNTIME];

	for (int i = 0; i < HOOK_POINTS; i++)
		cr_expect_eq(s.hooks.count[i], i == HOOK_CREATE_RUNTIME ? 2 : 1);
	cr_expect(h->argc == 2 && h->envc == 1 && h->timeout_s == 5);
	cr_expect_str_eq(h->argv[1], "x");
	cr_expect_null(h->argv[2]);
	cr_expect_null(h[1].argv);
	cr_expect_str_eq(s.hooks.items[HOOK_POSTSTOP][0].path, "/pp");
	spec_free(&s);
	refused(TOP("\"hooks\":{\"poststop\":[{\"path\":\"x\"}]}"),
		"hooks.poststop[0].path: \"x\"");
	refused(TOP("\"hooks\":{\"poststop\":[{}]}"), "hooks.poststop[0].path: is missing");
	refused(TOP("\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"timeout\":0}]}"),
		"hooks.poststop[0].timeout: 0 must be 1");
	warned(TOP("\"annotations\":{\"\":\"x\"}"), "annotations: a name should not be empty");
}

Test(config_engine, properties_of_a_scope)
{
	static const char text[] = TOP(
		"\"annotations\":{\"org.systemd.property.KillMode\":\"'none'\","
		"\"org.systemd.propertyX\":\"?\","
		"\n\"org.systemd.property.TimeoutStopSec\": \"2\"}");
	static const char bad[] = TOP("\n\"annotations\":{\"k\":\"v\","
				      "\n \"org.systemd.property.TimeoutStopSec\": \"soon\"}");
	struct err err;
	struct spec s;

	s = accepted(text);
	cr_expect_eq(s.unit_property_count, 0);
	cr_assert_eq(config_read_unit_properties("c", text, strlen(text), &s, &err), 0);
	cr_assert_eq(s.unit_property_count, 2);
	cr_expect_str_eq(s.unit_properties[0].name, "KillMode");
	cr_expect_str_eq(s.unit_properties[1].name, "TimeoutStopUSec");
	cr_expect_eq(s.unit_properties[1].value.number, 2000000);
	spec_free(&s);
	s = accepted(bad);
	cr_assert_eq(config_read_unit_properties("c", bad, strlen(bad), &s, &err), -1);
	cr_expect(strstr(err.text, "c:3:41: annotations.org.systemd.property.TimeoutStopSec: "
				   "\"soon\" is not in"),
		"%s", err.text);
	cr_expect(err.hint[0]);
	spec_free(&s);
}

Test(config_engine, namespaces)
{
	refused(LINUX("\"x\":0},\"linux\":{"), "duplicate");
	refused("{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},\"process\":{\"user\":{"
		"\"uid\":0,\"gid\":0},\"args\":[\"a\"],\"cwd\":\"/\"},\"linux\":{\"namespaces\":"
		"[{\"type\":\"pid\",\"path\":\"/p\"},{\"type\":\"pid\"}]}}",
		"linux.namespaces[1]: \"pid\" is there twice");
	refused("{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":\"r\"},\"process\":{\"user\":{"
		"\"uid\":0,\"gid\":0},\"args\":[\"a\"],\"cwd\":\"/\"},\"linux\":{\"namespaces\":"
		"[{\"type\":\"pid\",\"path\":\"p\"}]}}",
		"linux.namespaces[0].path: \"p\" must be an absolute path");
	warned(LINUX("\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]"),
		"linux.uidMappings: is ignored: it needs a namespace");
	warned(LINUX("\"timeOffsets\":{\"boottime\":{\"nanosecs\":1}}"),
		"linux.timeOffsets: is ignored: it needs a new namespace");
	refused(LINUX("\"timeOffsets\":{\"boottime\":{\"nanosecs\":1000000000}}"),
		"linux.timeOffsets.boottime.nanosecs");
	refused(LINUX("\"netDevices\":{\"eth0\":{}}"), "linux.netDevices: needs a namespace");
}

#define SECCOMP(s) LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\"" s "}")
#define RULE(s)    SECCOMP(",\"syscalls\":[{\"names\":[\"read\"],\"action\":" s "}]")
#define ARG(s)     RULE("\"SCMP_ACT_LOG\",\"args\":[{\"index\":0,\"value\":1,\"op\":" s "}]")

Test(config_engine, seccomp)
{
	struct spec s = silent(RULE("\"SCMP_ACT_ERRNO\",\"errnoRet\":0,\"args\":[{\"index\":0,"
				    "\"value\":0,\"valueTwo\":0,\"op\":\"SCMP_CMP_EQ\"}]"));

	cr_expect_str_eq(s.process.seccomp_text,
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
		"\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":0,\"args\":[{\"index\":0,\"value\":0,"
		"\"valueTwo\":0,\"op\":\"SCMP_CMP_EQ\"}]}]}");
	spec_free(&s);
	s = silent(SECCOMP(",\"flags\":null,\"syscalls\":[{\"names\":[\"read\"],\"args\":null,"
			   "\"action\":\"SCMP_ACT_LOG\",\"includes\":{\"caps\":[\"CAP_BPF\"]}}]"));
	cr_expect(strstr(s.process.seccomp_text, "\"includes\":{\"caps\":[\"CAP_BPF\"]}"));
	spec_free(&s);
	refused(LINUX("\"seccomp\":[]"), "linux.seccomp: must be an object");
	refused(LINUX("\"seccomp\":{}"), "linux.seccomp.defaultAction: is missing");
	refused(LINUX("\"seccomp\":{\"defaultAction\":5}"), "linux.seccomp.defaultAction: must be");
	s = silent(ARG("\"SCMP_CMP_MASKED_EQ\",\"valueTwo\":18446744073709551614"));
	cr_expect(strstr(s.process.seccomp_text, "\"valueTwo\":{\"\":\"18446744073709551614\"}"));
	spec_free(&s);
	refused(SECCOMP(",\"defaultErrnoRet\":1"), "linux.seccomp.defaultErrnoRet: the action");
	refused(SECCOMP(",\"architectures\":[\"VAX\"]"), "linux.seccomp.architectures[0]: \"VAX\"");
	refused(SECCOMP(",\"flags\":[\"FAST\"]"), "linux.seccomp.flags[0]: \"FAST\" must be");
	refused(SECCOMP(",\"syscalls\":{}"), "linux.seccomp.syscalls: must be an array");
	refused(SECCOMP(",\"syscalls\":[{\"action\":\"SCMP_ACT_LOG\"}]"), "[0].names: is missing");
	warned(SECCOMP(",\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}]"),
		"linux.seccomp.syscalls[0].names: has none");
	refused(SECCOMP(",\"syscalls\":[{\"names\":[\"a\",7],\"action\":\"SCMP_ACT_LOG\"}]"),
		"linux.seccomp.syscalls[0].names[1]: must be a string");
	warned(SECCOMP(",\"syscalls\":[{\"names\":[\"read\",\"A\"],\"action\":\"SCMP_ACT_LOG\"}]"),
		"linux.seccomp.syscalls[0].names[1]: \"A\" is no name");
	s = accepted(SECCOMP(",\"syscalls\":[{\"names\":[\"A\",\"\"],\"action\":\"SCMP_ACT_LOG\"},"
			     "{\"names\":[\"A-b\",\"read\",\"\"],\"action\":\"SCMP_ACT_LOG\"}]"));
	cr_expect_str_eq(s.process.seccomp_text,
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"],"
		"\"action\":\"SCMP_ACT_LOG\"}]}");
	cr_expect_eq(s.warning_count, 4);
	spec_free(&s);
	refused(RULE("\"NO\""), "linux.seccomp.syscalls[0].action: \"NO\" must be an action");
	refused(RULE("\"SCMP_ACT_ALLOW\",\"errnoRet\":1"), "syscalls[0].errnoRet: the action");
	refused(RULE("\"SCMP_ACT_ERRNO\",\"errnoRet\":4096"), "syscalls[0].errnoRet: 4096");
	refused(ARG("\"==\""), "linux.seccomp.syscalls[0].args[0].op: \"==\" must be");
	refused(ARG("\"SCMP_CMP_EQ\",\"valueTwo\":-1"), "args[0].valueTwo: -1 must be");
	warned(SECCOMP(",\"x\":1"), "linux.seccomp.x: is not known");
	warned(RULE("\"SCMP_ACT_LOG\",\"x\":1"), "linux.seccomp.syscalls[0].x: is not known");
	warned(ARG("\"SCMP_CMP_EQ\",\"x\":1"), "linux.seccomp.syscalls[0].args[0].x: is not known");
	s = accepted(SECCOMP(",\"x\":1"));
	cr_expect_str_eq(s.process.seccomp_text, "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");
	spec_free(&s);
}

Test(config_engine, seccomp_listener)
{
	refused(SECCOMP(",\"listenerPath\":1"), "linux.seccomp.listenerPath: must be");
	warned(SECCOMP(",\"listenerMetadata\":\"m\""),
		"linux.seccomp.listenerMetadata: is ignored: there is no listenerPath");
	refused(RULE("\"SCMP_ACT_NOTIFY\""),
		"syscalls[0].action: SCMP_ACT_NOTIFY needs a listenerP");
	refused(SECCOMP(",\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]"),
		"WAIT_KILLABLE_RECV needs a listenerPath");
	warned(SECCOMP(",\"listenerPath\":\"/l\""),
		"linux.seccomp.listenerPath: is ignored: no action is SCMP_ACT_NOTIFY");
}

#define DEVICE(path, minor)                                                                        \
	"{\"path\":\"" path "\",\"type\":\"c\",\"major\":1,\"minor\":" minor ",\"fileMode\":384}"

Test(config_engine, devices_twice)
{
	struct spec s = silent(LINUX("\"devices\":[" DEVICE("/dev/a", "3") "," DEVICE("/dev/a",
		"3") "," DEVICE("/dev/null", "3") "]"));
	size_t n = 0;

	for (size_t i = 0; i < s.device_count; i++)
		n += !strcmp(s.devices[i].path, "/dev/a") ||
		     !strcmp(s.devices[i].path, "/dev/null");
	cr_expect_eq(n, 2);
	spec_free(&s);
	warned(LINUX("\"devices\":[" DEVICE("/dev/a", "3") "," DEVICE("/dev/a", "5") "]"),
		"linux.devices[1]: /dev/a is there already, as another");
}

Test(config_engine, linux_beside)
{
	const char *text =
		"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"process\":{\"user\":{"
		"\"uid\":0,\"gid\":0},\"args\":[\"a\"],\"cwd\":\"/\"},\"linux\":{\"namespaces\":"
		"[{\"type\":\"network\",\"path\":\"\"},{\"type\":\"time\"}],\"netDevices\":{"
		"\"eth1\":{\"name\":\"eth0\"},\"wlan0\":{}},\"timeOffsets\":{\"monotonic\":{"
		"\"secs\":-1,\"nanosecs\":5}},\"personality\":{\"domain\":\"LINUX32\"},"
		"\"memoryPolicy\":{\"mode\":\"MPOL_INTERLEAVE\",\"nodes\":\"0-1\",\"flags\":"
		"[\"MPOL_F_STATIC_NODES\"]},\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\","
		"\"syscalls\":[{\"names\":[\"mkdir\"],\"action\":\"SCMP_ACT_NOTIFY\"}],"
		"\"listenerPath\":\"/run/l\",\"listenerMetadata\":\"m\"}}}";
	struct spec s = silent(text);

	cr_expect_eq(s.ns.fresh, CLONE_NEWNET | CLONE_NEWTIME);
	cr_assert_eq(s.net_device_count, 2);
	cr_expect_str_eq(s.net_devices[0].name, "eth1");
	cr_expect_str_eq(s.net_devices[0].inside, "eth0");
	cr_expect_null(s.net_devices[1].inside);
	cr_expect(s.ns.monotonic_offset_s == -1 && s.ns.monotonic_offset_ns == 5);
	cr_expect(s.process.personality_set && s.process.personality == 8);
	cr_expect(s.process.memory_policy.set && s.process.memory_policy.mode == (3 | 1 << 15));
	cr_expect_str_eq(s.process.memory_policy.nodes, "0-1");
	cr_expect_str_eq(s.process.seccomp_text,
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\"],"
		"\"action\":\"SCMP_ACT_NOTIFY\"}]}");
	cr_expect_str_eq(s.process.listener, "/run/l");
	cr_expect_str_eq(s.process.listener_metadata, "m");
	spec_free(&s);
	refused(LINUX("\"personality\":{\"domain\":\"BSD\"}"), "linux.personality: domain");
	warned(LINUX("\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"x\"]}"), "flags: there");
	refused(LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_BIND\"}"), "nodes: MPOL_BIND needs some");
	refused(LINUX("\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\"}"), "takes none");
	refused(LINUX("\"memoryPolicy\":{\"mode\":\"X\"}"), "mode: \"X\" is not a policy");
	refused(LINUX("\"netDevices\":{\"a/b\":{}}"), "linux.netDevices.a/b: \"a/b\" must be");
	refused(LINUX("\"netDevices\":{\"a\":{\"name\":\"aaaaaaaaaaaaaaaa\"}}"),
		"linux.netDevices.a.name");
}

static struct mount bind_of(const char *options)
{
	char text[1024];
	struct spec s;
	struct mount m;

	snprintf(text, sizeof(text), OPTIONS("%s"), options);
	s = silent(text);
	m = s.mounts[0];
	spec_free(&s);
	return m;
}

Test(config_engine, recursive_options)
{
	struct mount m = bind_of("\"rbind\",\"ro\",\"rnosuid\",\"nodev\"");

	cr_expect(m.kind == MOUNT_BIND && m.recursive);
	cr_expect_eq(m.attr_set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	cr_expect_eq(m.attr_rset, MOUNT_ATTR_NOSUID);
	m = bind_of("\"rbind\",\"rro\",\"rw\"");
	cr_expect(m.attr_set == 0 && m.attr_clear == MOUNT_ATTR_RDONLY);
	cr_expect_eq(m.attr_rset, MOUNT_ATTR_RDONLY);
	m = bind_of("\"rbind\",\"rnoatime\",\"strictatime\"");
	cr_expect_eq(m.attr_rset, MOUNT_ATTR_NOATIME);
	cr_expect_eq(m.attr_set, MOUNT_ATTR_STRICTATIME);
	cr_expect_eq(m.attr_clear & m.attr_rclear, MOUNT_ATTR__ATIME);
	m = bind_of("\"ratime\",\"rsuid\",\"rexec\",\"rdev\",\"rdiratime\",\"rsymfollow\"");
	cr_expect_eq(m.attr_rset, 0);
	cr_expect_eq(m.attr_rclear, MOUNT_ATTR__ATIME | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC |
					    MOUNT_ATTR_NODEV | MOUNT_ATTR_NODIRATIME |
					    MOUNT_ATTR_NOSYMFOLLOW);
	m = bind_of("\"norelatime\",\"nostrictatime\",\"relatime\",\"noatime\",\"atime\"");
	cr_expect(m.attr_set == 0 && m.attr_clear == MOUNT_ATTR__ATIME);
	cr_expect(!m.recursive);
}

Test(config_engine, other_options_of_mounts)
{
	struct spec s = silent(TOP(
		"\"mounts\":[{\"destination\":\"/a\",\"type\":\"ext4\",\"source\":\"/dev/sda\","
		"\"options\":[\"noexec\",\"errors=remount-ro\",\"lazytime\",\"silent\",\"\"]},"
		"{\"destination\":\"/a\",\"type\":\"tmpfs\",\"options\":[\"sync\",\"size=1m\","
		"\"tmpcopyup\",\"shared\"]},{\"destination\":\"/c\",\"type\":\"cgroup\"},"
		"{\"destination\":\"//dev/\",\"type\":\"tmpfs\"},{\"destination\":\"/p\",\"type\":"
		"\"proc\",\"source\":\"/proc\",\"options\":[\"bind\",\"ridmap\"]}]"));

	cr_expect_eq(s.mounts[0].kind, MOUNT_FS);
	cr_expect_str_eq(s.mounts[0].type, "ext4");
	cr_expect_str_eq(s.mounts[0].source, "/dev/sda");
	cr_expect_str_eq(s.mounts[0].data, "errors=remount-ro,lazytime");
	cr_expect_str_eq(s.mounts[1].target, "/a", "a place can have several");
	cr_expect_str_eq(s.mounts[1].data, "sync,size=1m");
	cr_expect(s.mounts[1].copy_up && s.mounts[1].propagation == MS_SHARED);
	cr_expect_eq(s.mounts[2].kind, MOUNT_CGROUP);
	cr_expect_eq(s.mounts[3].kind, MOUNT_DEV);
	cr_expect_eq(s.mounts[4].kind, MOUNT_BIND);
	cr_expect(s.mounts[4].idmap && s.mounts[4].idmap_recursive);
	spec_free(&s);
	warned(OPTIONS("\"bind\",\"sync\""), "mounts[0].options[1]: \"sync\" has no effect");
	warned(OPTIONS("\"bind\",\"size=1m\""), "mounts[0].options[1]: \"size=1m\" has no effect");
	refused(OPTIONS("\"remount\""), "mounts[0].options[0]: \"remount\" is not supported");
	refused(OPTIONS("\"bind\",\"copy-symlink\""), "mounts[0].options[1]: \"copy-symlink\" is");
	refused(OPTIONS("\"rslave\",\"shared\""), "mounts[0].options[1]: a mount has one");
	refused(MOUNT("\"type\":\"proc\",\"options\":[\"idmap\"]"), "mounts[0].options[0]");
	refused(MOUNT("\"type\":\"proc\",\"uidMappings\":[{\"containerID\":0,\"hostID\":1,"
		      "\"size\":1}]"),
		"mounts[0]: only a bind mount");
	refused(OPTIONS("\"idmap\"],\"uidMappings\":[{\"containerID\":0,\"hostID\":1,\"size\":1}"),
		"needs both");
}

Test(config_engine, memory)
{
	struct spec s = silent(
		RESOURCES("\"memory\":{\"limit\":100,\"reservation\":50,\"swap\":150,"
			  "\"useHierarchy\":true,\"checkBeforeUpdate\":true,"
			  "\"kernel\":0,\"kernelTCP\":-1,\"swappiness\":"
			  "18446744073709551615,\"disableOOMKiller\":false}"));

	cr_expect(s.limits.memory == 100 && s.limits.memory_low == 50);
	cr_expect(s.limits.memory_swap_set && s.limits.memory_swap == 50);
	cr_expect(s.limits.memory_check);
	spec_free(&s);
	s = silent(RESOURCES("\"memory\":{\"limit\":-1,\"swap\":-1,\"reservation\":-1}"));
	cr_expect_eq(s.limits.memory, 0);
	cr_expect_eq(s.limits.memory_swap, UINT64_MAX);
	cr_expect_str_eq(conf(&s, "memory.max"), "max");
	cr_expect_str_eq(conf(&s, "memory.low"), "max");
	spec_free(&s);
	warned(RESOURCES("\"memory\":{\"kernel\":1}"), "linux.resources.memory.kernel: is ignored");
	warned(RESOURCES("\"memory\":{\"kernelTCP\":1}"), "memory.kernelTCP: is ignored");
	warned(RESOURCES("\"memory\":{\"useHierarchy\":false}"), "memory.useHierarchy: is ignored");
	refused(RESOURCES("\"memory\":{\"swappiness\":60}"),
		"linux.resources.memory.swappiness: cgroup v2 has no");
	refused(RESOURCES("\"memory\":{\"disableOOMKiller\":true}"),
		"linux.resources.memory.disableOOMKiller: cgroup v2 cannot");
	refused(RESOURCES("\"memory\":{\"limit\":-2}"), "memory.limit: -2 must be");
	refused(RESOURCES("\"memory\":{\"limit\":-1,\"swap\":5}"), "memory.swap: counts memory");
}

Test(config_engine, cpu)
{
	static const struct {
		uint64_t shares, weight;
	} weights[] = {{1, 1}, {2, 1}, {102, 17}, {1024, 100}, {262144, 10000}, {1000000, 10000}};
	struct spec s;

	for (size_t i = 0; i < sizeof(weights) / sizeof(weights[0]); i++) {
		char text[512];
		snprintf(text, sizeof(text), RESOURCES("\"cpu\":{\"shares\":%llu}"),
			(unsigned long long)weights[i].shares);
		s = silent(text);
		cr_expect_eq(s.limits.cpu_weight, weights[i].weight, "%llu",
			(unsigned long long)s.limits.cpu_weight);
		spec_free(&s);
	}
	s = silent(
		RESOURCES("\"cpu\":{\"shares\":0,\"quota\":5000,\"period\":10000,\"cpus\":\"0-1\","
			  "\"mems\":\"\",\"realtimeRuntime\":0,\"realtimePeriod\":0}"));
	cr_expect(s.limits.cpu_weight == 0 && s.limits.cpu_quota_us == 5000);
	cr_expect_str_eq(s.limits.cpuset_cpus, "0-1");
	cr_expect_null(s.limits.cpuset_mems);
	spec_free(&s);
	conf_is(RESOURCES("\"cpu\":{\"quota\":-1}"), "cpu.max", "max");
	conf_is(RESOURCES("\"cpu\":{\"burst\":2000}"), "cpu.max.burst", "2000");
	conf_is(RESOURCES("\"cpu\":{\"idle\":1}"), "cpu.idle", "1");
	refused(RESOURCES("\"cpu\":{\"realtimeRuntime\":1}"),
		"linux.resources.cpu.realtimeRuntime: cgroup v2 does not");
	refused(RESOURCES("\"cpu\":{\"realtimePeriod\":1}"), "cpu.realtimePeriod: cgroup v2");
	refused(RESOURCES("\"cpu\":{\"idle\":2}"), "cpu.idle: 2 must be 0 to 1");
}

Test(config_engine, pids)
{
	static const struct {
		const char *version, *pids;
		uint64_t limit;
	} cases[] = {
		{"1.2.0", "\"limit\":5", 5},
		{"1.3.0", "\"limit\":-1", UINT64_MAX},
		{"1.2.1", "\"limit\":0", UINT64_MAX},
		{"1.3.0", "\"limit\":0", 1},
		{"1.3.0", "", 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512];
		struct spec s;
		snprintf(text, sizeof(text),
			DOCUMENT_OF("%s", "", ",\"resources\":{\"pids\":{%s}}", ""),
			cases[i].version, cases[i].pids);
		s = silent(text);
		cr_expect_eq(s.limits.pids, cases[i].limit, "%s %s", cases[i].version,
			cases[i].pids);
		spec_free(&s);
	}
}

Test(config_engine, other_resources)
{
	struct spec s = silent(RESOURCES(
		"\"blockIO\":{\"weight\":500,\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,"
		"\"rate\":600}]},\"network\":{}"));

	cr_expect_eq(s.limits.io_weight, 4950);
	cr_expect_eq(s.limits.io_max[0].rbps, 600);
	spec_free(&s);
	conf_is(RESOURCES(
			"\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":16,\"weight\":10}]}"),
		"io.weight", "8:16 1");
	conf_is(RESOURCES(
			"\"hugepageLimits\":[{\"pageSize\":\"64KB\",\"limit\":18446744073709551615}]"),
		"hugetlb.64KB.max", "max");
	conf_is(RESOURCES("\"rdma\":{\"mlx5_1\":{\"hcaHandles\":3}}"), "rdma.max",
		"mlx5_1 hca_handle=3 hca_object=max");
	conf_is(RESOURCES("\"unified\":{\"misc.max\":\"x 1\"}"), "misc.max", "x 1");
	refused(RESOURCES("\"blockIO\":{\"leafWeight\":10}"),
		"blockIO: leafWeight: is not supported");
	refused(RESOURCES("\"blockIO\":{\"weight\":9}"), "blockIO: weight: 9 must be 10");
	refused(RESOURCES("\"network\":{\"classID\":1}"), "network.classID: is not supported");
	refused(RESOURCES("\"network\":{\"priorities\":[]}"), "network.priorities: is not");
	refused(RESOURCES("\"hugepageLimits\":[{\"pageSize\":\"2MiB\",\"limit\":1}]"), "pageSize");
	warned(RESOURCES("\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":1},{\"pageSize\":"
			 "\"1GB\",\"limit\":1},{\"pageSize\":\"2MB\",\"limit\":1}]"),
		"linux.resources.hugepageLimits[2]: 2MB is there twice");
	refused(RESOURCES("\"rdma\":{\"a b\":{}}"), "linux.resources.rdma.a b");
	refused(RESOURCES("\"devices\":[{\"allow\":true,\"type\":\"p\"}]"), "devices[0]: type");
	refused(RESOURCES("\"unified\":{\"../x\":\"1\"}"), "linux.resources.unified");
}

static struct spec process_of(const char *text, const struct spec *base)
{
	struct spec s;
	struct err err = {0};

	cr_assert_eq(config_read_process("p.json", text, strlen(text), base, &s, &err), 0, "%s",
		err.text);
	return s;
}

Test(config_engine, process_alone)
{
	struct spec base = recorded("docker-flags.json"), s;
	size_t len;
	autofree char *text = data_read("exec-1.process", &len),
		      *other = data_read("exec-2.process", &len);
	struct err err;

	const char *no_args = "{\"user\":{\"uid\":0,\"gid\":0},\"args\":[],\"cwd\":\"/\"}";

	base.process.apparmor = "docker-default";
	s = process_of(text, &base);
	cr_expect_str_eq(s.process.user, "3:0");
	cr_expect_str_eq(s.process.cwd, "/tmp");
	cr_expect_str_eq(s.process.env[2], "A=b");
	cr_expect_neq(s.process.caps[CAPSET_BOUNDING], base.process.caps[CAPSET_BOUNDING]);
	cr_expect_str_eq(s.process.seccomp_text, base.process.seccomp_text);
	cr_expect_str_eq(s.process.apparmor, "docker-default");
	cr_expect_eq(s.process.rlimit_count, base.process.rlimit_count);
	cr_expect_not(s.process.no_new_privs);
	spec_free(&s);
	s = process_of(other, &base);
	cr_expect(s.process.terminal);
	spec_free(&s);
	s = process_of("{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"a\"],\"cwd\":\"/\"}", &base);
	cr_expect_eq(s.process.caps[CAPSET_BOUNDING], base.process.caps[CAPSET_BOUNDING]);
	spec_free(&s);
	cr_expect_eq(config_read_process("p", "{\"args\":[]}", 11, &base, &s, &err), -1);
	cr_expect_str_eq(err.text, "p:1:1: cwd: is missing");
	cr_expect_eq(config_read_process("p", no_args, strlen(no_args), &base, &s, &err), -1);
	cr_expect_str_eq(err.text, "p:1:34: args: must have at least one element");
	spec_free(&base);
}

static struct spec resources_of(const char *text, const struct spec *base)
{
	struct spec s;
	struct err err = {0};

	cr_assert_eq(config_read_resources("r.json", text, strlen(text), base, &s, &err), 0, "%s",
		err.text);
	return s;
}

Test(config_engine, resources_alone)
{
	struct spec base = recorded("docker-flags.json"), s;
	size_t len;
	autofree char *text = data_read("update-1.resources", &len),
		      *other = data_read("update-2.resources", &len);
	struct err err;

	const char *bad = "{\"pids\":{\"limit\":\"5\"}}";

	s = resources_of(text, &base);
	cr_expect_eq(s.limits.memory, 80 << 20);
	cr_expect_eq(s.limits.memory_swap, 10 << 20);
	cr_expect_eq(s.limits.pids, 5);
	cr_expect(s.limits.cpu_quota_us == 100000 && s.limits.cpu_period_us == 100000);
	cr_expect_eq(s.limits.io_weight, 0);
	cr_expect_eq(s.device_rule_count, 0);
	spec_free(&s);
	s = resources_of(other, &base);
	cr_expect(s.limits.memory == 0 && !s.limits.memory_swap_set && s.limits.pids == 0);
	cr_expect_eq(s.limits.cpu_weight, 17);
	spec_free(&s);
	s = resources_of("{\"memory\":{\"swap\":67108865},\"devices\":[{\"allow\":true}]}", &base);
	cr_expect_eq(s.limits.memory_swap, 1, "counts from the limit that is there");
	cr_expect_eq(s.device_rule_count, 12, "those that every container has are among them");
	spec_free(&s);
	cr_expect_eq(config_read_resources("r", bad, strlen(bad), &base, &s, &err), -1);
	cr_expect_str_eq(err.text, "r:1:18: pids.limit: must be an integer, not a string");
	spec_free(&base);
}

Test(config_engine, places_are_clean_and_sources_are_kept)
{
	struct spec s = silent(TOP(
		"\"mounts\":[{\"destination\":\"x//./y/../z/\",\"type\":\"tmpfs\",\"source\":\"mine\"},"
		"{\"destination\":\"/dev/\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}]"));

	cr_expect_str_eq(s.mounts[0].target, "/x/z");
	cr_expect_str_eq(s.mounts[0].source, "mine");
	cr_expect_eq(s.mounts[1].kind, MOUNT_DEV);
	cr_expect_str_eq(s.mounts[1].target, "/dev");
	cr_expect_null(s.mounts[1].source);
	spec_free(&s);
	s = silent(LINUX("\"devices\":[{\"path\":\"/dev/a/\",\"type\":\"p\"}]"));
	cr_expect_str_eq(s.devices[0].path, "/dev/a");
	spec_free(&s);
}
