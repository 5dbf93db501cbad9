#include "oci/command.h"
#include "spec/capname.h"
#include "spec/config.h"
#include "spec/document.h"
#include "spec/unitproperty.h"

#include "base/fd.h"
#include "base/json.h"
#include "checkpoint/criu.h"
#include "launch/hooks.h"

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

static json_t *words(const char *const *list)
{
	size_t n = 0;

	while (list[n])
		n++;
	return strings(list, n);
}

static json_t *table(const struct word *w)
{
	json_t *a = json_array();

	for (; w->name; w++)
		json_array_append_new(a, json_string(w->name));
	return a;
}

static json_t *filters(void)
{
	return json_pack("{sb so so so so so}", "enabled", 1, "actions",
		words(document_seccomp_actions), "operators", words(document_seccomp_operators),
		"archs", words(document_seccomp_arches), "knownFlags",
		words(document_seccomp_flags), "supportedFlags", words(document_seccomp_flags));
}

static json_t *linux_features(void)
{
	static const char *const namespaces[] = {"cgroup", "ipc", "mount", "network", "pid", "time",
		"user", "uts"};

	return json_pack("{so so s{sb sb sb sb sb} so s{sb} s{sb} s{so so} s{sb sb sb} s{s{sb}} "
			 "s{sb}}",
		"namespaces", STRINGS(namespaces), "capabilities", capabilities(), "cgroup", "v1",
		0, "v2", 1, "systemd", 1, "systemdUser", 1, "rdma", 1, "seccomp", filters(),
		"apparmor", "enabled", 1, "selinux", "enabled", 1, "memoryPolicy", "modes",
		table(document_memory_modes), "flags", table(document_memory_flags), "intelRdt",
		"enabled", 1, "schemata", 1, "monitoring", 1, "mountExtensions", "idmap", "enabled",
		1, "netDevices", "enabled", 1);
}

static int features(struct oci *oci, void *options, char **words, struct err *err)
{
	/* One that ends with a dot stands for all that begin so. */
	static const char *const annotations[] = {UNIT_PROPERTY_PREFIX, CONFIG_KEEP_GROUPS};
	autojson json_t *j = json_pack("{ss ss so so so so s{ss ss}}", "ociVersionMin", "1.0.0",
		"ociVersionMax", "1.3.0", "hooks", hook_points(), "mountOptions", mount_options(),
		"linux", linux_features(), "potentiallyUnsafeConfigAnnotations",
		STRINGS(annotations), "annotations", "org.ctr.version", CTR_VERSION,
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
