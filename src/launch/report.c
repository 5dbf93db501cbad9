#include "launch/report.h"

#include "base/fd.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Waits for the report to have something, or to end; false for a signal that we hold back. A process
 * inside can stop ours on its way in, for ever, so a person must be able to give up. */
static bool may_read(int report_fd)
{
	struct pollfd p[2] = {{report_fd, POLLIN, 0}, {-1, POLLIN, 0}};
	autofd int signals = -1;
	sigset_t held, fatal;

	sigprocmask(SIG_BLOCK, NULL, &held);
	sigemptyset(&fatal);
	for (int sig = 1; sig < SIGRTMIN; sig++)
		if (sigismember(&held, sig) > 0 && sig != SIGWINCH && sig != SIGCHLD)
			sigaddset(&fatal, sig);
	signals = signalfd(-1, &fatal, SFD_CLOEXEC);
	p[1].fd = signals;
	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	return p[0].revents != 0;
}

/* Ends a child that has nothing more to report, or whose report nobody wants. */
static void end_child(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int report_await(int report_fd, pid_t pid, struct err *err)
{
	char buf[1 + sizeof(struct err)];
	size_t got = 0;
	ssize_t n;

	do {
		if (!may_read(report_fd)) {
			end_child(pid);
			return err_set(err,
				"interrupted while the container's process was starting");
		}
		n = read(report_fd, buf + got, sizeof(buf) - got);
		got += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0) {
		err_sys(err, "cannot hear from the container's process");
		end_child(pid);
		return -1;
	}
	if (got == 1)
		return 0;
	end_child(pid);
	if (got < sizeof(*err))
		return err_set(err, "the container's process was killed before it could start");
	memcpy(err, buf + got - sizeof(*err), sizeof(*err));
	err->text[sizeof(err->text) - 1] = '\0';
	err->hint[sizeof(err->hint) - 1] = '\0';
	return -1;
}
