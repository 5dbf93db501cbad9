/* Whether the process that a record names still exists. The pid alone may be another process's by now. */
#pragma once

#include "state/container.h"

/* Whether the payload runs: the same boot, and the process that the record means. Opens c->pidfd if so. 1, 0, or
 * -1 if that is not known: what may be alive must not be released. */
int container_is_alive(struct container *c, struct err *err);

/* The same for the first process of the container, at any stage of the record. */
int container_first_process_lives(struct container *c, struct err *err);

/* The same by the record alone and one file of /proc: opens nothing by which the process could be signalled. false
 * also if it is not known. */
bool container_seems_alive(const struct record *r);

/* Whether a container had supervisors and all of them are gone: as long as one of them lives it holds the lock of the
 * state directory. Not to be asked by a process that holds that lock itself. */
bool container_is_forsaken(const struct record *r, int state_fd);
