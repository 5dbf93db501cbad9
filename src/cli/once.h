/* Containers that a command line names more than once. */
#pragma once

#include "state/store.h"

/* The words without those that mean a container which an earlier one means already, by its name or by the beginning of
 * its id; what means none stays, for its own message. Their number, in *ret (free it), or -1. */
int once_each(const struct store *store, int argc, char **argv, char ***ret, struct err *err);
