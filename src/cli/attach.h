/* Standing at the console of a supervised container, from run -t and from attach. */
#pragma once

#include "state/store.h"

#include <stdbool.h>
#include <stdint.h>

struct console_options {
	bool tty, with_stdin;
	bool ours;           /* we have started it: signals that would end us are passed on to it */
	bool proxy;          /* signals are passed on also if it is not ours */
	const char *keys;    /* --detach-keys, NULL for the usual ones */
	uint64_t timeout_ns; /* its --timeout, from now on, or 0 */
};

/* At one that somebody else has started; what has a terminal, and the keys if there are none, is known by it. */
int attach_running(const struct store *store, const char *name, struct console_options options,
	struct err *err);
/* Returns the status of the payload when it ends (and everything of it is released), 0 when the
 * person detaches, which is said, 128 + n when signal n ends us or, in its place, the payload. */
int attach_container(const struct store *store, const char *name, int sock,
	const struct console_options *options, struct err *err);
