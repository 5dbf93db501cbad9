#include "base/fdpass.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PER_MESSAGE = 250 }; /* the kernel takes 253 */

union control {
	char buf[CMSG_SPACE(PER_MESSAGE * sizeof(int))];
	struct cmsghdr align;
};

static int send_some(int sock, const int *fds, size_t n)
{
	char byte = 0;
	struct iovec iov = {&byte, 1};
	union control control = {0};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	struct cmsghdr *c;
	ssize_t sent;

	if (n) {
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	do
		sent = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == 1 ? 0 : -1;
}

int fds_send(int sock, const int *fds, size_t n, struct err *err)
{
	size_t at = 0;

	do {
		size_t some = n - at < PER_MESSAGE ? n - at : PER_MESSAGE;

		if (send_some(sock, fds + at, some) < 0)
			return err_sys(err, "cannot hand over descriptors");
		at += some;
	} while (at < n);
	return 0;
}

/* The number of descriptors in one message, -1 with errno. */
static ssize_t receive_some(int sock, int *fds, size_t max)
{
	char byte;
	struct iovec iov = {&byte, 1};
	union control control = {0};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = CMSG_SPACE((max < PER_MESSAGE ? max : PER_MESSAGE) * sizeof(int)),
	};
	struct cmsghdr *c;
	ssize_t n;

	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		errno = n == 0 ? EPIPE : errno;
		return -1;
	}
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return 0;
	n = (ssize_t)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
	memcpy(fds, CMSG_DATA(c), (size_t)n * sizeof(int));
	return n;
}

int fds_receive(int sock, int *ret_fds, size_t n, struct err *err)
{
	size_t at = 0;

	do {
		ssize_t some = receive_some(sock, ret_fds + at, n - at);

		if (some < 0 || (some == 0 && at < n)) {
			errno = some < 0 ? errno : EPROTO;
			err_sys(err, "cannot take over descriptors");
			while (at)
				close(ret_fds[--at]);
			return -1;
		}
		at += (size_t)some;
	} while (at < n);
	return 0;
}
