#include "oci/command.h"
#include "spec/capname.h"
#include "spec/document.h"

#include "base/fd.h"
#include "base/json.h"
#include "container/criu.h"
#include "container/hooks.h"

#include <stdio.h>
#include <sys/prctl.h>

static json_t *strings(const char *const *list, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, json_string(list[i]));
	return a;
}
#define STRINGS(list) strings(list, sizeof(list) / sizeof((list)[0]))

static json_t *hook_points(void)
{
	json_t *a = json_array();

	for (int point = 0; point < HOOK_POINTS; point++)
		json_array_append_new(a, json_string(hook_point_name((enum hook_point)point)));
	return a;
}

static json_t *mount_options(void)
{
	const char *names[128];

	return strings(names, document_mount_options(names, sizeof(names) / sizeof(names[0])));
}

static json_t *capabilities(void)
{
	char text[CAPS_TEXT_SIZE];
	json_t *a = json_array();

	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		json_array_append_new(a, json_string(caps_format(1ULL << cap, text)));
	return a;
}

static json_t *filters(void)
{
	static const char *const actions[] = {"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO", "SCMP_ACT_KILL",
		"SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY",
		"SCMP_ACT_TRACE", "SCMP_ACT_TRAP"};
	static const char *const operators[] = {"SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
		"SCMP_CMP_LE", "SCMP_CMP_LT", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE"};
	static const char *const arches[] = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM", "SCMP_ARCH_MIPS",
		"SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64",
		"SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE",
		"SCMP_ARCH_RISCV64", "SCMP_ARCH_S390", "SCMP_ARCH_S390X", "SCMP_ARCH_X32",
		"SCMP_ARCH_X86", "SCMP_ARCH_X86_64"};
	static const char *const flags[] = {"SECCOMP_FILTER_FLAG_LOG",
		"SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC",
		"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"};

	return json_pack("{sb so so so so so}", "enabled", 1, "actions", STRINGS(actions),
		"operators", STRINGS(operators), "archs", STRINGS(arches), "knownFlags",
		STRINGS(flags), "supportedFlags", STRINGS(flags));
}

static json_t *linux_features(void)
{
	static const char *const namespaces[] = {"cgroup", "ipc", "mount", "network", "pid", "time",
		"user", "uts"};

	return json_pack("{so so s{sb sb sb sb sb} so s{sb} s{sb} s{sb} s{s{sb}} s{sb}}",
		"namespaces", STRINGS(namespaces), "capabilities", capabilities(), "cgroup", "v1",
		0, "v2", 1, "systemd", 1, "systemdUser", 0, "rdma", 1, "seccomp", filters(),
		"apparmor", "enabled", 1, "selinux", "enabled", 1, "intelRdt", "enabled", 0,
		"mountExtensions", "idmap", "enabled", 1, "netDevices", "enabled", 1);
}

static int features(struct oci *oci, void *options, char **words, struct err *err)
{
	autojson json_t *j = json_pack("{ss ss so so so s{ss ss}}", "ociVersionMin", "1.0.0",
		"ociVersionMax", "1.3.0", "hooks", hook_points(), "mountOptions", mount_options(),
		"linux", linux_features(), "annotations", "org.ctr.version", CTR_VERSION,
		"org.opencontainers.runc.checkpoint.enabled", criu_is_there() ? "true" : "false");
	autofree char *text = j ? json_text(j, JSON_INDENT(2), err) : NULL;

	(void)oci, (void)options, (void)words;
	if (!text)
		return err_set(err, "cannot write the features");
	puts(text);
	return 0;
}

const struct oci_command oci_features = {
	.name = "features",
	.summary = "Print what this runtime can do",
	.stateless = true,
	.run = features,
};
