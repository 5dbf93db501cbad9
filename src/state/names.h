/*
 * Names of hosts in networks: CTR_STATE/.networks/NETWORK, a directory of links as base/namelink.h has them, which the
 * resolvers of all containers in it read. They know which start they belong to. Whoever finds one whose container is
 * gone removes it.
 */
#pragma once

#include "net/plan.h"
#include "state/store.h"

#define NAMES_DIR ".networks"

/* All that the plan says, or, on failure, what names_remove() is for. */
int names_add(const struct store *store, const struct network_plan *plan, struct err *err);
/* What is of that start, and what is gone already is success. */
int names_remove(const struct store *store, const struct network_plan *plan, struct err *err);

/* Of a container that runs and has another name now: that is its name for others, too, and the old one is not. */
int names_rename(const struct store *store, const char *old, const char *new, struct err *err);

/* Removes what dead containers have left behind, and networks that nobody is in. */
int names_sweep(const struct store *store, struct err *err);

/* Tells the container's resolver what to do: state/NAME/resolver, which resolver/config.h describes. One that runs ends,
 * so that the next one reads it. */
#define RESOLVER_CONFIG "resolver"
int names_configure(int state_fd, const struct network_plan *plan, struct err *err);
