#include "process/seccomp_profile.h"

#include "process/seccomp_names.h"
#include "spec/document.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>

#define CAP(n) (UINT64_C(1) << (n))

static struct seccomp_target target = {.kernel_major = 6, .kernel_minor = 1};

static int parse(const char *json, struct seccomp_profile *p, struct err *err)
{
	return seccomp_profile_parse("p.json", json, strlen(json), &target, p, err);
}

static void refused(const char *json, const char *text)
{
	struct seccomp_profile p;
	struct err err = {0};

	cr_assert(parse(json, &p, &err) < 0, "accepted: %s", json);
	cr_assert(!strcmp(err.text, text), "%s\n  said: %s\n  not:  %s", json, err.text, text);
}

static size_t rules_of(const char *entry_rest)
{
	struct seccomp_profile p;
	struct err err = {0};
	char json[512];
	size_t count;

	snprintf(json, sizeof(json),
		"{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{"
		"\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"%s}]}",
		entry_rest);
	cr_assert(parse(json, &p, &err) == 0, "%s", err.text);
	count = p.rule_count;
	seccomp_profile_free(&p);
	return count;
}

#define TOP  "{\"defaultAction\":\"SCMP_ACT_ALLOW\","
#define CALL TOP "\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\","

Test(seccomp_profile, places_of_mistakes)
{
	refused("[]", "p.json: must be an object, not an array");
	refused("{}", "p.json: defaultAction: is missing");
	refused("{\"defaultAction\":\"ALLOW\"}",
		"p.json: defaultAction: \"ALLOW\" must be an action such as SCMP_ACT_ERRNO");
	refused("{\"defaultAction\":1}", "p.json: defaultAction: must be a string, not an integer");
	refused(TOP "\"sycalls\":[]}", "p.json: sycalls: is not supported");
	refused(TOP "\"syscalls\":{}}", "p.json: syscalls: must be an array, not an object");
	refused(TOP "\"syscalls\":[7]}", "p.json: syscalls[0]: must be an object, not an integer");
	refused(TOP "\"syscalls\":[{\"names\":[\"read\"]}]}",
		"p.json: syscalls[0].action: is missing");
	refused(CALL "\"args\":[{\"index\":0,\"value\":1,\"op\":\"EQ\"}]}]}",
		"p.json: syscalls[0].args[0].op: \"EQ\" must be an operator such as SCMP_CMP_EQ");
	refused(CALL "\"args\":[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}",
		"p.json: syscalls[0].args[0].index: 6 must be 0 to 5");
	refused(CALL "\"args\":[{\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}]}]}",
		"p.json: syscalls[0].args[0].value: -1 must be 0 or more");
	refused(CALL "\"args\":[{\"index\":0,\"op\":\"SCMP_CMP_EQ\"}]}]}",
		"p.json: syscalls[0].args[0].value: is missing");
	refused(CALL "\"includes\":{\"caps\":[\"CAP_FLY\"]}}]}",
		"p.json: syscalls[0].includes.caps[0]: \"CAP_FLY\" must be a capability such as CAP_CHOWN");
	refused(CALL "\"excludes\":{\"arches\":[\"pdp11\"]}}]}",
		"p.json: syscalls[0].excludes.arches[0]: \"pdp11\" must be a machine such as amd64");
	refused(CALL "\"includes\":{\"minKernel\":\"six\"}}]}",
		"p.json: syscalls[0].includes.minKernel: \"six\" must be a version such as 4.8");
	refused(CALL "\"name\":\"write\"}]}",
		"p.json: syscalls[0]: has both \"name\" and \"names\"");
	refused(CALL "\"errnoRet\":1}]}",
		"p.json: syscalls[0]: an error number, but the action returns none");
}

Test(seccomp_profile, what_cannot_be_done_is_refused_with_the_reason)
{
	refused(TOP "\"listenerPath\":\"/run/x\"}",
		"p.json: listenerPath: a listener would decide "
		"over every container, and ctr passes no descriptor to one");
	refused("{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}",
		"p.json: defaultAction: SCMP_ACT_NOTIFY needs a listener, and ctr runs none");
	refused(TOP "\"architectures\":[\"SCMP_ARCH_Z80\"]}",
		"p.json: architectures[0]: \"SCMP_ARCH_Z80\" must be an architecture such as SCMP_ARCH_X86");
	refused(TOP "\"flags\":[\"SECCOMP_FILTER_FLAG_FAST\"]}",
		"p.json: flags[0]: \"SECCOMP_FILTER_FLAG_FAST\" must be a flag such as SECCOMP_FILTER_FLAG_LOG");
	refused("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,"
		"\"defaultErrno\":\"ENOSYS\"}",
		"p.json: defaultErrnoRet: 1 is not ENOSYS");
}

Test(seccomp_profile, size_is_bounded)
{
	static char big[SECCOMP_PROFILE_MAX_BYTES + 1];
	struct seccomp_profile p;
	struct err err = {0};

	memset(big, ' ', sizeof(big));
	cr_assert(seccomp_profile_parse("p", big, sizeof(big), &target, &p, &err) < 0);
	cr_assert(!strcmp(err.text, "p: larger than 1048576 bytes"), "%s", err.text);
}

Test(seccomp_profile, includes_and_excludes)
{
	target.caps = CAP(21);
	cr_assert(rules_of("") == 1);
	cr_assert(rules_of(",\"includes\":null,\"excludes\":{},\"args\":null") == 1);
	cr_assert(rules_of(",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}") == 1);
	cr_assert(rules_of(",\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\",\"CAP_CHOWN\"]}") == 0);
	cr_assert(rules_of(",\"excludes\":{\"caps\":[\"CAP_SYS_ADMIN\",\"CAP_CHOWN\"]}") == 0);
	cr_assert(rules_of(",\"excludes\":{\"caps\":[\"CAP_CHOWN\"]}") == 1);
	cr_assert(rules_of(",\"includes\":{\"minKernel\":\"6.1\"}") == 1);
	cr_assert(rules_of(",\"includes\":{\"minKernel\":\"6.2\"}") == 0);
	cr_assert(rules_of(",\"excludes\":{\"minKernel\":\"5.19\"}") == 0);
	cr_assert(rules_of(",\"includes\":{\"arches\":[\"amd64\",\"arm64\",\"riscv64\",\"ppc64le\","
			   "\"s390x\",\"loong64\",\"x86\",\"arm\"]}") == 1);
	cr_assert(rules_of(",\"includes\":{\"arches\":[\"parisc\"]}") == 0);
	cr_assert(rules_of(",\"excludes\":{\"arches\":[\"parisc\"]}") == 1);
}

/* Go writes what it does not have as null. */
Test(seccomp_profile, null_is_absent_and_a_comment_may_be_anywhere)
{
	cr_assert(rules_of(",\"name\":null,\"errno\":null,\"errnoRet\":null,"
			   "\"includes\":{\"caps\":null,\"minKernel\":null,\"comment\":[]}") == 1);
	cr_assert(
		rules_of(",\"comment\":\"x\",\"args\":[{\"index\":0,\"value\":1,\"valueTwo\":null,"
			 "\"op\":\"SCMP_CMP_EQ\",\"comment\":{}}]") == 1);
	refused(CALL "\"args\":[{\"index\":0,\"value\":null,\"op\":\"SCMP_CMP_EQ\"}]}]}",
		"p.json: syscalls[0].args[0].value: is missing");
	refused(CALL "\"args\":[null]}]}",
		"p.json: syscalls[0].args[0]: must be an object, not null");
	refused(CALL "\"includes\":{\"caps\":[null]}}]}",
		"p.json: syscalls[0].includes.caps[0]: must be a string, not null");
	refused("{\"defaultAction\":null}", "p.json: defaultAction: is missing");
	refused(TOP "\"syscalls\":[{\"names\":null,\"action\":\"SCMP_ACT_LOG\"}]}",
		"p.json: syscalls[0]: names no system call");
}

Test(seccomp_profile, two_conditions_on_one_argument_are_alternatives)
{
	cr_assert(rules_of(",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
			   "{\"index\":1,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]") == 1);
	cr_assert(rules_of(",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
			   "{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]") == 2);
}

#ifdef __x86_64__
Test(seccomp_profile, other_abis_only_when_asked)
{
	static const char map[] =
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"archMap\":[{"
		"\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":"
		"[\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"]},{\"architecture\":\"SCMP_ARCH_AARCH64\","
		"\"subArchitectures\":[\"SCMP_ARCH_ARM\"]}]}";
	static const char list[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":"
				   "[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X86\"]}";
	struct seccomp_profile p;
	struct err err;

	cr_assert(parse(map, &p, &err) == 0 && p.arch_count == 0);
	cr_assert(parse(list, &p, &err) == 0 && p.arch_count == 1);
	target.all_arches = true;
	cr_assert(parse(map, &p, &err) == 0 && p.arch_count == 2);
}
#endif

Test(seccomp_profile, errors_and_flags)
{
	struct seccomp_profile p;
	struct err err;

	cr_assert(parse("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"comment\":\"x\","
			"\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\",\"SECCOMP_FILTER_FLAG_TSYNC\"]}",
			  &p, &err) == 0);
	cr_assert(p.default_action == (SECCOMP_RET_ERRNO | EPERM));
	cr_assert(p.flags == SECCOMP_FILTER_FLAG_LOG);
	cr_assert(parse("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"ENOSYS\"}", &p,
			  &err) == 0);
	cr_assert(p.default_action == (SECCOMP_RET_ERRNO | ENOSYS));
}

Test(seccomp_profile, every_word_that_a_document_may_have_is_known)
{
	struct seccomp_target heard = {.kernel_major = 6, .kernel_minor = 1, .listener = true};
	enum scmp_compare op;
	uint32_t value;

	for (const char *const *s = document_seccomp_actions; *s; s++)
		cr_expect_eq(action_parse(*s, &value), 0, "%s", *s);
	for (const char *const *s = document_seccomp_operators; *s; s++)
		cr_expect_eq(operator_parse(*s, &op), 0, "%s", *s);
	for (const char *const *s = document_seccomp_arches; *s; s++)
		cr_expect_eq(arch_parse(*s, &value), 0, "%s", *s);
	for (const char *const *s = document_seccomp_flags; *s; s++) {
		struct seccomp_profile p;
		struct err err = {0};
		char json[160];

		snprintf(json, sizeof(json), TOP "\"flags\":[\"%s\"]}", *s);
		cr_expect_eq(seccomp_profile_parse("p", json, strlen(json), &heard, &p, &err), 0,
			"%s", err.text);
		seccomp_profile_free(&p);
	}
}
