/* Standing at the console of a supervised container, from run -t and from attach. */
#pragma once

#include "container/store.h"

#include <stdbool.h>

/* Returns the status of the payload when it ends (and everything of it is released), 0 when the
 * person detaches, 128 + n when signal n ends us. keys: --detach-keys, NULL for the usual ones. */
int attach_container(const struct store *store, const char *name, int sock, bool tty,
	bool with_stdin, const char *keys, struct err *err);
