#include "process/terminal.h"

#include "base/fd.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

int terminal_become(int ptmx, uint16_t rows, uint16_t columns, struct err *err)
{
	int unlock = 0;
	autofd int slave = -1;
	struct winsize size = {.ws_row = rows, .ws_col = columns};

	/* Before there is a payload that could see one without a size. */
	if ((rows && columns) || ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(ptmx, TIOCSWINSZ, &size);
	if (ioctl(ptmx, TIOCSPTLCK, &unlock) < 0)
		return err_sys(err, "cannot unlock the container's terminal");
	/* By descriptor, not by name: the container's /dev/pts is not ours to trust (4.13). */
	slave = ioctl(ptmx, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return err_sys(err, "cannot open the container's terminal");
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return err_sys(err, "cannot take the container's terminal");
	return streams_apply((int[3]){slave, slave, slave}, err);
}

int streams_apply(const int fds[3], struct err *err)
{
	int up[3];

	/* First out of the way of 0 to 2, so that none overwrites another. */
	for (int i = 0; i < 3; i++) {
		up[i] = fds[i] < 0 ? -1 : fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
		if (fds[i] >= 0 && up[i] < 0)
			return err_sys(err, "cannot set up standard streams");
	}
	for (int i = 0; i < 3; i++) {
		if (up[i] >= 0 && dup2(up[i], i) < 0)
			return err_sys(err, "cannot set up standard streams");
		if (up[i] >= 0)
			close(up[i]);
	}
	return 0;
}
