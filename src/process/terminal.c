#include "process/terminal.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

int terminal_become(int ptmx, struct err *err)
{
	int unlock = 0;
	autofd int slave = -1;

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

int fd_send(int sock, int fd, struct err *err)
{
	char byte = 0;
	struct iovec iov = {&byte, 1};
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	if (sendmsg(sock, &msg, MSG_NOSIGNAL) != 1)
		return err_sys(err, "cannot hand over the terminal");
	return 0;
}

int fd_receive(int sock, struct err *err)
{
	char byte;
	struct iovec iov = {&byte, 1};
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *c;
	ssize_t n;
	int fd;

	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(err, "cannot take over the terminal");
	c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
		c->cmsg_len != CMSG_LEN(sizeof(int)))
		return err_set(err, "the container ended before it had a terminal");
	memcpy(&fd, CMSG_DATA(c), sizeof(int));
	return fd;
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
