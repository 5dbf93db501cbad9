/*
 * Undoing a container, in reverse order of its making. Every step finds its work done already if it
 * was; so anyone may do it again, at any time, after any interruption. The caller holds the lock.
 */
#pragma once

#include "state/container.h"

/* The first half of it: the end is told, and nothing of the start is left but the lock. */
int container_end(struct container *c, int status, struct err *err);

/* Kills what is left, removes the cgroup, and the files if it was --rm or never ran; what it ended
 * with (status, or -1 for what the exit file in its state directory says) goes into container.json.
 * Its name is free, or free to be removed, afterwards. */
int container_release(struct container *c, int status, struct err *err);

/* The same of a start that has failed: as if it had never been. What cannot be undone is said in a warning, and left to
 * gc. */
void container_undo(struct container *c);

/* Drops the data directory if it bears the mark of this very container, or has no more than an
 * empty upper and work in it without one. */
int container_remove_own_data(struct container *c, struct err *err);

/* Drops the data directory of a container whose name is held. First it gets a name that no container has: who is killed
 * here leaves nothing that could be started, and gc removes it. */
int container_remove_data(const struct store *store, const char *name, struct err *err);
/* The same, and tells it. */
int container_remove_told(const struct store *store, const char *name, struct err *err);
/* The same if the data are nobody's (container_is_orphan): 1, 0 if they are somebody's, or -1. */
int container_remove_orphan(const struct store *store, const char *name, struct err *err);

/* Renames state/NAME away, so that the name is free at once, then removes it. */
int container_remove_state(const struct store *store, const char *name, const char *id,
	struct err *err);
