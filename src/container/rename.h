/* Another name for a container. */
#pragma once

#include "base/err.h"
#include "state/store.h"

/* Running or not; its data, log, console and volumes go with it, what it is called inside stays. One that is
 * killed at this leaves one name or the other, as soon as anybody looks. */
int container_rename(const struct store *store, const char *old, const char *new, struct err *err);
