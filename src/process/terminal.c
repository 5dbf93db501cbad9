#include "process/terminal.h"

#include "base/fd.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

int terminal_become(int ptmx, struct err *err)
{
	int unlock = 0;
	autofd int slave = -1;
	struct winsize size;

	/* Of the terminal we were started from, so that the payload never sees one without a size. */
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
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
