/*
 * The lock of a container's config.json: who starts the container again shares it from before the file is read until
 * the start is done, who changes the file has it alone. So no start is of a file that has just been changed. It is a
 * lock of the file itself; who waited for that of one that has been replaced takes that of its successor.
 */
#pragma once

#include "base/fd.h"
#include "state/store.h"

#include <stdbool.h>

struct config_lock {
	int data_fd; /* where config.json is: of the container, or of its state */
	int fd;      /* config.json, locked */
	bool kept; /* it outlasts the machine: it is not in the state directory, as that of a --rm is */
};
#define CONFIG_LOCK_NONE ((struct config_lock){-1, -1, false})

enum config_lock_how {
	CONFIG_SHARED,
	CONFIG_ALONE,
	CONFIG_IDLE, /* alone, now: -1 with EWOULDBLOCK */
};

/* Waits for others. err->sys is ENOENT if there is no such file. */
int config_lock(const struct store *store, const char *name, enum config_lock_how how,
	struct config_lock *ret, struct err *err);
/* Closing its descriptors, as exec does, is the same. */
void config_unlock(struct config_lock *lock);
#define autoconfiglock __attribute__((cleanup(config_unlock)))
