#include "process/terminal.h"

#include "base/fd.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* Before the payload can write anything. */
static void leave_lines_plain(int terminal)
{
	struct termios t;

	if (tcgetattr(terminal, &t) < 0)
		return;
	t.c_oflag &= ~(tcflag_t)ONLCR;
	tcsetattr(terminal, TCSANOW, &t);
}

int terminal_become(int ptmx, uint16_t rows, uint16_t columns, bool plain_lines, struct err *err)
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
	if (plain_lines)
		leave_lines_plain(slave);
	return streams_apply((int[3]){slave, slave, slave}, err);
}

static void give(int fd, const struct stat *st, uint32_t uid, uint32_t gid)
{
	if (st->st_uid != uid && fchown(fd, uid, gid) < 0)
		return;
}

void streams_give(const int fds[3], uint32_t uid, bool own_terminal)
{
	struct stat st;

	/* The group of a terminal is what lets others write to it. */
	for (int i = 0; i < 3; i++)
		if (fstat(fds[i], &st) == 0 && !S_ISBLK(st.st_mode) &&
			(!S_ISCHR(st.st_mode) || own_terminal))
			give(fds[i], &st, uid, (gid_t)-1);
}

void pipe_give(int fd, uint32_t uid, uint32_t gid)
{
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		give(fd, &st, uid, gid);
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
