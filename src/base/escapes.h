/* Escape sequences in text that is shown on somebody's terminal: only those that change the picture are kept. A
 * terminal answers some of the others as if the answer had been typed; more of them rename windows, fill
 * clipboards, or stay in force. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum escapes_level {
	ESCAPES_STYLE,  /* colours and the like; lines */
	ESCAPES_SCREEN, /* and what moves the cursor and erases */
	ESCAPES_MODES,  /* and modes, such as the keys of an editor */
};

enum { ESCAPES_HELD_MAX = 64 };

struct escapes {
	enum escapes_level level;
	int state;
	size_t held;
	bool styled; /* colours may be on */
	char text[ESCAPES_HELD_MAX];
};

/* Takes a piece; out has room for len + ESCAPES_HELD_MAX bytes. What may go on in the next piece is kept.
 * Bytes that are no UTF-8 become '?'. Returns the length. Pure. */
size_t escapes_clean(struct escapes *e, const void *data, size_t len, char *out);

/* Writes the text cleaned, all of it. 0 or -1 with errno. */
int escapes_write(struct escapes *e, int fd, const void *data, size_t len);
/* Ends what colours are on. */
int escapes_end(struct escapes *e, int fd);
