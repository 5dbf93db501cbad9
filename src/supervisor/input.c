#include "supervisor/input.h"

#include "base/fd.h"

#include <errno.h>
#include <termios.h>
#include <unistd.h>

void input_push(struct input *in)
{
	while (in->pos < in->len) {
		ssize_t n = in->fd < 0 ? -1
				       : write(in->fd, in->message + in->pos, in->len - in->pos);
		if (n == 0 || (n < 0 && in->fd >= 0 && errno == EAGAIN))
			return;
		if (n < 0 && in->terminal->fd < 0)
			fd_forget(&in->fd);
		if (n < 0)
			break;
		in->pos += (unsigned)n;
	}
	in->pos = in->len = 0;
}

bool input_pending(const struct input *in)
{
	return in->len > 0;
}

/* A terminal has no end; its reader sees one when the end-of-file character is typed at the beginning of a line,
 * or twice. A program that reads lines by itself, as shells do, takes the character for the same. In what was typed
 * before and is not read yet it would be lost, or end something else. */
void input_end(struct input *in)
{
	struct termios t;

	if (in->terminal->fd < 0) {
		fd_forget(&in->fd);
	} else if (!terminal_unread(in->terminal) && tcgetattr(in->fd, &t) == 0) {
		in->message[1] = in->message[2] = (char)t.c_cc[VEOF];
		in->pos = 1;
		in->len = in->in_line && (t.c_lflag & ICANON) ? 3 : 2;
		in->in_line = false;
		input_push(in);
	}
}

void input_data(struct input *in, unsigned len)
{
	char last = in->message[len - 1];

	in->in_line = last != '\n' && last != '\r';
	in->pos = 1;
	in->len = len;
	input_push(in);
}
