/* For a record that cannot be read: finds what exists of the container by its marks. */
#pragma once

#include "state/container.h"

/* Notes in the state directory what nothing else would tell of an engine's container. */
int salvage_prepare(struct container *c, struct err *err);

/* Fills c->record as well as can be, after record_read() failed with err. Without a record at all the
 * directory is the lock of somebody in namelock_hold(), or, if the caller has its lock, of who died there; that is
 * removed. */
int salvage(struct container *c, const char *name, bool locked, struct err *err);
