/* Limits of a container that exists, changed by options as `ctr run` takes them. Pure. */
#pragma once

#include "spec/limitflag.h"
#include "spec/spec.h"

/* name is without "--". */
bool limit_option_exists(const char *name);
/* Whether there is such an option, and whether its value makes sense by itself. resolve: as for limit_io_max(). */
int limit_option_check(const char *name, const char *value, device_resolve_fn *resolve,
	struct err *err);

/* What follows from options for a container that runs. Memory is the spec's arena. */
struct limit_change {
	struct limits
		limits; /* that the group is to be given; what is not asked for is not in it */
	struct rlimit_spec *rlimits;
	size_t rlimit_count;
	bool restart; /* the policy is another one */
};

/* Changes spec, as it was created, by the options in this order: key is the name, value as given; "max" and "-1" take a
 * limit off. What is not asked for stays, but for what follows: without --memory-swap, swap follows memory as
 * limits_check() has it. On failure the spec is good for nothing. */
int limit_options_apply(struct spec *spec, const struct key_value *options, size_t count,
	device_resolve_fn *resolve, struct limit_change *ret, struct err *err);
