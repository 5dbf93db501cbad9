#include "supervisor/terminal.h"

#include "base/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

void terminal_hold(struct terminal *t)
{
	fd_forget(&t->peer);
	t->peer = ioctl(t->fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

bool terminal_unread(const struct terminal *t)
{
	struct pollfd p = {t->peer, POLLIN, 0};

	return t->peer >= 0 && poll(&p, 1, 0) > 0 && (p.revents & POLLIN);
}

void terminal_resize(const struct terminal *t, unsigned rows, unsigned columns, bool redraw)
{
	struct winsize old,
		new = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};

	if (t->fd < 0)
		return;
	if (redraw && ioctl(t->fd, TIOCGWINSZ, &old) == 0 && old.ws_row == rows &&
		old.ws_col == columns) {
		old.ws_row++;
		ioctl(t->fd, TIOCSWINSZ, &old);
	}
	ioctl(t->fd, TIOCSWINSZ, &new);
}
