/* A seccomp profile as docker, podman and the OCI runtime specification write it: JSON bytes in,
 * the rules that hold for one container out. Pure. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SECCOMP_PROFILE_MAX_BYTES = 1 << 20,
	SECCOMP_PROFILE_MAX_NAMES = 8192,   /* over all rules */
	SECCOMP_PROFILE_MAX_CONDITIONS = 6, /* a system call has six arguments */
	SECCOMP_PROFILE_MAX_ARCHES = 24,
};

/* What "includes" and "excludes" are decided by. */
struct seccomp_target {
	uint64_t caps;    /* bounding set: bit n is capability n */
	uint32_t options; /* enum seccomp_option */
	unsigned kernel_major, kernel_minor;
	bool all_arches; /* take the subArchitectures of an archMap */
	bool listener;   /* somebody answers what is notified */
};

struct seccomp_condition {
	unsigned index;
	uint64_t value, value_two; /* SCMP_CMP_MASKED_EQ: mask, datum */
	enum scmp_compare op;
};

struct seccomp_rule {
	const char *name;
	uint32_t action; /* SCMP_ACT_* with its data */
	const struct seccomp_condition *conditions;
	size_t condition_count; /* all must hold; 0: always */
};

struct seccomp_profile {
	struct arena arena; /* owns everything below */
	uint32_t default_action;
	uint32_t arches[SECCOMP_PROFILE_MAX_ARCHES]; /* beside the native one */
	size_t arch_count;
	unsigned flags;             /* SECCOMP_FILTER_FLAG_* */
	uint64_t caps_asked;        /* every capability that an includes or excludes names */
	struct seccomp_rule *rules; /* of one system call each, in the order of the profile */
	size_t rule_count;
};

/* Strict: an unknown key, word or type is refused with "WHAT: place: reason". "comment" is allowed
 * anywhere. SCMP_ACT_NOTIFY and listenerPath are refused without a listener: nobody would answer. */
int seccomp_profile_parse(const char *what, const char *data, size_t len,
	const struct seccomp_target *target, struct seccomp_profile *ret, struct err *err);
void seccomp_profile_free(struct seccomp_profile *profile);
