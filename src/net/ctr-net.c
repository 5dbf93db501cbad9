/*
 * Makes the network of one container and takes it away again: all that is done over netlink. Run by ctr, beside the making of
 * the container's process, which hands over its network namespace and goes on with its mounts meanwhile. service.h says what is
 * spoken.
 *
 * A program of its own, as libmnl is a shared library and ctr is static.
 */
#include "base/err.h"
#include "base/fd.h"
#include "net/attach.h"
#include "net/service.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* What the container's process hears, if it is there yet; it reads that when it has nothing else to do. If it cannot be told,
 * our end says enough. */
static int tell_child(const struct err *err)
{
	return send(NETWORK_CHILD_FD, err ? (const void *)err : "", err ? sizeof(*err) : 1,
		       MSG_NOSIGNAL) < 0
		       ? -1
		       : 0;
}

static int answer(const struct network_answer *a, const int *fds, size_t n)
{
	union {
		char buf[CMSG_SPACE(2 * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {(void *)(uintptr_t)a, sizeof(*a)};
	struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

	if (n) {
		m.msg_control = control.buf;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		*CMSG_FIRSTHDR(&m) = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(n * sizeof(int))};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), fds, n * sizeof(int));
	}
	return sendmsg(STDIN_FILENO, &m, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static int refuse(struct network_answer *a, const struct err *err)
{
	a->failed = 1;
	a->err = *err;
	return answer(a, NULL, 0);
}

static int set_up(void)
{
	struct network_answer a = {0};
	int resolver[2] = {-1, -1}, r;
	struct err err = {0};

	if (attach_up(NETWORK_STATE_FD, NETWORK_CHILD_FD, resolver, &a, &err) < 0) {
		r = refuse(&a, &err);
		return tell_child(&err) < 0 ? -1 : r;
	}
	r = answer(&a, resolver, 2);
	close(resolver[0]);
	close(resolver[1]);
	return r < 0 || tell_child(NULL) < 0 ? -1 : 0;
}

static int up(void)
{
	int r = set_up();

	attach_leave();
	return r;
}

static int down(void)
{
	struct network_answer a = {0};
	struct err err = {0};

	return attach_down(NETWORK_STATE_FD, &a.counts, &err) < 0 ? refuse(&a, &err)
								  : answer(&a, NULL, 0);
}

static int evict(const char *owner)
{
	struct network_answer a = {0};
	struct err err = {0};

	return attach_evict(NETWORK_STATE_FD, owner, &err) < 0 ? refuse(&a, &err)
							       : answer(&a, NULL, 0);
}

static int restore(void)
{
	struct network_answer a = {0};
	struct err err = {0};

	return attach_restore(NETWORK_STATE_FD, &err) < 0 ? refuse(&a, &err) : answer(&a, NULL, 0);
}

/* Until ctr has no more to say, or is gone. */
static int serve(void)
{
	char request[1 + OWNER_SIZE];
	ssize_t n;

	while ((n = recv(STDIN_FILENO, request, sizeof(request) - 1, 0)) > 0) {
		int r = -1;

		request[n] = '\0';
		if (request[0] == NETWORK_UP)
			r = up();
		else if (request[0] == NETWORK_DOWN)
			r = down();
		else if (request[0] == NETWORK_EVICT)
			r = evict(request + 1);
		else if (request[0] == NETWORK_RESTORE)
			r = restore();
		if (r < 0)
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc != 1) {
		fprintf(stderr, "usage: ctr-net, which ctr runs\n");
		return 2;
	}
	/* Nobody undoes what we make while we hold the lock of the container. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return 1;
	return serve();
}
