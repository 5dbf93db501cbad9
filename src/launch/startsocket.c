#include "launch/startsocket.h"

#include "base/fd.h"
#include "console/attach.h"
#include "launch/report.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPTS_MAX = 100, ACCEPT_PAUSE_US = 10000 };

int start_socket_listen(int state_fd, struct err *err)
{
	autofd int fd = attach_listen(state_fd, START_SOCKET, err);

	/* The child has nothing else to do than to wait. */
	if (fd >= 0 && fcntl(fd, F_SETFL, 0) < 0)
		return err_sys(err, "cannot wait at the socket %s", START_SOCKET);
	return take_fd(&fd);
}

/* A `start` that died before its word came has not started us, although the socket's name may be gone. */
static int await_go(int conn, struct err *err)
{
	char go;
	ssize_t n;

	do
		n = read(conn, &go, 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? 0 : err_set(err, "the start was given up");
}

static void end_by(int sig)
{
	_exit(128 + sig);
}

/* As the first process of a pid namespace we would not even notice what asks us to end. */
static void end_when_asked(void)
{
	static const int asking[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};

	for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++)
		signal(asking[i], end_by);
}

int start_socket_wait(int *start_fd, int *report_fd, struct err *err)
{
	int conn;

	/* Others may be in our namespaces already; and whoever made us is about to leave. */
	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, 0) < 0)
		return err_sys(err, "cannot wait for the start");
	end_when_asked();
	/* If nobody hears it, nobody will start us. */
	if (write(*report_fd, "", 1) != 1)
		return err_sys(err, "cannot report that the container is created");
	close(*report_fd);
	/* `create` has been told that all is well and has ended: no error can be reported, so passing ones are
	 * waited out. */
	for (int i = 0; (conn = accept4(*start_fd, NULL, NULL, SOCK_CLOEXEC)) < 0; i++)
		if (i == ACCEPTS_MAX || (errno != EINTR && usleep(ACCEPT_PAUSE_US) < 0))
			return err_sys(err, "cannot wait for the start");
	close(*start_fd);
	*start_fd = -1;
	*report_fd = conn;
	return await_go(conn, err);
}

bool start_socket_is_there(int state_fd)
{
	return faccessat(state_fd, START_SOCKET, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int start_socket_connect(int state_fd, struct err *err)
{
	autofd int conn = attach_connect(state_fd, START_SOCKET, err);

	if (conn < 0)
		return err_wrap(err, "the container does not wait for its start");
	/* The name is removed before the word is given: what runs must not look as if it still waited. */
	if (unlinkat(state_fd, START_SOCKET, 0) < 0)
		return err_sys(err, "cannot take down the socket %s", START_SOCKET);
	if (write(conn, "", 1) != 1)
		return err_sys(err, "cannot start the container's process");
	return report_await(conn, -1, err);
}
