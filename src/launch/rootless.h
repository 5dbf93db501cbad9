/* What of a bundle only root of the host can have, and what takes its place for other callers. Pure. */
#pragma once

#include "base/err.h"
#include "ns/rights.h"
#include "spec/spec.h"

/*
 * Removes from the spec what is not missed: device rules, as the container has only devices that are bound in,
 * and a group of terminals that the container does not have. Refuses what would be missed: mounts with id maps of
 * their own, groups that cannot be set, and, if the caller is a user, a container without a user namespace.
 */
int rootless_adapt(struct spec *spec, enum rights rights, struct err *err);
