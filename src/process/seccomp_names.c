#include "process/seccomp_names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))
#define ERRNO_MAX 134

struct word {
	const char *text;
	uint32_t value;
};

/* Since Linux 5.1 a new call has the same number on every machine that has a table of its own,
 * but for mips, whose tables start elsewhere. */
static const struct word recent_calls[] = {
	{"process_mrelease", 448},
	{"futex_waitv", 449},
	{"set_mempolicy_home_node", 450},
	{"cachestat", 451},
	{"fchmodat2", 452},
	{"map_shadow_stack", 453},
	{"futex_wake", 454},
	{"futex_wait", 455},
	{"futex_requeue", 456},
	{"statmount", 457},
	{"listmount", 458},
	{"lsm_get_self_attr", 459},
	{"lsm_set_self_attr", 460},
	{"lsm_list_modules", 461},
	{"mseal", 462},
	{"setxattrat", 463},
	{"getxattrat", 464},
	{"listxattrat", 465},
	{"removexattrat", 466},
	{"open_tree_attr", 467},
	{"file_getattr", 468},
	{"file_setattr", 469},
	{"listns", 470},
#ifdef __x86_64__
	{"uretprobe", 335},
	{"uprobe", 336},
#endif
#ifdef __riscv
	{"riscv_hwprobe", 258},
#endif
};

static const struct word actions[] = {
	{"SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD},
	{"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
	{"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
	{"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
	{"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0)},
	{"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0)},
	{"SCMP_ACT_LOG", SCMP_ACT_LOG},
	{"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
	{"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY},
};

static const struct word operators[] = {
	{"SCMP_CMP_NE", SCMP_CMP_NE},
	{"SCMP_CMP_LT", SCMP_CMP_LT},
	{"SCMP_CMP_LE", SCMP_CMP_LE},
	{"SCMP_CMP_EQ", SCMP_CMP_EQ},
	{"SCMP_CMP_GE", SCMP_CMP_GE},
	{"SCMP_CMP_GT", SCMP_CMP_GT},
	{"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
};

/* LoongArch and m68k, sh are younger than the libseccomp we build with; their tokens are those of
 * <linux/audit.h>. */
static const struct word archs[] = {
	{"SCMP_ARCH_NATIVE", SCMP_ARCH_NATIVE},
	{"SCMP_ARCH_X86", SCMP_ARCH_X86},
	{"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
	{"SCMP_ARCH_X32", SCMP_ARCH_X32},
	{"SCMP_ARCH_ARM", SCMP_ARCH_ARM},
	{"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
	{"SCMP_ARCH_LOONGARCH64", 0xc0000102},
	{"SCMP_ARCH_M68K", 0x4},
	{"SCMP_ARCH_MIPS", SCMP_ARCH_MIPS},
	{"SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64},
	{"SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32},
	{"SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL},
	{"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64},
	{"SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32},
	{"SCMP_ARCH_PARISC", SCMP_ARCH_PARISC},
	{"SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64},
	{"SCMP_ARCH_PPC", SCMP_ARCH_PPC},
	{"SCMP_ARCH_PPC64", SCMP_ARCH_PPC64},
	{"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE},
	{"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64},
	{"SCMP_ARCH_S390", SCMP_ARCH_S390},
	{"SCMP_ARCH_S390X", SCMP_ARCH_S390X},
	{"SCMP_ARCH_SH", 0x4000002a},
	{"SCMP_ARCH_SHEB", 0x2a},
};

static const struct word arch_names[] = {
	{"386", SCMP_ARCH_X86},
	{"x86", SCMP_ARCH_X86},
	{"amd64", SCMP_ARCH_X86_64},
	{"x32", SCMP_ARCH_X32},
	{"arm", SCMP_ARCH_ARM},
	{"arm64", SCMP_ARCH_AARCH64},
	{"loong64", 0xc0000102},
	{"loongarch64", 0xc0000102},
	{"mips", SCMP_ARCH_MIPS},
	{"mips64", SCMP_ARCH_MIPS64},
	{"mips64n32", SCMP_ARCH_MIPS64N32},
	{"mipsel", SCMP_ARCH_MIPSEL},
	{"mipsle", SCMP_ARCH_MIPSEL},
	{"mips64le", SCMP_ARCH_MIPSEL64},
	{"mipsel64", SCMP_ARCH_MIPSEL64},
	{"mipsel64n32", SCMP_ARCH_MIPSEL64N32},
	{"parisc", SCMP_ARCH_PARISC},
	{"parisc64", SCMP_ARCH_PARISC64},
	{"ppc", SCMP_ARCH_PPC},
	{"ppc64", SCMP_ARCH_PPC64},
	{"ppc64le", SCMP_ARCH_PPC64LE},
	{"riscv64", SCMP_ARCH_RISCV64},
	{"s390", SCMP_ARCH_S390},
	{"s390x", SCMP_ARCH_S390X},
};

static int word_find(const struct word *words, size_t count, const char *text, uint32_t *ret)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(words[i].text, text)) {
			*ret = words[i].value;
			return 0;
		}
	}
	return -1;
}

static int recent_number(const char *name)
{
	uint32_t nr;

	return word_find(recent_calls, LENGTH(recent_calls), name, &nr) < 0 ? __NR_SCMP_ERROR
									    : (int)nr;
}

/* On i386, PowerPC and s390 libseccomp answers with a placeholder for what once went through
 * socketcall and ipc. The numbers of their own are all between these. */
static int direct_number(uint32_t token, const char *name, int placeholder)
{
	for (int nr = 300; nr < 450; nr++) {
		char *found = seccomp_syscall_resolve_num_arch(token, nr);
		bool same = found && !strcmp(found, name);

		free(found);
		if (same)
			return nr;
	}
	return placeholder;
}

int syscall_number(const char *name)
{
	return syscall_number_on(seccomp_arch_native(), name);
}

/* libseccomp cannot translate a number that it does not know, so on an ABI beside the native one
 * the youngest calls stay unknown. */
int syscall_number_on(uint32_t token, const char *name)
{
	int nr = seccomp_syscall_resolve_name_arch(token, name);

#ifndef __mips__
	if (nr == __NR_SCMP_ERROR && token == seccomp_arch_native())
		nr = recent_number(name);
#endif
	return nr <= -100 && nr > -300 ? direct_number(token, name, nr) : nr;
}

int action_parse(const char *word, uint32_t *ret)
{
	return word_find(actions, LENGTH(actions), word, ret);
}

int operator_parse(const char *word, enum scmp_compare *ret)
{
	uint32_t v;

	if (word_find(operators, LENGTH(operators), word, &v) < 0)
		return -1;
	*ret = (enum scmp_compare)v;
	return 0;
}

int arch_parse(const char *word, uint32_t *ret)
{
	return word_find(archs, LENGTH(archs), word, ret);
}

int arch_name_parse(const char *word, uint32_t *ret)
{
	return word_find(arch_names, LENGTH(arch_names), word, ret);
}

int errno_parse(const char *word, uint32_t *ret)
{
	for (int i = 1; i < ERRNO_MAX; i++) {
		const char *name = strerrorname_np(i);

		if (name && !strcmp(name, word)) {
			*ret = (uint32_t)i;
			return 0;
		}
	}
	return -1;
}
