/* record.json in the state directory of a container: what undoes it is written before it is made. */
#pragma once

#include "state/container.h"

/* Writes c->record anew, whole. */
int record_write(struct container *c, struct err *err);

/* The same in two steps: the second takes no space, so that it works on a disk that the container has
 * filled up meanwhile. */
int record_write_ahead(struct container *c, const struct record *next, struct err *err);
int record_write_next(struct container *c, const struct record *next, struct err *err);

/* In a directory that has no name yet that others look for. */
int record_write_first(struct container *c, struct err *err);

/* Reads it to c->record. err->sys is 0 if what is there is no record of that name. */
int record_read(struct container *c, const char *name, struct err *err);
