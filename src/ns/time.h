/* Time namespaces, time_namespaces(7): kernel 5.6. */
#pragma once

#include "base/err.h"
#include "spec/spec.h"

/*
 * Child: enters a fresh time namespace with the offsets of ns. CLONE_NEWTIME is for later children
 * only, and an exec enters it since 6.2 only; but joining it by descriptor takes effect at once, on
 * every kernel, which saves a fork. Before the root changes: goes through the host's procfs.
 */
int time_enter(const struct namespaces *ns, struct err *err);
