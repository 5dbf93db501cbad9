/* Namespaces that a container makes of its own. */
#pragma once

#include "base/err.h"

/* How many of each kind all ids of the container may have together. A machine has some 100,000 for each user. */
#define NS_NESTED_MAX "4096"

/* Child, in a fresh user namespace and with the host's procfs: user.max_*_namespaces, as
 * namespaces(7) has them. What this kernel does not have, or shows for reading only, is left. */
int ns_nested_limit(struct err *err);
