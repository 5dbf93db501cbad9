#include "process/terminal.h"

#include "base/fd.h"
#include "base/streams.h"

#include <errno.h>
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

struct winsize terminal_size(uint16_t rows, uint16_t columns)
{
	struct winsize size = {.ws_row = rows, .ws_col = columns};

	if (!rows || !columns)
		ioctl(STDIN_FILENO, TIOCGWINSZ, &size);
	return size;
}

int terminal_become(int ptmx, const struct winsize *size, bool plain_lines, struct err *err)
{
	int unlock = 0;
	autofd int slave = -1;

	/* Before there is a payload that could see one without a size. */
	if (size->ws_row && size->ws_col)
		ioctl(ptmx, TIOCSWINSZ, size);
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

/* Not ours to give: somebody else's, one whose owner has no id here, or on what is read-only. */
static bool stays(int error)
{
	return error == EPERM || error == EINVAL || error == EROFS;
}

static int give(int fd, const struct stat *st, uint32_t uid, uint32_t gid, struct err *err)
{
	if (st->st_uid == uid || fchown(fd, uid, gid) == 0 || stays(errno))
		return 0;
	return err_sys(err, "cannot give a standard stream to user %u", uid);
}

static int look(int fd, struct stat *ret, struct err *err)
{
	return fstat(fd, ret) == 0 ? 0 : err_sys(err, "cannot see what a standard stream is");
}

int streams_give(const int fds[3], uint32_t uid, bool own_terminal, struct err *err)
{
	struct stat st;

	/* The group of a terminal is what lets others write to it. */
	for (int i = 0; i < 3; i++)
		if (look(fds[i], &st, err) < 0 ||
			(!S_ISBLK(st.st_mode) && (!S_ISCHR(st.st_mode) || own_terminal) &&
				give(fds[i], &st, uid, (gid_t)-1, err) < 0))
			return -1;
	return 0;
}

int pipe_give(int fd, uint32_t uid, uint32_t gid, struct err *err)
{
	struct stat st;

	if (fd < 0)
		return 0;
	if (look(fd, &st, err) < 0)
		return -1;
	return S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode) ? give(fd, &st, uid, gid, err) : 0;
}
