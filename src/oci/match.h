/* Ids by a pattern: --regex of kill and delete. */
#pragma once

#include "oci/command.h"

/* Calls f for each container whose id matches the extended regular expression. If f fails for one, that is a warning
 * and the others are still done; -1 in the end. */
int each_match(struct oci *oci, const char *pattern,
	int (*f)(struct oci *oci, const char *id, void *arg, struct err *err), void *arg,
	struct err *err);
