/* Whether what a record tells of is still there: a pid alone may be another process's by now. */
#pragma once

#include "state/container.h"

/* Whether the payload runs: same boot, and the very process of the record. Opens c->pidfd if so. 1, 0, or
 * -1 if that cannot be told: what may be alive must not be released. */
int container_is_alive(struct container *c, struct err *err);

/* The same of its first process, whatever stage the record is at. */
int container_first_process_lives(struct container *c, struct err *err);

/* The same of a record alone, by one file; so nothing can be done to it. false where that does not
 * tell for sure. */
bool container_seems_alive(const struct record *r);

/* Whether the supervisors of one that had some are gone: they hold the lock of its state directory as long as
 * one of them lives. Not for whoever holds it himself. */
bool container_is_forsaken(const struct record *r, int state_fd);
