/* The words of a seccomp profile and what they stand for. Pure. */
#pragma once

#include <seccomp.h>
#include <stdint.h>

/* Number of a system call on this machine's own ABI, also of one that libseccomp is too old to
 * know. Negative numbers of libseccomp stand for calls that other machines have;
 * __NR_SCMP_ERROR if nobody knows the name. */
int syscall_number(const char *name);
/* The same on the ABI `token` (SCMP_ARCH_*). */
int syscall_number_on(uint32_t token, const char *name);

/* "SCMP_ACT_…" without data, "SCMP_CMP_…", "SCMP_ARCH_…", "ENOSYS". 0 or -1. */
int action_parse(const char *word, uint32_t *ret);
int operator_parse(const char *word, enum scmp_compare *ret);
int arch_parse(const char *word, uint32_t *ret);
int errno_parse(const char *word, uint32_t *ret);

/* "amd64", "x86", "arm64" …, as includes and excludes name machines. */
int arch_name_parse(const char *word, uint32_t *ret);
