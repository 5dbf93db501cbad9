/* The master side of a container's terminal, held open on the other side too: a getty that hangs up its line does
 * not end it. */
#pragma once

#include <stdbool.h>

struct terminal {
	int fd;   /* -1: the container has pipes */
	int peer; /* its other side, or -1 */
};

/* Opens the other side, anew after a hang-up. */
void terminal_hold(struct terminal *t);
/* Something was typed that nobody has read yet. */
bool terminal_unread(const struct terminal *t);
/* The kernel signals a change only; with redraw a size that was the same already is changed twice. */
void terminal_resize(const struct terminal *t, unsigned rows, unsigned columns, bool redraw);
