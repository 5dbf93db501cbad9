/*
 * Another name for a container that runs is two renames: of its data, which decides, and of its state. Who does that says so
 * first, in a file of CTR_STATE that is locked as long as he lives. Whoever looks for names waits for him, or, if
 * he died halfway, does the rest.
 */
#pragma once

#include "state/container.h"

/* No name of a container begins with a dot. */
#define RENAMING_FILE ".renaming"

/* Alone with all names: waits for others, and finishes what one of them has left. A descriptor, or -1. */
int renaming_begin(const struct store *store, struct err *err);
/* Says what will be done, before anything is. */
int renaming_say(int fd, const char *old, const char *new, const char *id, struct err *err);
void renaming_end(const struct store *store, int *fd);

/* The state follows the data: state/NEW is an empty directory that the caller holds, and becomes state/OLD. */
int renaming_follow(const struct store *store, const char *old, const char *new, struct err *err);

/* Waits for who renames, or finishes what he left. Costs one call if nobody does. */
int renaming_settle(const struct store *store, struct err *err);

/* Whether somebody renames now. */
bool renaming_goes_on(const struct store *store);

/* The name by now of one that the caller holds and that has no process any more: nobody renames it from here on. */
int renaming_refresh(struct container *c, struct err *err);
/* The name of a state directory that is open; -1 if it has none. */
int renaming_name_of(int state_fd, char ret[RECORD_NAME_MAX + 1]);
