/* What whoever supervised a container does at its end. */
#pragma once

#include "state/store.h"

#include <stddef.h>

/* One whose lock is ours, by descriptor lock_fd: releases it, or, by its restart policy, waits and becomes its
 * supervisor again, with name and lock held all the time. argv: of the whole command. */
int container_after(const struct store *store, const char *name, int lock_fd, char *const *argv,
	struct err *err);

/* One that waits to be started again is started at once, by its holder: 1. 0: it did not wait, or that start failed. */
int container_hurry(const struct store *store, const char *name, struct err *err);

/* Starts what is to start with the machine. tell_failed() is called with each that does not, and why. */
int container_autostart(const struct store *store, void (*tell_failed)(const char *, struct err *),
	size_t *ret_started, size_t *ret_failed, struct err *err);
