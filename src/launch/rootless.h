/* What of a bundle cannot be had by who is not root of the host, and what takes its place. Pure. */
#pragma once

#include "base/err.h"
#include "ns/rights.h"
#include "spec/spec.h"

/*
 * Takes out what nothing is lost without: rules for devices, of which only those that are bound in can be
 * there, and a group of the terminals that the container does not have. Refuses what would be missed:
 * mounts with id maps of their own, groups that cannot be set, and, of a user, a container
 * without a user namespace.
 */
int rootless_adapt(struct spec *spec, enum rights rights, struct err *err);
