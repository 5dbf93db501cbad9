/* What clients type, on its way to the container: one message of one of them, until all of it is written. */
#pragma once

#include "console/attach.h"
#include "supervisor/terminal.h"

struct input {
	int fd; /* non-blocking; -1: nobody reads it */
	const struct terminal *terminal;
	bool in_line; /* the last of it did not end a line */
	unsigned pos, len;
	char message[ATTACH_MESSAGE_MAX]; /* its kind, which is not written, and data */
};

/* Writes the first len bytes of message but its kind, now or by input_push(). */
void input_data(struct input *in, unsigned len);
/* Ends it: closes a pipe, types the end-of-file character into a terminal. */
void input_end(struct input *in);
void input_push(struct input *in);
bool input_pending(const struct input *in);
