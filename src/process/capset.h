/* Capabilities of the payload, capabilities(7). Child side: allocates nothing. */
#pragma once

#include "base/err.h"

#include <stdint.h>

/* While still root of the user namespace: what no later exec may regain. */
int capset_bound(uint64_t bounding, struct err *err);

/* Across the change of the user: keeps the permitted set when uid leaves 0. */
int capset_keep(struct err *err);

/* Last: the sets the payload starts with, indexed by enum cap_set of spec.h. */
int capset_apply(const uint64_t sets[], struct err *err);
