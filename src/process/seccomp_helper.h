/* ctr-seccomp, run once for a profile that is neither built in nor cached. */
#pragma once

#include "base/err.h"
#include "process/seccomp_cache.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct seccomp_helper {
	char path[4096 + 16];
	int64_t size, changed_ns; /* tells one build of it from another */
};

/* Where to look first, NULL for the folder of the running program; then the libexec folder. */
extern const char *seccomp_helper_dir;

/* What a compiled program depends on beside its profile. */
struct seccomp_terms {
	uint64_t caps;    /* the bounding set, as far as it matters */
	uint32_t options; /* enum seccomp_option */
	bool listener;
};

int seccomp_helper_find(struct seccomp_helper *ret, struct err *err);
/* Everything but the profile that a compiled program depends on, zero-padded. */
void seccomp_helper_describe(const struct seccomp_helper *helper, const struct seccomp_terms *terms,
	char params[256]);
/* Runs the helper. What it says of a failure becomes the error. */
int seccomp_helper_run(const struct seccomp_helper *helper, const char *what, const char *profile,
	size_t len, const struct seccomp_terms *terms, struct seccomp_program_bytes *ret,
	struct err *err);
