/* Ids by a pattern: --regex of kill and delete. */
#pragma once

#include "oci/command.h"

/* Calls f for each container whose id the extended regular expression fits. A failure of one is a warning, and
 * the others are gone on with; then it is one in the end. */
int each_match(struct oci *oci, const char *pattern,
	int (*f)(struct oci *oci, const char *id, void *arg, struct err *err), void *arg,
	struct err *err);
