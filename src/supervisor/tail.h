/* The last bytes of a stream that is being dropped, so that its end can be told after all. Constant memory. */
#pragma once

#include <stdbool.h>

enum { TAIL_BYTES = 8192, TAIL_ROOM = 2 * TAIL_BYTES };

struct tail {
	char *buf; /* TAIL_ROOM, elsewhere: as long as nothing is dropped it is not touched */
	unsigned len;
	bool cut; /* what comes next, here or behind it, begins inside a line whose beginning is lost */
};

/* Each returns how many bytes are lost by it. len: at most TAIL_BYTES. */
unsigned tail_keep(struct tail *t, const char *data, unsigned len);
unsigned tail_clear(struct tail *t);
/* Leaves whole lines, and the beginning of one that is still to end: the last of them, so many that they are
 * at most max bytes where each has so many in front of it. */
unsigned tail_trim(struct tail *t, unsigned max, unsigned each);
