#include "spec/document.h"

#include "spec/maclabel.h"
#include "spec/restart.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

enum { PATH_SIZE = 4096, HOST_SIZE = 64 };

const char *document_path(const char *s)
{
	return s[0] == '/' && strlen(s) < PATH_SIZE ? NULL : "an absolute path";
}

const char *document_label(const char *s)
{
	struct err ignored;

	return selinux_check("", s, &ignored) == 0 ? NULL : "user:role:type[:level]";
}

/* A number of at most 4 digits at *s, and *s behind it; -1 if there is none. */
static int version_number(const char **s)
{
	int n = 0;

	if (!isdigit((unsigned char)**s) || (**s == '0' && isdigit((unsigned char)(*s)[1])))
		return -1;
	for (int i = 0; i < 4 && isdigit((unsigned char)**s); i++)
		n = n * 10 + *(*s)++ - '0';
	return n;
}

/* As in "1.0.2-dev", "1.2.0+dev" or "1.0". The minor number, or -1. */
int document_version_minor(const char *s)
{
	int minor;

	if (strncmp(s, "1.", 2))
		return -1;
	s += 2;
	minor = version_number(&s);
	if (minor < 0 || (*s && (*s++ != '.' || version_number(&s) < 0)))
		return -1;
	return !*s || ((*s == '-' || *s == '+') && s[1]) ? minor : -1;
}

static const char *version_check(const char *s)
{
	return document_version_minor(s) >= 0 ? NULL : "a version 1 such as \"1.2.0\"";
}

static const char *nonempty_check(const char *s)
{
	return *s ? NULL : "at least one character";
}

static const char *hostname_size(const char *s)
{
	return *s && strlen(s) <= HOST_SIZE ? NULL : "1 to 64 bytes";
}

static const struct field root[] = {
	{"path", FIELD_STRING, FIELD_REQUIRED, AT(document, root), .check = nonempty_check},
	{"readonly", FIELD_BOOL, 0, AT(document, spec.root.readonly)},
	{NULL},
};

static const struct field hook[] = {
	{"path", FIELD_STRING, FIELD_REQUIRED, AT(hook, path), .check = document_path},
	{"args", FIELD_STRINGS, 0, AT(hook, argv), N(hook, argc)},
	{"env", FIELD_STRINGS, 0, AT(hook, env), N(hook, envc)},
	{"timeout", FIELD_U32, 0, AT(hook, timeout_s), .min = 1, .max = INT32_MAX},
	{NULL},
};

#define HOOKS(name, point)                                                                         \
	{                                                                                          \
		name, FIELD_ARRAY, 0, AT(document, spec.hooks.items[point]),                       \
			N(document, spec.hooks.count[point]), EACH(hook, hook)                     \
	}

static const struct field hooks[] = {
	HOOKS("prestart", HOOK_PRESTART),
	HOOKS("createRuntime", HOOK_CREATE_RUNTIME),
	HOOKS("createContainer", HOOK_CREATE_CONTAINER),
	HOOKS("startContainer", HOOK_START_CONTAINER),
	HOOKS("poststart", HOOK_POSTSTART),
	HOOKS("poststop", HOOK_POSTSTOP),
	{NULL},
};

#define PLATFORM "it is for another platform than Linux"

const struct field document_fields[] = {
	{"ociVersion", FIELD_STRING, FIELD_REQUIRED, AT(document, version), .check = version_check},
	{"root", FIELD_OBJECT, FIELD_REQUIRED, .fields = root},
	{"process", FIELD_OBJECT, FIELD_REQUIRED, .fields = document_process_fields},
	{"hostname", FIELD_STRING, FIELD_FILLED, AT(document, spec.hostname),
		.check = hostname_size},
	{"domainname", FIELD_STRING, FIELD_FILLED, AT(document, spec.domainname),
		.check = hostname_size},
	{"mounts", FIELD_ARRAY, 0, AT(document, mounts), N(document, mount_count),
		EACH(document_mount, document_mount_fields)},
	{"linux", FIELD_OBJECT, FIELD_ALWAYS, .fields = document_linux_fields},
	{"hooks", FIELD_OBJECT, 0, .fields = hooks},
	{"annotations", FIELD_PAIRS, 0, AT(document, annotations), N(document, annotation_count)},
	{"solaris", FIELD_IGNORED, .why = PLATFORM},
	{"windows", FIELD_IGNORED, .why = PLATFORM},
	{"freebsd", FIELD_IGNORED, .why = PLATFORM},
	{"vm", FIELD_IGNORED, .why = PLATFORM},
	{"zos", FIELD_IGNORED, .why = PLATFORM},
	{NULL},
};

static const char *restart_check(const char *s)
{
	struct restart_policy policy;
	struct err err;

	return restart_parse("restart", s, &policy, &err) < 0 ? "a restart policy" : NULL;
}

static const struct field host[] = {
	{"name", FIELD_STRING, FIELD_REQUIRED, AT(key_value, key)},
	{"address", FIELD_STRING, FIELD_REQUIRED, AT(key_value, value)},
	{NULL},
};

/* Annotations below DOCUMENT_PREFIX: a string as it is, anything else as the text of its JSON. */
const struct field document_extras[] = {
	{"name", FIELD_STRING, 0, AT(document, spec.name)},
	{"id", FIELD_STRING, 0, AT(document, spec.id)},
	{"image", FIELD_STRING, 0, AT(document, spec.image)},
	{"rootfs", FIELD_STRING, 0, AT(document, dir), .check = nonempty_check},
	{"layers", FIELD_STRINGS, 0, AT(document, spec.root.layers),
		N(document, spec.root.layer_count), .check = nonempty_check},
	{"user", FIELD_STRING, 0, AT(document, user)},
	{"groups", FIELD_STRINGS, 0, AT(document, groups), N(document, group_count)},
	{"seccomp", FIELD_STRING, 0, AT(document, seccomp), .check = nonempty_check},
	{"seccomp-profile", FIELD_STRING, 0, AT(document, spec.process.seccomp_profile)},
	{"open-stdin", FIELD_BOOL, 0, AT(document, spec.process.open_stdin)},
	{"detach-keys", FIELD_STRING, 0, AT(document, spec.process.detach_keys)},
	{"init", FIELD_BOOL, 0, AT(document, spec.init)},
	{"systemd-cgroup", FIELD_BOOL, 0, AT(document, spec.systemd_cgroup)},
	{"remove", FIELD_BOOL, 0, AT(document, spec.remove)},
	{"restart", FIELD_STRING, 0, AT(document, spec.restart), .check = restart_check},
	{"die-with-parent", FIELD_BOOL, 0, AT(document, spec.die_with_parent)},
	{"stop-signal", FIELD_INT, FIELD_ALWAYS, AT(document, spec.stop_signal), .min = 1,
		.max = 64},
	{"stop-timeout-ns", FIELD_U64, FIELD_ALWAYS, AT(document, spec.stop_timeout_ns)},
	{"timeout-ns", FIELD_U64, 0, AT(document, spec.timeout_ns)},
	{"log-max-bytes", FIELD_U64, 0, AT(document, spec.log_max_bytes)},
	{"log-rate-bytes", FIELD_U64, 0, AT(document, spec.log_rate_bytes)},
	{"health-test", FIELD_STRINGS, 0, AT(document, spec.health.test),
		N(document, spec.health.test_count)},
	{"health-interval-ns", FIELD_U64, 0, AT(document, spec.health.interval_ns)},
	{"health-timeout-ns", FIELD_U64, 0, AT(document, spec.health.timeout_ns)},
	{"health-start-period-ns", FIELD_U64, 0, AT(document, spec.health.start_period_ns)},
	{"health-start-interval-ns", FIELD_U64, 0, AT(document, spec.health.start_interval_ns)},
	{"health-retries", FIELD_U64, 0, AT(document, spec.health.retries)},
	{"network", FIELD_OBJECT, 0, .fields = document_network_fields},
	{"pids-default", FIELD_BOOL, 0, AT(document, spec.limits.pids_default)},
	{"memory-swap-default", FIELD_BOOL, 0, AT(document, spec.limits.memory_swap_default)},
	{"private-ids", FIELD_BOOL, 0, AT(document, spec.ns.private_ids)},
	{"volatile", FIELD_BOOL, 0, AT(document, spec.root.never_synced)},
	{"make-source", FIELD_STRINGS, 0, AT(document, make_source),
		N(document, make_source_count)},
	{"hosts", FIELD_ARRAY, 0, AT(document, spec.hosts), N(document, spec.host_count),
		EACH(key_value, host)},
	{"dns", FIELD_STRINGS, 0, AT(document, spec.dns), N(document, spec.dns_count)},
	{"dns-search", FIELD_STRINGS, 0, AT(document, spec.dns_search),
		N(document, spec.dns_search_count)},
	{"dns-options", FIELD_STRINGS, 0, AT(document, spec.dns_options),
		N(document, spec.dns_option_count)},
	{"labels", FIELD_PAIRS, 0, AT(document, spec.labels), N(document, spec.label_count)},
	{NULL},
};

const char *document_extra_name(const char *key)
{
	size_t len = strlen(DOCUMENT_PREFIX);

	return strncmp(key, DOCUMENT_PREFIX, len) ? NULL : key + len;
}
