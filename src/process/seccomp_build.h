/*
 * From the rules of a profile to the classic BPF program that the kernel runs.
 *
 * Order within one system call: its rules with conditions, first match wins; then its first rule
 * without; then the default action. libseccomp leaves the order of overlapping rules open, drops a
 * conditional refusal beside an unconditional permission, and tests each number by itself; it only
 * knows the numbers here. Runs of numbers with one answer are one leaf of a binary tree: loading
 * costs the kernel 0.2 µs for each instruction, and this takes less than half of them.
 *
 * A call of another ABI kills the process: ENOSYS would let a program that cannot even exit spin
 * for ever, and an error here is never answered by a retry that could work.
 *
 * A number above the highest one that the profile names is answered ENOSYS where the default
 * action is an error: the call is younger than the profile, and every libc falls back on ENOSYS,
 * none on EPERM.
 */
#pragma once

#include "base/err.h"
#include "process/seccomp_profile.h"

#include <linux/filter.h>
#include <stddef.h>

struct seccomp_program {
	struct sock_filter *code; /* free it */
	size_t count;             /* of instructions, at most BPF_MAXINSNS */
	size_t unknown;           /* names that nobody here knows: skipped */
	char unknown_names[256];  /* the first of them, separated by blanks */
	char unruled_names[160];  /* of those, what the profile forbids and the default permits */
};

int seccomp_program_build(const char *what, const struct seccomp_profile *profile,
	struct seccomp_program *ret, struct err *err);
